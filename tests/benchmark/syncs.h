#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skald::benchmark {

/// A command that runs skald under strace, which with seccomp stops it at fsync and fdatasync only,
/// and counts them into `table`.
std::vector<std::string> counting_syncs(const std::filesystem::path& table);

/// What was counted; none when the table doesn't come. It comes a little after the end of what was
/// traced.
std::optional<double> read_syncs(const std::filesystem::path& table);

}  // namespace skald::benchmark
