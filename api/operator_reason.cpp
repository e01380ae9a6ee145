#include "api/operator_reason.h"

namespace skald::api {

std::string read_reason(ObjectReader& reader, Presence presence) {
    const auto reason = reader.text("reason", presence);
    if (reason && reason->size() > kReasonBytesMax) {
        reader.note("too-long", "/reason",
                    "has " + std::to_string(reason->size()) + " bytes; at most " +
                        std::to_string(kReasonBytesMax),
                    "");
    }
    if (reason && reason->empty() && presence == Presence::Required) {
        reader.note("missing-field", "/reason", "is empty", "say why: it goes into the journal");
    }
    return reason.value_or("");
}

}  // namespace skald::api
