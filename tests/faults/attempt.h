#pragma once

#include <filesystem>
#include <string>

#include "tests/faults/kept_skald.h"

namespace skald::faults {

/// What came of a start of skald.
struct Attempt {
    bool is_ready = false;  ///< Then it was ended by SIGTERM.
    int exit_code = -1;     ///< -1: it was ended by a signal, or hung.
    std::string said;       ///< All that it wrote.
};
Attempt try_to_serve(const std::filesystem::path& database, const Prefix& prefix = {});

/// Fails the test unless it tells what to do with a damaged file: it refused in one line, or came
/// upon the damage while it served, and ended with 70. Then its threads may have said more.
void expect_told_of_damage(const Attempt& attempt);
/// Fails the test unless it refused with code 2 and one line that holds `reason`.
void expect_refused(const Attempt& attempt, const std::string& reason);

}  // namespace skald::faults
