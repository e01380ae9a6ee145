#pragma once

#include <filesystem>
#include <string>

namespace skald::outside {

/// The first column of the first row of `sql`, or SQLite's error. `vfs`: a registered one; empty:
/// the system's, for reading only.
std::string ask(const std::filesystem::path& database, const std::string& sql,
                const std::string& vfs = {});

}  // namespace skald::outside
