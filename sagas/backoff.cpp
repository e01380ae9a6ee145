#include "sagas/backoff.h"

#include <algorithm>
#include <cmath>

namespace skald::sagas {

namespace {

/// FNV-1a, then the finalizer of SplitMix64: keys differ in few characters, results must not.
std::uint64_t hash(std::string_view key, std::uint32_t attempt) {
    std::uint64_t h = 0xcbf29ce484222325u;
    for (const char c : key) {
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    }
    h += attempt * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30u)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27u)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31u);
}

/// -1 to 1.
double spread(std::string_view key, std::uint32_t attempt) {
    const double unit = static_cast<double>(hash(key, attempt) >> 11u) * 0x1.0p-53;
    return 2.0 * unit - 1.0;
}

}  // namespace

Milliseconds backoff(const RetryPolicy& policy, std::uint32_t tries, std::string_view key,
                     std::uint32_t attempt) {
    const double initial = static_cast<double>(policy.initial_interval.count());
    const double maximum = static_cast<double>(policy.maximum_interval.count());
    const double grown = initial * std::pow(policy.backoff_coefficient, tries - 1.0);
    const double wait = std::min(maximum, grown) * (1.0 + policy.jitter * spread(key, attempt));
    return Milliseconds(std::llround(std::max(wait, 1.0)));
}

}  // namespace skald::sagas
