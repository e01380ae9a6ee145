#include "sagas/retry_defaults.h"

#include <algorithm>

namespace skald::sagas {
namespace {

constexpr std::uint32_t kMaximumAttempts = 5;
constexpr Milliseconds kInitialInterval{200};
constexpr double kBackoffCoefficient = 2.0;
constexpr Milliseconds kMaximumInterval{30'000};
constexpr Milliseconds kCompensationMaximumInterval{300'000};
constexpr double kJitter = 0.2;

/// Waits are counted one by one up to here, then all as long as the last.
constexpr std::uint32_t kWaitsCounted = 1'000;

}  // namespace

RetryPolicy resolve_retry(const ParsedRetry& own, const ParsedRetry& defaults, RetryRole role) {
    RetryPolicy policy;
    policy.maximum_attempts = own.maximum_attempts;
    if (!policy.maximum_attempts && (role == RetryRole::UpToPivot || role == RetryRole::Optional)) {
        policy.maximum_attempts = defaults.maximum_attempts.value_or(kMaximumAttempts);
    }
    policy.initial_interval =
        own.initial_interval.value_or(defaults.initial_interval.value_or(kInitialInterval));
    policy.backoff_coefficient = own.backoff_coefficient.value_or(
        defaults.backoff_coefficient.value_or(kBackoffCoefficient));
    const Milliseconds longest =
        role == RetryRole::Compensations ? kCompensationMaximumInterval : kMaximumInterval;
    // A first wait that was made longer than what stands for the longest one carries it along.
    policy.maximum_interval =
        std::max(own.maximum_interval.value_or(defaults.maximum_interval.value_or(longest)),
                 policy.initial_interval);
    policy.jitter = own.jitter.value_or(defaults.jitter.value_or(kJitter));
    return policy;
}

RetryRole action_role(const ParsedStep& step, Position position) {
    if (step.is_optional) return RetryRole::Optional;
    return position == Position::After ? RetryRole::AfterPivot : RetryRole::UpToPivot;
}

Milliseconds time_to_exhaust(const RetryPolicy& policy, Milliseconds timeout, Milliseconds limit) {
    if (!policy.maximum_attempts) return limit;
    const std::uint32_t waits = *policy.maximum_attempts - 1;
    const auto maximum = static_cast<double>(policy.maximum_interval.count());
    auto wait = static_cast<double>(policy.initial_interval.count());
    double total = static_cast<double>(timeout.count()) * (static_cast<double>(waits) + 1.0);
    for (std::uint32_t i = 0; i < waits; ++i) {
        if (i == kWaitsCounted) {
            total += static_cast<double>(waits - i) * wait;
            break;
        }
        wait = std::min(wait, maximum);
        total += wait;
        wait *= policy.backoff_coefficient;
    }
    const auto most = static_cast<double>(limit.count());
    return total >= most ? limit : Milliseconds{static_cast<std::int64_t>(total)};
}

}  // namespace skald::sagas
