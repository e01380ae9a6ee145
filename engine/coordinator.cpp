#include "engine/coordinator.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"
#include "sagas/classify.h"

namespace skald::engine {

namespace {

/// The clock would not do: it may be set back, and stand where an earlier process began.
std::uint64_t any_lease() {
    std::random_device device;
    return (std::uint64_t{device()} << 30) ^ device();
}

bool is_at_rest(sagas::Status status) {
    return sagas::is_terminal(status) || status == sagas::Status::Stuck;
}

}  // namespace

Coordinator::Impl::Impl(Parts parts, CoordinatorOptions options)
    : parts_(std::move(parts)),
      options_(options),
      mailbox_(options.mailbox_max),
      subscriptions_(parts_of_subscriptions(), options.leases_behind.value_or(any_lease())) {
    gathering_.number = 1;
}

// ---- From other threads ------------------------------------------------------------------------

void Coordinator::Impl::post(Command command) {
    if (is_draining_) {
        refuse(command, {Busy::Why::Draining, "the server is stopping"});
        return;
    }
    switch (mailbox_.put(command)) {
        case Mailbox::Put::First:
            parts_.wake();
            break;
        case Mailbox::Put::Behind:
            break;
        case Mailbox::Put::Full:
            refuse(command, {Busy::Why::TooMuch, "too many requests are waiting"});
            break;
    }
}

CoordinatorStats Coordinator::Impl::stats() const {
    return {mailbox_.depth(), live_count_, failing_count_, timer_count_, takes_starts_};
}

// ---- A turn ------------------------------------------------------------------------------------

void Coordinator::Impl::turn() {
    is_turn_arranged_ = false;
    write_again_if_due();
    try_again_if_due();
    while (!inbox_.empty() && !is_full()) {
        Said said = std::move(inbox_.front());
        inbox_.pop_front();
        if (LiveSaga* live = find(said.saga)) {
            apply(*live, said);
        } else if (said.is_for_parked) {
            await(said.saga, Tell{std::move(said.event)});
        }
    }
    while (!in_turn_.empty() && !is_full()) {
        const std::function<void()> work = std::move(in_turn_.front());
        in_turn_.pop_front();
        work();
    }
    fire_timers();
    while (!is_full()) {
        if (commands_.empty()) mailbox_.take_all(commands_);
        if (commands_.empty()) break;
        Command command = std::move(commands_.front());
        commands_.pop_front();
        std::visit([this](auto& which) { take(std::move(which)); }, command);
    }
    park_the_idle();
    look_for_due();
    subscriptions_.look();
    hand_over();
    arrange_next_turn();
    update_stats();
    end_drain_if_done();
}

void Coordinator::Impl::fire_timers() {
    if (timers_.size() == 0) return;
    const sagas::Timestamp now = parts_.clock.now();
    while (!is_full()) {
        const auto timer = timers_.take_due(now);
        if (!timer) return;
        parts_.telemetry.timer_fired(std::chrono::duration<double>(now - timer->at).count());
        if (LiveSaga* live = find(timer->saga)) apply(*live, {timer->saga, Timers::event(*timer)});
    }
}

void Coordinator::Impl::arrange_next_turn() {
    if (!syncing_ && (!inbox_.empty() || !in_turn_.empty() || !commands_.empty())) {
        wake_once();
        return;
    }
    std::optional<sagas::Timestamp> next = write_again_at_;
    const auto sooner = [&next](std::optional<sagas::Timestamp> at) {
        if (at && (!next || *at < *next)) next = at;
    };
    if (!syncing_) sooner(look_at_space_at_);
    if (!is_full()) {
        sooner(timers_.next());
        sooner(idle_.next());
    }
    sooner(again_at_);
    sooner(next_look());
    sooner(subscriptions_.next_due());
    if (next) {
        parts_.wake_after(std::max(*next - parts_.clock.now(), sagas::Milliseconds{0}));
    }
}

void Coordinator::Impl::wake_once() {
    if (!is_turn_arranged_) {
        is_turn_arranged_ = true;
        parts_.wake();
    }
}

void Coordinator::Impl::say(Said said) {
    inbox_.push_back(std::move(said));
    wake_once();
}

void Coordinator::Impl::reach(store::SagaKey key, sagas::Event event) {
    say({key, std::move(event), std::nullopt, true});
}

void Coordinator::Impl::in_turn(std::function<void()> work) {
    in_turn_.push_back(std::move(work));
    wake_once();
}

// ---- Events ------------------------------------------------------------------------------------

/// Its record is the caller's to journal.
sagas::Transition Coordinator::Impl::tell(LiveSaga& live, const sagas::Event& event,
                                          sagas::Timestamp now) {
    if (live.park_batch != 0) stay(live);
    sagas::Transition transition =
        sagas::apply(live.definition(), std::move(live.saga), event, now);
    live.saga = std::move(transition.saga);
    publish(live, transition);
    for (const sagas::Effect& effect : transition.effects) owe(live, effect);
    return transition;
}

void Coordinator::Impl::apply(LiveSaga& live, const Said& said) {
    const sagas::Timestamp now = parts_.clock.now();
    sagas::Transition transition = tell(live, said.event, now);
    if (said.call) {
        const auto call = std::find_if(live.calls.begin(), live.calls.end(),
                                       [&](const OpenCall& each) { return each.id == *said.call; });
        tell_attempt(live, *call, std::get<sagas::Answered>(said.event), transition, now);
        live.calls.erase(call);
    }
    if (!live.links.empty()) unlink_answered(live, said.event);
    if (transition.record) {
        journal(live, std::move(*transition.record));
    } else if (said.call) {
        forget_if_over(live.key);  // That may have been the answer of its last call.
    } else if (std::holds_alternative<sagas::ParentTurned>(said.event)) {
        refuse_turn(live);
    }
}

void Coordinator::Impl::owe(LiveSaga& live, const sagas::Effect& effect) {
    gathering_.effects.emplace_back(live.key, effect);
    live.last_effects = gathering_.number;
}

void Coordinator::Impl::journal(LiveSaga& live, sagas::Record&& record) {
    const sagas::RecordType type = sagas::type(record.cause);
    const bool is_suspended = type == sagas::RecordType::Suspended;
    const bool is_over = record.decision.end.has_value();
    if (record.decision.wanted == sagas::Wanted::Set || is_over || is_suspended) {
        gathering_.recalls.push_back(live.key);
    }
    if (type == sagas::RecordType::ParentTurned) {
        live.is_turned_by_parent = true;
        live.is_end_told = false;
    }
    gathering_.batch->rows.push_back({live.key, live.next_seq++, std::move(record)});
    live.last_batch = gathering_.number;
    note_summary(live);
    live.waits_long |= is_suspended;
    if (live.waits_long) gathering_.waiting.push_back(live.key);
    if (is_over && live.parent) hold_parent(live);
}

void Coordinator::Impl::note_summary(LiveSaga& live) {
    if (auto summary = changed_summary(live)) {
        const bool was_failing = live.summary.failing_since.has_value();
        failing_ += summary->failing_since.has_value();
        failing_ -= was_failing;
        live.summary = *summary;
        live.is_stuck_told = false;
        if (live.summary_slot && live.summary_batch == gathering_.number) {
            gathering_.batch->summaries[*live.summary_slot] = std::move(*summary);
        } else {
            live.summary_slot = gathering_.batch->summaries.size();
            live.summary_batch = gathering_.number;
            gathering_.batch->summaries.push_back(std::move(*summary));
        }
    }
    if (is_at_rest(live.summary.status)) gathering_.at_rest.push_back(live.key);
}

void Coordinator::Impl::answered(CallId id, sagas::Answer answer) {
    const auto open = open_calls_.find(id);
    if (open == open_calls_.end()) {
        SKALD_CHECK(subscriptions_.answered(id, answer));
        return;
    }
    const store::SagaKey key = open->second;
    open_calls_.erase(open);
    LiveSaga* live = find(key);
    SKALD_CHECK(live != nullptr);  // It is kept as long as a call of it is out.
    const auto call = std::find_if(live->calls.begin(), live->calls.end(),
                                   [id](const OpenCall& each) { return each.id == id; });
    SKALD_CHECK(call != live->calls.end());
    const bool is_unsent = std::holds_alternative<sagas::NotSent>(answer);
    if (is_draining_ && is_unsent) {
        live->calls.erase(call);
        wake_once();  // Recalled: it is owed still, at the next start.
        return;
    }
    if (call->is_held_back && is_unsent) {
        const sagas::Call unsent{call->step, call->phase, call->attempt};
        live->calls.erase(call);
        // Remembered, or sent if the saga was resumed meanwhile, when that is durable.
        owe(*live, unsent);
        if (live->waits_long) gathering_.waiting.push_back(key);
        wake_once();
        return;
    }
    say({key, sagas::Answered{call->step, call->phase, call->attempt, std::move(answer)}, id});
}

void Coordinator::Impl::tell_attempt(const LiveSaga& live, const OpenCall& call,
                                     const sagas::Answered& answered,
                                     const sagas::Transition& transition, sagas::Timestamp now) {
    const auto* cause =
        transition.record ? std::get_if<sagas::AnsweredCause>(&transition.record->cause) : nullptr;
    const sagas::Outcome outcome =
        cause != nullptr ? cause->outcome
                         : sagas::classify(live.definition(), live.saga, answered.step,
                                           answered.phase, answered.answer)
                               .outcome;
    const double seconds = std::chrono::duration<double>(now - call.since).count();
    parts_.telemetry.attempt_ended(live.definition().name, live.definition().step(call.step).name,
                                   call.phase, outcome, seconds);
}

LiveSaga* Coordinator::Impl::find(store::SagaKey key) {
    const auto found = live_.find(key);
    return found == live_.end() ? nullptr : &found->second;
}

void Coordinator::Impl::update_stats() {
    live_count_ = live_.size();
    failing_count_ = failing_;
    timer_count_ = timers_.size();
    takes_starts_ = !is_store_full_ && space_ != store::Space::Low;
}

// ---- The public face ---------------------------------------------------------------------------

Coordinator::Coordinator(Parts parts, CoordinatorOptions options)
    : impl_(std::make_unique<Impl>(std::move(parts), options)) {}
Coordinator::~Coordinator() = default;

sagas::Result<std::size_t> Coordinator::recover(const store::Recovery& recovery) {
    return impl_->recover(recovery);
}
void Coordinator::post(Command command) { impl_->post(std::move(command)); }
void Coordinator::answered(CallId id, sagas::Answer answer) {
    impl_->answered(id, std::move(answer));
}
void Coordinator::turn() { impl_->turn(); }
void Coordinator::drain(std::function<void()> done) { impl_->drain(std::move(done)); }
CoordinatorStats Coordinator::stats() const { return impl_->stats(); }

}  // namespace skald::engine
