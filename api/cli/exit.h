#pragma once

#include <cstdint>

namespace skald::cli {

/// What the commands exit with.
enum class Exit : std::uint8_t {
    Done = 0,
    Failed = 1,       ///< It failed, or the wait ran out.
    BadUsage = 2,     ///< Also: the port is in use, the database can't be opened.
    Compensated = 3,  ///< The saga was undone.
    Unfinished = 4,   ///< The saga is stuck, or was abandoned.
    Doubtful = 5,     ///< With --strict: it is valid, and there is something to be said against it.
    Unsound = 6,      ///< Of simulate: an effect can stand that the saga denies, or lack.
};

}  // namespace skald::cli
