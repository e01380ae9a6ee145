#include "api/secrets_environment.h"

namespace skald::api {

EnvironmentSecrets::EnvironmentSecrets(const char* const* environment) {
    static constexpr std::string_view kPrefix = "SKALD_SECRET_";
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry(*environment);
        const auto equals = entry.find('=');
        if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
        values_.emplace(entry.substr(kPrefix.size(), equals - kPrefix.size()),
                        entry.substr(equals + 1));
    }
}

std::optional<std::string> EnvironmentSecrets::find(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
}

}  // namespace skald::api
