#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/definition_check.h"
#include "api/uuid.h"
#include "engine/trigger_starts.h"

namespace skald::api {

/// Starts of sagas by events: as those by clients are, with the input that the trigger makes of the
/// event.
///
/// Threads: any. Ownership: borrows what it works with.
class StartsByEvents final : public engine::TriggerStarts {
 public:
    StartsByEvents(const StartGround& ground, UuidSource& uuids) : ground_(ground), uuids_(uuids) {}

    sagas::Result<engine::Start> make_start(const engine::TriggerOrder& order) const override;

 private:
    const StartGround ground_;
    UuidSource& uuids_;
};

/// The request key of the one saga of `definition` that an event starts. It goes with its saga,
/// which is kept for 24 h at least. No client can send it, for it has control characters, which
/// neither source nor id can have.
std::string trigger_key(std::string_view definition, std::string_view source, std::string_view id);

/// The event that such a key is made of; none: it is another key.
struct TriggeringEvent {
    std::string source, id;
};
std::optional<TriggeringEvent> read_trigger_key(std::string_view key);

}  // namespace skald::api
