#pragma once

#include <cstddef>
#include <cstdint>

namespace skald::simulation {

/// All that is left to chance in a simulated run: equal seeds give equal numbers, on every machine
/// and with every library (SplitMix64; Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
class Random {
 public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30u)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27u)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31u);
    }
    /// 0 to `bound` - 1. Precondition: bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least +
               static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    /// True in `percent` of 100 cases.
    bool chance(std::uint64_t percent) { return below(100) < percent; }
    /// A generator of its own, so that what one part draws does not shift what others get.
    Random fork() { return Random(next()); }

 private:
    std::uint64_t state_;
};

}  // namespace skald::simulation
