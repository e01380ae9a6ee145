#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"

/// What the coordinator does with a batch: hands it over, and once it is durable performs what it
/// holds.
namespace skald::engine {

namespace {

constexpr sagas::Milliseconds kWriteAgainAfter{200};
/// While the disk is nearly full no start makes a batch: an empty one asks whether there is space.
constexpr sagas::Milliseconds kLookAtSpaceEvery{1'000};

}  // namespace

// ---- Handing over ------------------------------------------------------------------------------

void Coordinator::Impl::hand_over() {
    if (syncing_ || (gathering_.is_idle() && !is_look_due())) return;
    if (!gathering_.batch->empty() || is_look_due()) {
        submit();
        return;
    }
    // Nothing to write: what it rests on is durable already.
    Gathering done = std::exchange(gathering_, Gathering{});
    gathering_.number = done.number + 1;
    release(std::move(done), {});
}

bool Coordinator::Impl::is_look_due() const {
    return look_at_space_at_ && parts_.clock.now() >= *look_at_space_at_;
}

void Coordinator::Impl::submit() {
    syncing_ = std::exchange(gathering_, Gathering{});
    gathering_.number = syncing_->number + 1;
    write();
}

void Coordinator::Impl::write() {
    parts_.committer.commit(
        std::move(syncing_->batch),
        [this](std::unique_ptr<store::Batch> batch, sagas::Result<store::Committed> result) {
            on_committed(std::move(batch), std::move(result));
        });
}

void Coordinator::Impl::write_again_if_due() {
    if (write_again_at_ && parts_.clock.now() >= *write_again_at_) {
        write_again_at_.reset();
        write();
    }
}

void Coordinator::Impl::on_committed(std::unique_ptr<store::Batch> batch,
                                     sagas::Result<store::Committed> result) {
    SKALD_CHECK(syncing_);
    if (result) {
        if (is_store_full_) spdlog::info("the store can be written again");
        is_store_full_ = false;
        space_ = result->space;
        look_at_space_at_.reset();
        if (space_ == store::Space::Low) {
            look_at_space_at_ = parts_.clock.now() + kLookAtSpaceEvery;
        }
        Gathering done = std::move(*syncing_);
        syncing_.reset();
        release(std::move(done), *result);
        turn();
        return;
    }
    if (result.error().code != sagas::ErrorCode::Unavailable) {
        parts_.fatal(result.error());
        return;
    }
    // Memory is ahead of the disk: the same batch, again and again, and no effect before.
    if (!is_store_full_) {
        spdlog::error("{}; trying again every {} ms", result.error().message,
                      kWriteAgainAfter.count());
    }
    is_store_full_ = true;
    syncing_->batch = std::move(batch);
    write_again_at_ = parts_.clock.now() + kWriteAgainAfter;
    wake_once();
}

// ---- What a durable batch releases -------------------------------------------------------------

void Coordinator::Impl::release(Gathering done, const store::Committed& committed) {
    durable_batch_ = done.number;
    answer_definitions(done, committed);
    answer_starts(done, committed);
    for (const auto& reply : done.replies) reply();
    for (const store::SagaKey key : done.recalls) recall(key);
    for (const auto& [key, effect] : done.effects) perform(key, effect);
    for (const store::SagaKey key : done.at_rest) come_to_rest(key, done.number);
    parts_.bell.ring(committed.last);
}

void Coordinator::Impl::answer_definitions(Gathering& done, const store::Committed& committed) {
    SKALD_CHECK(done.definitions.size() == committed.definitions.size());
    for (std::size_t i = 0; i < done.definitions.size(); ++i) {
        parts_.catalog.changed(done.definitions[i].name);
        done.definitions[i].done(committed.definitions[i]);
    }
}

void Coordinator::Impl::answer_starts(Gathering& done, const store::Committed& committed) {
    SKALD_CHECK(done.starts.size() == committed.starts.size());
    for (std::size_t i = 0; i < done.starts.size(); ++i) {
        const auto& [key, reply] = done.starts[i];
        const store::StartOutcome& outcome = committed.starts[i];
        if (std::holds_alternative<store::StartWritten>(outcome)) {
            const LiveSaga& live = live_.at(key);
            by_id_.emplace(live.saga.id, key);
            parts_.telemetry.saga_started(live.definition().name);
            reply(Start::Started{});
        } else if (const auto* repeats = std::get_if<store::StartRepeats>(&outcome)) {
            live_.erase(key);  // It was never run: nothing of it is durable.
            reply(*repeats);
        } else {
            live_.erase(key);
            reply(store::StartIdUsed{});
        }
    }
}

void Coordinator::Impl::come_to_rest(store::SagaKey key, std::uint64_t batch) {
    LiveSaga* live = find(key);
    if (live == nullptr) return;
    if (live->last_batch > batch) return;  // It has gone on: a later batch will tell.
    const bool is_over = live->saga.end.has_value();
    if (!is_over && sagas::status(live->saga) != sagas::Status::Stuck) return;
    const std::string& id = live->saga.id;
    if (is_over && !live->is_end_told) {
        live->is_end_told = true;
        parts_.telemetry.saga_ended(live->definition().name, live->saga.end->status);
    } else if (!is_over) {
        spdlog::warn("saga {} ({}) is stuck at step {}: {}", id, live->definition().name,
                     live->summary.last_step, live->summary.last_error);
    }
    if (parts_.watchers.is_watched(id)) {
        parts_.watchers.came_to_rest(
            std::make_shared<const Rest>(Rest{live->version, live->saga, live->labels}));
    }
    forget_if_over(key);
}

void Coordinator::Impl::forget_if_over(store::SagaKey key) {
    const LiveSaga* live = find(key);
    const bool is_over = live != nullptr && live->saga.end && live->calls.empty() &&
                         live->last_batch <= durable_batch_;
    if (!is_over) return;
    if (live->saga.deadline_at) timers_.disarm_deadline(key, *live->saga.deadline_at);
    by_id_.erase(live->saga.id);
    live_.erase(key);
}

// ---- Effects -----------------------------------------------------------------------------------

void Coordinator::Impl::perform(store::SagaKey key, const sagas::Effect& effect) {
    LiveSaga* live = find(key);
    if (live == nullptr) return;
    const bool is_owed = sagas::is_owed(live->definition(), live->saga, effect);
    if (const auto* call = std::get_if<sagas::Call>(&effect)) {
        perform(*live, *call);
    } else if (const auto* settle = std::get_if<sagas::Settle>(&effect); settle && is_owed) {
        perform(*live, *settle);
    } else if (const auto* wake = std::get_if<sagas::WakeStep>(&effect); wake && is_owed) {
        timers_.arm(key, *wake);
    } else if (const auto* deadline = std::get_if<sagas::WakeDeadline>(&effect);
               deadline && is_owed) {
        timers_.arm(key, *deadline);
    }
}

/// A try that no restart and no earlier try made doubtful: until it leaves, nothing was done.
bool Coordinator::Impl::is_not_out_yet(const LiveSaga& live, const sagas::Call& call) const {
    const auto* calling = std::get_if<sagas::Calling>(&live.saga.step(call.step).state);
    return call.phase == sagas::Phase::Action && calling != nullptr &&
           calling->attempt == call.attempt && !calling->is_doubtful;
}

void Coordinator::Impl::say_unsent(const LiveSaga& live, const sagas::Call& call) {
    say({live.key,
         sagas::Answered{call.step, call.phase, call.attempt,
                         sagas::NotSent{"not sent: the saga turned first"}},
         std::nullopt});
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
    auto request =
        sagas::render(live.definition(), live.saga, call.step, call.phase, parts_.secrets);
    if (!request) {
        say({live.key,
             sagas::Unsendable{call.step, call.phase, call.attempt, request.error().message},
             std::nullopt});
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
                         sagas::Lost{"not known what became of it: skald was restarted"}},
         std::nullopt});
}

// ---- The end -----------------------------------------------------------------------------------

void Coordinator::Impl::drain(std::function<void()> done) {
    is_draining_ = true;
    drained_ = std::move(done);
    for (const auto& [id, key] : open_calls_) parts_.caller.recall(id);
    wake_once();
}

void Coordinator::Impl::end_drain_if_done() {
    const bool is_done = drained_ && !syncing_ && gathering_.is_idle() && inbox_.empty() &&
                         commands_.empty() && mailbox_.depth() == 0 && open_calls_.empty();
    if (is_done) std::exchange(drained_, nullptr)();
}

}  // namespace skald::engine
