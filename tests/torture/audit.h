#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/torture/books.h"
#include "tests/torture/client.h"
#include "tests/torture/findings.h"

namespace skald::torture {

/// How many sagas skald has.
struct Listed {
    std::uint64_t started = 0;                      ///< By clients.
    std::map<std::string, std::uint64_t> children;  ///< By status.
};

/// When all has come to rest: asks skald for every saga that it has, and holds the list against the
/// books: each settled saga is in it once, with the status that it had ended with, and nothing else
/// is but their children, which ended as they did.
///
/// With `retain`, skald deletes what ended so long ago; then only what ended in the last half of
/// that time must be listed.
Listed audit(Client& client, Books& books, Findings& findings,
             std::optional<std::chrono::seconds> retain);

}  // namespace skald::torture
