#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace skald::events {

/// That one of the processes is killed with SIGKILL, so long after so many events were published.
struct Kill {
    std::size_t victim = 0;
    std::uint64_t at_event = 0;
    std::chrono::milliseconds delay{0};
};

/// So many kills of each victim at random moments of the publishing, a quarter of them soon after
/// the one before, so that what comes up again is struck too; in order.
std::vector<Kill> plan_kills(std::uint64_t seed, std::size_t victims, std::size_t kills_each,
                             std::uint64_t events);

}  // namespace skald::events
