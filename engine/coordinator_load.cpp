#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "engine/coordinator_impl.h"
#include "sagas/machine.h"

/// Sagas come back to memory: because their time comes, or because something is to be done with
/// them.
namespace skald::engine {

namespace {

using Loaded = Loader::Loaded;

/// Parked sagas are looked for so long before the first one is due, and up to that much ahead: so
/// once a second at most.
constexpr sagas::Milliseconds kLookAhead{1'000};
constexpr sagas::Milliseconds kLookUpTo{2'000};
constexpr std::uint32_t kDueMax = 500;
constexpr sagas::Milliseconds kTryAgainAfter{200};

}  // namespace

// ---- Loads -------------------------------------------------------------------------------------

void Coordinator::Impl::await(const Loader::Name& name, Errand errand) {
    if (const auto ticket = loads_.add(name, std::move(errand))) load(*ticket);
}

void Coordinator::Impl::load(const Loads::Ticket& ticket) {
    parts_.loader.load(ticket.name, [this, ticket](sagas::Result<Loaded> result) {
        auto carried = std::make_shared<sagas::Result<Loaded>>(std::move(result));
        in_turn([this, ticket, carried] { arrive(ticket, std::move(*carried)); });
    });
}

void Coordinator::Impl::arrive(const Loads::Ticket& ticket, sagas::Result<Loaded> result) {
    if (!loads_.is_open(ticket)) return;  // It came to memory otherwise: this is old.
    if (result) {
        serve(std::move(*result));
        return;
    }
    switch (result.error().code) {
        case sagas::ErrorCode::NotFound:
            for (Errand& errand : loads_.take(ticket.name)) {
                std::visit([&](auto& what) { run(ticket.name, std::move(what)); }, errand);
            }
            break;
        case sagas::ErrorCode::Unavailable:
            try_later([this, ticket] { load(ticket); });
            break;
        default:
            parts_.fatal(result.error());
    }
}

void Coordinator::Impl::serve(Loaded loaded) {
    const store::SagaKey key = loaded.row.key;
    for (Errand& errand : loads_.take(key, loaded.saga.id)) {
        if (LiveSaga* live = find(key)) {  // An errand before this one took it up.
            serve(*live, std::move(errand));
        } else {
            std::visit([&](auto& what) { run(loaded, std::move(what)); }, errand);
        }
    }
    forget_if_over(key);
}

void Coordinator::Impl::serve(LiveSaga& live, Errand errand) {
    std::visit([&](auto& what) { run(live, std::move(what)); }, errand);
}

/// A saga was started while somebody looked for it.
void Coordinator::Impl::redirect(const LiveSaga& live) {
    auto errands = std::make_shared<std::vector<Errand>>(loads_.take(live.key, live.saga.id));
    if (errands->empty()) return;
    in_turn([this, key = live.key, errands] {
        for (Errand& errand : *errands) {
            if (LiveSaga* now = find(key)) {
                serve(*now, std::move(errand));
            } else {
                await(key, std::move(errand));
            }
        }
    });
}

void Coordinator::Impl::try_later(std::function<void()> work) {
    again_.push_back(std::move(work));
    if (!again_at_) again_at_ = parts_.clock.now() + kTryAgainAfter;
    wake_once();
}

void Coordinator::Impl::try_again_if_due() {
    if (!again_at_ || parts_.clock.now() < *again_at_) return;
    again_at_.reset();
    for (const auto& work : std::exchange(again_, {})) work();
}

// ---- Taking up ---------------------------------------------------------------------------------

/// Into memory; a saga that is not over goes on from here.
LiveSaga& Coordinator::Impl::take_up(Loaded loaded) {
    LiveSaga live;
    live.key = loaded.row.key;
    live.version = std::move(loaded.version);
    live.saga = sagas::recovered(live.definition(), std::move(loaded.saga));
    live.labels = std::move(loaded.row.labels);
    live.parent = loaded.row.parent;
    live.is_turned_by_parent = loaded.is_turned_by_parent;
    live.next_seq = loaded.rows + 1;
    live.summary = std::move(loaded.row.summary);
    live.is_end_told = live.saga.end.has_value();
    live.is_stuck_told = true;  // If it is: when it got stuck.
    failing_ += live.summary.failing_since.has_value();
    by_id_.emplace(live.saga.id, live.key);
    LiveSaga& kept = live_.emplace(live.key, std::move(live)).first->second;
    if (kept.saga.end) return kept;

    // A deadline that has passed turns the saga before any call of it goes out.
    const bool is_late = kept.saga.deadline_at && *kept.saga.deadline_at <= parts_.clock.now();
    if (is_late) apply(kept, {kept.key, sagas::DeadlinePassed{}});
    for (const sagas::Effect& effect : sagas::owed(kept.definition(), kept.saga)) {
        owe(kept, effect);
    }
    may_wait(kept);
    return kept;
}

LiveSaga& Coordinator::Impl::bring_back(Loaded loaded) {
    if (!loaded.saga.end) gathering_.batch->unparks.push_back(loaded.row.key);
    return take_up(std::move(loaded));
}

// ---- Errands -----------------------------------------------------------------------------------

void Coordinator::Impl::run(LiveSaga& live, Tell errand) {
    apply(live, {live.key, std::move(errand.event)});
}
void Coordinator::Impl::run(Loaded& loaded, Tell errand) {
    run(bring_back(std::move(loaded)), std::move(errand));
}
void Coordinator::Impl::run(const Loader::Name&, Tell) {}

void Coordinator::Impl::run(LiveSaga&, WakeUp) { wake_is_done(); }
void Coordinator::Impl::run(Loaded& loaded, WakeUp) {
    if (loaded.saga.end) {
        gathering_.batch->unparks.push_back(loaded.row.key);  // There should be no such row.
    } else {
        bring_back(std::move(loaded));
    }
    wake_is_done();
}
void Coordinator::Impl::run(const Loader::Name& missing, WakeUp) {
    gathering_.batch->unparks.push_back(std::get<store::SagaKey>(missing));
    wake_is_done();
}

void Coordinator::Impl::run(LiveSaga& live, Operate errand) { operate(live, std::move(errand)); }
void Coordinator::Impl::run(Loaded& loaded, Operate errand) {
    if (loaded.saga.end) {
        errand.done(Operate::NotLive{});
    } else {
        operate(bring_back(std::move(loaded)), std::move(errand));
    }
}
void Coordinator::Impl::run(const Loader::Name&, Operate errand) {
    errand.done(Operate::NotLive{});
}

void Coordinator::Impl::run(LiveSaga& live, CallBack errand) { call_back(live, std::move(errand)); }
void Coordinator::Impl::run(Loaded& loaded, CallBack errand) {
    call_back(bring_back(std::move(loaded)), std::move(errand));
}
void Coordinator::Impl::run(const Loader::Name&, CallBack errand) {
    errand.done(CallBack::NotFound{});
}

// ---- Due sagas ---------------------------------------------------------------------------------

void Coordinator::Impl::lower_wake(sagas::Timestamp at) {
    if (!next_wake_ || at < *next_wake_) next_wake_ = at;
}

/// When the first look should be; none: not now, for those that come back have their rows still.
std::optional<sagas::Timestamp> Coordinator::Impl::next_look() const {
    const bool are_all_back =
        due_loads_ == 0 &&
        (due_batch_ <= durable_batch_ || (due_batch_ == gathering_.number && gathering_.is_idle()));
    if (!next_wake_ || is_looking_ || is_draining_ || !are_all_back) return std::nullopt;
    return *next_wake_ - kLookAhead;
}

void Coordinator::Impl::look_for_due() {
    const auto at = next_look();
    if (!at || parts_.clock.now() < *at) return;
    is_looking_ = true;
    next_wake_.reset();  // Sagas that are parked from now on lower it again.
    parts_.loader.load_parked(
        sagas::Timestamp::max(), kDueMax, [this](sagas::Result<std::vector<store::Park>> parks) {
            in_turn([this, parks = std::move(parks)] {
                is_looking_ = false;
                if (parks) {
                    take_due(*parks);
                } else if (parks.error().code == sagas::ErrorCode::Unavailable) {
                    lower_wake(parts_.clock.now() + kLookAhead + kTryAgainAfter);
                } else {
                    parts_.fatal(parks.error());
                }
            });
        });
}

/// The earliest ones come first: some hundreds at a time, until none is left that is due soon.
void Coordinator::Impl::take_due(const std::vector<store::Park>& parks) {
    const sagas::Timestamp until = parts_.clock.now() + kLookUpTo;
    for (const store::Park& park : parks) {
        if (!park.wake_at) continue;
        if (*park.wake_at > until) {
            lower_wake(*park.wake_at);
            return;
        }
        due_batch_ = gathering_.number;
        if (find(park.saga) != nullptr) continue;  // Back already, only its row isn't gone yet.
        ++due_loads_;
        await(park.saga, WakeUp{});
    }
    if (parks.size() == kDueMax && parks.back().wake_at) lower_wake(*parks.back().wake_at);
}

void Coordinator::Impl::wake_is_done() {
    --due_loads_;
    due_batch_ = gathering_.number;
}

}  // namespace skald::engine
