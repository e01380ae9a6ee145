#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace skald::simulation {

/// How often something was reached. Each name that `kSometimes` (simulation.h) lists must be, by
/// some seed: rare paths that no run takes prove nothing.
class Counters {
 public:
    void count(std::string_view name, std::uint64_t times = 1) {
        if (times > 0) counts_[std::string(name)] += times;
    }
    void add(const Counters& other) {
        for (const auto& [name, times] : other.counts_) counts_[name] += times;
    }
    std::uint64_t of(std::string_view name) const {
        const auto found = counts_.find(std::string(name));
        return found == counts_.end() ? 0 : found->second;
    }
    const std::map<std::string, std::uint64_t>& all() const { return counts_; }

 private:
    std::map<std::string, std::uint64_t> counts_;
};

}  // namespace skald::simulation
