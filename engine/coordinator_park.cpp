#include <utility>

#include "engine/coordinator_impl.h"
#include "engine/parking.h"
#include "sagas/check.h"

/// Sagas that wait for long leave memory: a row in the store brings them back. One goes when that
/// row is durable, unless something happened to it meanwhile.
namespace skald::engine {

/// It waits for something that may take long, or no longer knows of anything that is to be done.
void Coordinator::Impl::may_wait(LiveSaga& live) {
    live.waits_long = true;
    gathering_.waiting.push_back(live.key);
    wake_once();
}

/// Parks the saga if it can be; one that waits for somebody only when it `is_idle`, or room is
/// scarce.
void Coordinator::Impl::consider(store::SagaKey key, bool is_idle) {
    LiveSaga* live = find(key);
    const bool is_off = is_draining_ || options_.parking == CoordinatorOptions::Parking::Off;
    if (is_off || live == nullptr || live->park_batch != 0) return;
    const bool is_settled =
        live->last_batch <= durable_batch_ && live->last_effects <= durable_batch_;
    if (!is_settled) return;  // What comes then looks again.
    const sagas::Timestamp now = parts_.clock.now();
    const ParkPlan plan = plan_parking(*live, now);
    if (plan.when == ParkPlan::When::Never) return;
    if (plan.when == ParkPlan::When::AtOnce || is_idle || is_crowded()) {
        park(*live, plan.wake_at);
        return;
    }
    live->idle_until = now + kIdleFor;
    if (!std::exchange(live->is_in_idle_queue, true)) idle_.push(key, live->idle_until);
}

void Coordinator::Impl::park_the_idle() {
    if (idle_.empty()) return;
    const sagas::Timestamp now = parts_.clock.now();
    while (!idle_.empty() && !is_full() && (is_crowded() || *idle_.next() <= now)) {
        const store::SagaKey key = idle_.take();
        LiveSaga* live = find(key);
        if (live == nullptr || !std::exchange(live->is_in_idle_queue, false)) continue;
        if (is_crowded() || live->idle_until <= now) {
            consider(key, true);
        } else {
            live->is_in_idle_queue = true;  // It has gone on since, and waits again.
            idle_.push(key, live->idle_until);
        }
    }
}

void Coordinator::Impl::park(LiveSaga& live, std::optional<sagas::Timestamp> wake_at) {
    live.park_batch = gathering_.number;
    live.park_slot = gathering_.batch->parks.size();
    gathering_.batch->parks.push_back({live.key, wake_at});
    ++parking_;
    wake_once();
}

/// Something happens to a saga that is on its way out.
void Coordinator::Impl::stay(LiveSaga& live) {
    --parking_;
    if (std::exchange(live.park_batch, 0) == gathering_.number) {
        auto& parks = gathering_.batch->parks;
        const store::Park last = parks.back();
        parks.pop_back();
        if (last.saga != live.key) {
            parks[live.park_slot] = last;
            live_.at(last.saga).park_slot = live.park_slot;
        }
    } else {
        gathering_.batch->unparks.push_back(live.key);
    }
    may_wait(live);
}

/// The row that brings it back is durable.
void Coordinator::Impl::give_up(const store::Park& park, std::uint64_t batch) {
    LiveSaga* live = find(park.saga);
    if (live == nullptr || live->park_batch != batch) return;  // It stays.
    SKALD_CHECK(live->last_batch < batch && live->calls.empty());
    --parking_;
    if (park.wake_at) lower_wake(*park.wake_at);
    take_out(*live);
}

}  // namespace skald::engine
