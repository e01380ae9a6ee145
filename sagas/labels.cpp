#include "sagas/labels.h"

#include <optional>
#include <utility>

#include "sagas/input_scope.h"

namespace skald::sagas {

Result<std::map<std::string, std::string>> render_labels(const Definition& definition,
                                                         const Json& input) {
    std::map<std::string, std::string> labels;
    const InputScope scope(input);
    for (const auto& [name, text] : definition.labels) {
        Result<std::optional<std::string>> value = text.render_optional_text(scope, nullptr);
        if (!value) return fail(value.error().code, "label " + name + ": " + value.error().message);
        if (!*value) continue;
        if ((*value)->size() > kLabelBytesMax) {
            return fail(ErrorCode::InvalidArgument, "label " + name + ": longer than " +
                                                        std::to_string(kLabelBytesMax) + " bytes");
        }
        labels.emplace(name, std::move(**value));
    }
    return labels;
}

}  // namespace skald::sagas
