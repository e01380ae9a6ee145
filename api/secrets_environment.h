#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/request.h"

namespace skald::api {

/// `$secrets.NAME` from the environment variable SKALD_SECRET_NAME, as it was when this was made.
///
/// Immutable. Threads: free.
class EnvironmentSecrets : public sagas::Secrets {
 public:
    /// `environment`: as environ(7): "NAME=value" texts, ended by a null pointer.
    explicit EnvironmentSecrets(const char* const* environment);

    std::optional<std::string> find(std::string_view name) const override;

 private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace skald::api
