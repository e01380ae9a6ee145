#pragma once

#include <cstdint>
#include <string_view>

#include "sagas/definition.h"
#include "sagas/time.h"

namespace skald::sagas {

/// How long to wait after the `tries`-th bad try (from 1) of a budget:
/// min(maximum, initial · coefficient^(tries−1)) · (1 ± jitter). `key` (the idempotency key) and
/// `attempt` choose the jitter, so that the same try of the same saga waits the same, in every run.
Milliseconds backoff(const RetryPolicy& policy, std::uint32_t tries, std::string_view key,
                     std::uint32_t attempt);

}  // namespace skald::sagas
