#pragma once

#include <cstdint>

#include "sagas/definition.h"
#include "sagas/parsed_definition.h"

namespace skald::sagas {

/// Whose tries a policy is for; what was left out depends on it.
enum class RetryRole : std::uint8_t { UpToPivot, Optional, AfterPivot, Compensations };

/// Of an attempt, where neither the step nor `defaults` says.
inline constexpr Milliseconds kDefaultTimeout{10'000};

/// From the 202 on, where the step or compensation doesn't say.
inline constexpr Milliseconds kDefaultCallbackTimeout = std::chrono::hours{1};

/// From when an event was published, where its `reply` doesn't say.
inline constexpr Milliseconds kDefaultReplyTimeout = std::chrono::seconds{30};

/// The policy: field by field what the step says, else what `defaults.retry` says, else ours (see
/// definition.h). `defaults.retry.maximum_attempts` counts for actions up to the pivot and optional
/// ones only: a compensation, or a step past the point of no return, must never give up because of
/// a number that was meant for others.
RetryPolicy resolve_retry(const ParsedRetry& own, const ParsedRetry& defaults, RetryRole role);

RetryRole action_role(const ParsedStep& step, Position position);

/// How long all its tries take at least until the last one began to fail: the waits between them
/// (without jitter) and `timeout` for each. At most `limit`, at which it stops counting.
Milliseconds time_to_exhaust(const RetryPolicy& policy, Milliseconds timeout, Milliseconds limit);

}  // namespace skald::sagas
