#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>

#include "sagas/machine.h"
#include "store/store.h"

namespace skald::engine {

/// What sagas wait for, in order of time.
///
/// Threads: used by one.
class Timers {
 public:
    struct Timer {
        sagas::Timestamp at;
        store::SagaKey saga;
        enum class Kind : std::uint8_t { Deadline, Action, Compensation } kind;
        sagas::StepIndex step{};  ///< Not of a deadline.
        std::uint32_t attempt = 0;
        auto operator<=>(const Timer&) const = default;
    };

    /// False: it was armed already.
    bool arm(store::SagaKey saga, const sagas::WakeStep& wake) {
        return timers_.insert(step_timer(saga, wake)).second;
    }
    void arm(store::SagaKey saga, const sagas::WakeDeadline& wake) {
        timers_.insert(deadline(saga, wake.at));
    }
    void disarm(store::SagaKey saga, const sagas::WakeStep& wake) {
        timers_.erase(step_timer(saga, wake));
    }
    /// Most sagas end long before their deadline.
    void disarm_deadline(store::SagaKey saga, sagas::Timestamp at) {
        timers_.erase(deadline(saga, at));
    }

    std::optional<sagas::Timestamp> next() const {
        return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->at);
    }
    /// Takes the earliest timer, if it is due at `now`.
    std::optional<Timer> take_due(sagas::Timestamp now) {
        if (timers_.empty() || timers_.begin()->at > now) return std::nullopt;
        return timers_.extract(timers_.begin()).value();
    }
    std::size_t size() const { return timers_.size(); }

    static sagas::Event event(const Timer& timer) {
        if (timer.kind == Timer::Kind::Deadline) return sagas::DeadlinePassed{};
        const auto phase =
            timer.kind == Timer::Kind::Action ? sagas::Phase::Action : sagas::Phase::Compensation;
        return sagas::Due{timer.step, phase, timer.attempt};
    }

 private:
    static Timer step_timer(store::SagaKey saga, const sagas::WakeStep& wake) {
        const auto kind =
            wake.phase == sagas::Phase::Action ? Timer::Kind::Action : Timer::Kind::Compensation;
        return {wake.at, saga, kind, wake.step, wake.attempt};
    }
    static Timer deadline(store::SagaKey saga, sagas::Timestamp at) {
        return {at, saga, Timer::Kind::Deadline, {}, 0};
    }
    std::set<Timer> timers_;
};

}  // namespace skald::engine
