#include "engine/parking.h"

#include <algorithm>
#include <variant>

#include "sagas/draft.h"

namespace skald::engine {

namespace {

using When = ParkPlan::When;

/// When a saga that owes one effect may leave; and the earliest time that was met.
class Waits {
 public:
    Waits(const LiveSaga& live, sagas::Timestamp now) : live_(live), now_(now) {}

    When operator()(const sagas::Call&) const { return When::Never; }
    When operator()(const sagas::Settle&) const { return When::Never; }
    When operator()(const sagas::HoldLock&) const { return When::WhenIdle; }
    When operator()(const sagas::WakeDeadline& wake) { return until(wake.at); }
    When operator()(const sagas::WakeStep& wake) {
        const sagas::Step& step = live_.definition().step(wake.step);
        // Its tries are not in the journal: after a load their number would stand still.
        if (sagas::is_quiet(step, wake.phase, wake.attempt)) return When::Never;
        const sagas::StepState& state = live_.saga.step(wake.step).state;
        const bool is_callback = std::holds_alternative<sagas::AwaitingCallback>(state) ||
                                 std::holds_alternative<sagas::CompensationAwaitingCallback>(state);
        return std::max(until(wake.at), is_callback ? When::WhenIdle : When::AtOnce);
    }
    When operator()(const sagas::Child& wish) const {
        const ChildLink* const link = live_.find_link(wish);
        return link != nullptr && link->wish == wish ? When::WhenIdle : When::Never;
    }

    std::optional<sagas::Timestamp> wake_at() const { return wake_at_; }

 private:
    When until(sagas::Timestamp at) {
        if (!wake_at_ || at < *wake_at_) wake_at_ = at;
        return at - now_ > kParkBeyond ? When::AtOnce : When::Never;
    }

    const LiveSaga& live_;
    const sagas::Timestamp now_;
    std::optional<sagas::Timestamp> wake_at_;
};

/// Whether nothing of it is known in memory only.
bool may_leave(const LiveSaga& live) {
    return !live.saga.end && live.calls.empty() && live.unsent.empty() &&
           std::all_of(live.links.begin(), live.links.end(), [](const ChildLink& link) {
               return link.state == ChildLink::State::Linked;
           });
}

}  // namespace

ParkPlan plan_parking(const LiveSaga& live, sagas::Timestamp now) {
    if (!may_leave(live)) return {When::Never, std::nullopt};
    Waits waits(live, now);
    When when = When::AtOnce;
    for (const sagas::Effect& effect : sagas::owed(live.definition(), live.saga)) {
        when = std::max(when, std::visit(waits, effect));
    }
    return {when, waits.wake_at()};
}

}  // namespace skald::engine
