#include "sagas/lock.h"

#include "sagas/input_scope.h"

namespace skald::sagas {

Result<std::optional<std::string>> render_lock(const Definition& definition, const Json& input) {
    if (!definition.lock) return std::nullopt;
    Result<std::optional<std::string>> value =
        definition.lock->render_optional_text(InputScope(input), nullptr);
    if (!value) return fail(value.error().code, "lock: " + value.error().message);
    if (!*value || (*value)->empty()) {
        return fail(ErrorCode::InvalidArgument,
                    std::string("lock: the value is ") + (*value ? "empty" : "null"));
    }
    if ((*value)->size() > kLockBytesMax) {
        return fail(ErrorCode::InvalidArgument,
                    "lock: longer than " + std::to_string(kLockBytesMax) + " bytes");
    }
    return value;
}

}  // namespace skald::sagas
