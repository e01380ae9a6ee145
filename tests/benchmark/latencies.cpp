#include "tests/benchmark/latencies.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace skald::benchmark {

double percentile(const std::vector<std::uint32_t>& sorted_us, double share) {
    if (sorted_us.empty()) {
        return 0;
    }
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted_us.size()));
    return sorted_us[std::min(index, sorted_us.size() - 1)] / 1000.0;
}

void note_latencies(nlohmann::json& figures, std::vector<std::uint32_t> times_us,
                    const std::string& prefix) {
    std::sort(times_us.begin(), times_us.end());
    figures[prefix + "p50_ms"] = percentile(times_us, 0.5);
    figures[prefix + "p99_ms"] = percentile(times_us, 0.99);
    figures[prefix + "p999_ms"] = percentile(times_us, 0.999);
}

}  // namespace skald::benchmark
