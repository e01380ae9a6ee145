#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace skald::benchmark {

/// Milliseconds below which `share` of the (sorted) times are; 0 of none.
double percentile(const std::vector<std::uint32_t>& sorted_us, double share);

/// Sorts the times and adds p50_ms, p99_ms and p999_ms, with `prefix` before their names.
void note_latencies(nlohmann::json& figures, std::vector<std::uint32_t> times_us,
                    const std::string& prefix = {});

}  // namespace skald::benchmark
