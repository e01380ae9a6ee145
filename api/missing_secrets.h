#pragma once

#include <map>
#include <set>
#include <string>

#include "api/services.h"
#include "sagas/definition.h"

namespace skald::api {

/// The names of `$secrets` in the calls of `definition`.
std::set<std::string> secrets_of(const sagas::Definition& definition);
/// In one call of `step`.
std::set<std::string> secrets_of(const sagas::Step& step, sagas::Phase phase);

/// What the latest versions of all definitions, subscriptions that are pushed, and bridges need of
/// `$secrets`.
struct NeededSecrets {
    std::set<std::string> names;
    /// Names that there is no secret of, with the definitions ("order"), subscriptions
    /// ("subscription shop") and bridges ("bridge plant") that need them.
    std::map<std::string, std::set<std::string>> missing;
};
/// Errors: Unavailable, Corruption.
sagas::Result<NeededSecrets> find_needed_secrets(const Services& services);

}  // namespace skald::api
