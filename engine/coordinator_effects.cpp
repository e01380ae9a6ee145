#include <string>
#include <utility>

#include "engine/coordinator_impl.h"
#include "engine/parking.h"

/// What sagas owe, done once it is durable that they do.
namespace skald::engine {

void Coordinator::Impl::perform(store::SagaKey key, const sagas::Effect& effect) {
    LiveSaga* live = find(key);
    if (live == nullptr) return;
    // A call that is no longer owed is held back, which must be remembered.
    const bool is_due = std::holds_alternative<sagas::Call>(effect) ||
                        sagas::is_owed(live->definition(), live->saga, effect);
    if (is_due) std::visit([this, live](const auto& what) { perform(*live, what); }, effect);
}

// ---- Waits -------------------------------------------------------------------------------------

void Coordinator::Impl::perform(LiveSaga& live, const sagas::WakeStep& wake) {
    const bool is_new = timers_.arm(live.key, wake);
    if (!is_new || wake.at - parts_.clock.now() <= kParkBeyond) return;
    live.far.push_back(wake);
    may_wait(live);
}

void Coordinator::Impl::perform(LiveSaga& live, const sagas::WakeDeadline& wake) {
    timers_.arm(live.key, wake);
}

/// The store tells who holds it (Committed::lock_heads).
void Coordinator::Impl::perform(LiveSaga& live, const sagas::HoldLock&) { may_wait(live); }

// ---- Calls -------------------------------------------------------------------------------------

/// A try that no restart and no earlier try made doubtful: until it leaves, nothing was done.
bool Coordinator::Impl::is_not_out_yet(const LiveSaga& live, const sagas::Call& call) const {
    const auto* calling = std::get_if<sagas::Calling>(&live.saga.step(call.step).state);
    return call.phase == sagas::Phase::Action && calling != nullptr &&
           calling->attempt == call.attempt && !calling->is_doubtful;
}

void Coordinator::Impl::say_unsent(const LiveSaga& live, const sagas::Call& call) {
    say({live.key, sagas::Answered{call.step, call.phase, call.attempt,
                                   sagas::NotSent{"not sent: the saga turned first"}}});
}

/// A call that is no longer owed, before it left. If its try is settling, says so now: the `Settle`
/// of a later batch would have to take it as lost. If the saga is suspended, it is remembered for
/// that.
void Coordinator::Impl::hold_back(LiveSaga& live, const sagas::Call& call) {
    const sagas::StepState& state = live.saga.step(call.step).state;
    const auto* settling = std::get_if<sagas::Settling>(&state);
    const auto* calling = std::get_if<sagas::Calling>(&state);
    if (settling != nullptr && settling->attempt == call.attempt) {
        say_unsent(live, call);
    } else if (calling != nullptr && calling->attempt == call.attempt) {
        live.unsent.push_back(call);
    }
}

void Coordinator::Impl::recall(store::SagaKey key) {
    LiveSaga* live = find(key);
    if (live == nullptr) return;
    const sagas::Saga& saga = live->saga;
    const bool is_turning =
        saga.turn_wanted || saga.end || saga.direction == sagas::Direction::Backward;
    const bool is_suspended = saga.suspension == sagas::Suspension::Suspended;
    if (!is_turning && !is_suspended) return;  // Resumed, or past its pivot, meanwhile.
    for (OpenCall& call : live->calls) {
        // A compensation is owed again after the pause; an action that turns must be settled.
        const bool is_undo = call.phase == sagas::Phase::Compensation && !saga.end;
        call.is_held_back = is_suspended && (is_undo || !is_turning);
        parts_.caller.recall(call.id);
    }
}

void Coordinator::Impl::perform(LiveSaga& live, const sagas::Call& call) {
    OpenCall* out = live.find_call(call.step, call.phase, call.attempt);
    if (out != nullptr) out->is_held_back = false;  // Owed again, durably: it is out for good.
    if (is_draining_ || out != nullptr) return;
    if (live.saga.turn_wanted && is_not_out_yet(live, call)) {
        say_unsent(live, call);
        return;
    }
    if (!sagas::is_owed(live.definition(), live.saga, call)) {
        hold_back(live, call);
        return;
    }
    auto request = sagas::render(live.definition(), live.saga, call.step, call.phase,
                                 parts_.secrets, parts_.callbacks);
    if (!request) {
        say({live.key,
             sagas::Unsendable{call.step, call.phase, call.attempt, request.error().message}});
        return;
    }
    std::erase(live.unsent, call);
    const CallId id{++last_call_};
    live.calls.push_back({id, call.step, call.phase, call.attempt, parts_.clock.now()});
    open_calls_.emplace(id, live.key);
    parts_.caller.call(id, std::move(*request), call.attempt);
}

void Coordinator::Impl::perform(LiveSaga& live, const sagas::Settle& settle) {
    const OpenCall* open = live.find_call(settle.step, sagas::Phase::Action, settle.attempt);
    if (open != nullptr) {
        parts_.caller.recall(open->id);
        return;
    }
    const sagas::Call call{settle.step, sagas::Phase::Action, settle.attempt};
    if (std::erase(live.unsent, call) > 0) {
        say_unsent(live, call);
        return;
    }
    say({live.key,
         sagas::Answered{settle.step, sagas::Phase::Action, settle.attempt,
                         sagas::Lost{"not known what became of it: skald was restarted"}}});
}

}  // namespace skald::engine
