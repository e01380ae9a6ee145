#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "tests/torture/books.h"
#include "tests/torture/client.h"
#include "tests/torture/findings.h"

namespace skald::torture {

/// When all has come to rest: asks skald for every saga that it has, and holds the list against the
/// books: each settled saga is in it once, with the status that it had ended with, and nothing else
/// is. Gives how many it listed.
///
/// With `retain`, skald deletes what ended so long ago; then only what ended in the last half of
/// that time must be listed.
std::uint64_t audit(Client& client, Books& books, Findings& findings,
                    std::optional<std::chrono::seconds> retain);

}  // namespace skald::torture
