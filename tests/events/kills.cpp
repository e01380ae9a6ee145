#include "tests/events/kills.h"

#include <algorithm>
#include <random>

namespace skald::events {
namespace {

constexpr std::size_t kChaseOf = 4;  ///< One kill of so many.
constexpr std::int64_t kChaseMsMax = 150;

}  // namespace

std::vector<Kill> plan_kills(std::uint64_t seed, std::size_t victims, std::size_t kills_each,
                             std::uint64_t events) {
    std::mt19937_64 random(seed);
    // Not so late that nothing comes after it.
    std::uniform_int_distribution<std::uint64_t> anywhere(events / 50, events - events / 10);
    std::uniform_int_distribution<std::int64_t> soon(0, kChaseMsMax);
    std::vector<Kill> kills;
    for (std::size_t victim = 0; victim < victims; ++victim) {
        std::vector<std::uint64_t> moments;
        for (std::size_t i = 0; i < kills_each; ++i) {
            const bool is_chase = i % kChaseOf == kChaseOf - 1;
            moments.push_back(is_chase ? moments.back() : anywhere(random));
        }
        for (const std::uint64_t moment : moments) {
            kills.push_back({victim, moment, std::chrono::milliseconds(soon(random))});
        }
    }
    std::stable_sort(kills.begin(), kills.end(), [](const Kill& left, const Kill& right) {
        return left.at_event < right.at_event;
    });
    return kills;
}

}  // namespace skald::events
