#include "store/lock_rules.h"

namespace skald::store {

const std::string* wanted_lock(const Record& begun) {
    const auto* begin = std::get_if<sagas::Begin>(&begun.cause);
    const bool wants = begin != nullptr && begin->lock && !begun.decision.end;
    return wants ? &*begin->lock : nullptr;
}

// No definition's name has a zero byte.
std::string lock_name(const std::string& definition, const std::string& value) {
    return definition + '\0' + value;
}

}  // namespace skald::store
