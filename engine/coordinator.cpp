#include "engine/coordinator.h"

#include <algorithm>
#include <chrono>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"
#include "sagas/classify.h"

namespace skald::engine {

namespace {

const sagas::Operator& who(const Operate& command) {
    return std::visit([](const auto& event) -> const sagas::Operator& { return event.who; },
                      command.event);
}

/// What an earlier command with the same Idempotency-Key makes of this one.
enum class Earlier : std::uint8_t { None, Same, Other };

Earlier find_earlier(const sagas::Saga& saga, const std::optional<sagas::RequestKey>& request) {
    if (!request) return Earlier::None;
    const auto found = std::find_if(
        saga.requests.begin(), saga.requests.end(),
        [&request](const sagas::RequestKey& each) { return each.key == request->key; });
    if (found == saga.requests.end()) return Earlier::None;
    return found->body_hash == request->body_hash ? Earlier::Same : Earlier::Other;
}

bool is_at_rest(sagas::Status status) {
    return sagas::is_terminal(status) || status == sagas::Status::Stuck;
}

}  // namespace

void refuse(Command& command, const Busy& busy) {
    if (auto* many = std::get_if<StartMany>(&command)) {
        for (Start& start : many->starts) start.done(busy);
        return;
    }
    std::visit(
        [&busy](auto& which) {
            if constexpr (requires { which.done; }) which.done(busy);
        },
        command);
}

Coordinator::Impl::Impl(Parts parts, CoordinatorOptions options)
    : parts_(std::move(parts)), options_(options), mailbox_(options.mailbox_max) {
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
    while (!inbox_.empty() && !is_full()) {
        const Said said = std::move(inbox_.front());
        inbox_.pop_front();
        if (LiveSaga* live = find(said.saga)) apply(*live, said);
    }
    fire_timers();
    while (!is_full()) {
        if (commands_.empty()) commands_ = mailbox_.take_all();
        if (commands_.empty()) break;
        Command command = std::move(commands_.front());
        commands_.pop_front();
        std::visit([this](auto& which) { take(std::move(which)); }, command);
    }
    hand_over();
    arrange_next_turn();
    update_stats();
    end_drain_if_done();
}

void Coordinator::Impl::fire_timers() {
    const sagas::Timestamp now = parts_.clock.now();
    while (!is_full()) {
        const auto timer = timers_.take_due(now);
        if (!timer) return;
        parts_.telemetry.timer_fired(std::chrono::duration<double>(now - timer->at).count());
        if (LiveSaga* live = find(timer->saga)) {
            apply(*live, {timer->saga, Timers::event(*timer), std::nullopt});
        }
    }
}

void Coordinator::Impl::arrange_next_turn() {
    if (!syncing_ && (!inbox_.empty() || !commands_.empty())) {
        wake_once();
        return;
    }
    std::optional<sagas::Timestamp> next = write_again_at_;
    const auto sooner = [&next](std::optional<sagas::Timestamp> at) {
        if (at && (!next || *at < *next)) next = at;
    };
    if (!syncing_) sooner(look_at_space_at_);
    if (!is_full()) sooner(timers_.next());
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

// ---- Commands ----------------------------------------------------------------------------------

std::optional<Busy> Coordinator::Impl::refuses_starts() const {
    if (is_store_full_ || space_ == store::Space::Low) {
        return Busy{Busy::Why::DiskFull,
                    "the disk is full, or nearly: no new sagas until there is space"};
    }
    if (live_.size() >= options_.live_max) {
        return Busy{Busy::Why::TooMuch, "too many sagas are in work"};
    }
    return std::nullopt;
}

void Coordinator::Impl::take(Start command) {
    if (const auto busy = refuses_starts()) {
        command.done(*busy);
        return;
    }
    const sagas::Timestamp now = parts_.clock.now();
    const sagas::Definition& definition = command.version->definition;
    last_key_ = store::SagaKey{static_cast<std::int64_t>(last_key_) + 1};
    LiveSaga live;
    live.key = last_key_;
    live.version = command.version;
    live.saga = sagas::make_saga(definition, command.id, now, command.input);
    live.labels = command.labels;
    live.summary = {last_key_, sagas::Status::Running, {}, {}, {}, {}};

    sagas::Transition begun =
        sagas::apply(definition, std::move(live.saga),
                     sagas::Begin{std::move(command.request), std::move(command.replay)}, now);
    live.saga = std::move(begun.saga);
    SKALD_CHECK(begun.record);
    live.next_seq = 2;
    live.last_batch = gathering_.number;
    gathering_.batch->starts.push_back({last_key_, std::move(command.id), command.id_origin,
                                        command.version->key, now, live.saga.deadline_at,
                                        std::move(command.input), std::move(command.labels),
                                        std::move(command.body_hash), std::move(*begun.record)});
    gathering_.starts.push_back({last_key_, std::move(command.done)});
    for (const sagas::Effect& effect : begun.effects) {
        gathering_.effects.emplace_back(last_key_, effect);
    }
    note_summary(live_.emplace(last_key_, std::move(live)).first->second);
}

void Coordinator::Impl::take(StartMany command) {
    for (Start& start : command.starts) take(std::move(start));
}

void Coordinator::Impl::take(Operate command) {
    const auto found = by_id_.find(command.id);
    if (found == by_id_.end()) {
        command.done(Operate::NotLive{});
        return;
    }
    LiveSaga& live = live_.at(found->second);
    const auto reply = [this, &command](Operate::Result result) {
        gathering_.replies.push_back(
            [done = std::move(command.done), result = std::move(result)] { done(result); });
    };
    const Earlier earlier = find_earlier(live.saga, who(command).request);
    if (earlier != Earlier::None) {
        reply(earlier == Earlier::Same
                  ? Operate::Result(
                        Operate::Done{sagas::status(live.saga), Operate::Done::How::Repeated})
                  : Operate::Result(Operate::KeyMismatch{}));
        return;
    }
    sagas::Event event =
        std::visit([](auto& which) { return sagas::Event(std::move(which)); }, command.event);
    sagas::Transition transition =
        sagas::apply(live.definition(), std::move(live.saga), event, parts_.clock.now());
    live.saga = std::move(transition.saga);
    if (transition.record) journal(live, std::move(*transition.record));
    for (const sagas::Effect& effect : transition.effects) {
        gathering_.effects.emplace_back(live.key, effect);
    }
    const bool is_refused =
        transition.refusal && transition.refusal->code != sagas::RefusalCode::AlreadySo;
    if (is_refused) {
        reply(std::move(*transition.refusal));
        return;
    }
    using How = Operate::Done::How;
    const bool is_cancel = std::holds_alternative<sagas::Cancel>(event);
    const How how = is_cancel && live.saga.turn_wanted ? How::WaitsForPivot
                    : transition.refusal               ? How::AlreadySo
                                                       : How::Applied;
    reply(Operate::Done{sagas::status(live.saga), how});
}

void Coordinator::Impl::take(ChangeDefinition command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
        return;
    }
    std::string name = std::visit([](const auto& change) { return change.name; }, command.change);
    gathering_.batch->definitions.push_back(std::move(command.change));
    gathering_.definitions.push_back({std::move(name), std::move(command.done)});
}

// ---- Events ------------------------------------------------------------------------------------

void Coordinator::Impl::apply(LiveSaga& live, const Said& said) {
    sagas::Transition transition =
        sagas::apply(live.definition(), std::move(live.saga), said.event, parts_.clock.now());
    live.saga = std::move(transition.saga);
    if (said.call) {
        const auto call = std::find_if(live.calls.begin(), live.calls.end(),
                                       [&](const OpenCall& each) { return each.id == *said.call; });
        tell_attempt(live, *call, std::get<sagas::Answered>(said.event), transition);
        live.calls.erase(call);
    }
    for (const sagas::Effect& effect : transition.effects) {
        gathering_.effects.emplace_back(live.key, effect);
    }
    if (transition.record) {
        journal(live, std::move(*transition.record));
    } else {
        forget_if_over(live.key);  // That may have been the answer of its last call.
    }
}

void Coordinator::Impl::journal(LiveSaga& live, sagas::Record record) {
    const bool holds_back = record.decision.wanted == sagas::Wanted::Set || record.decision.end ||
                            sagas::type(record.cause) == sagas::RecordType::Suspended;
    if (holds_back) gathering_.recalls.push_back(live.key);
    gathering_.batch->rows.push_back({live.key, live.next_seq++, std::move(record)});
    live.last_batch = gathering_.number;
    note_summary(live);
}

void Coordinator::Impl::note_summary(LiveSaga& live) {
    if (auto summary = changed_summary(live)) {
        const bool was_failing = live.summary.failing_since.has_value();
        failing_ += summary->failing_since.has_value();
        failing_ -= was_failing;
        live.summary = *summary;
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
    SKALD_CHECK(open != open_calls_.end());
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
        gathering_.effects.emplace_back(key, unsent);
        wake_once();
        return;
    }
    say({key, sagas::Answered{call->step, call->phase, call->attempt, std::move(answer)}, id});
}

void Coordinator::Impl::tell_attempt(const LiveSaga& live, const OpenCall& call,
                                     const sagas::Answered& answered,
                                     const sagas::Transition& transition) {
    const auto* cause =
        transition.record ? std::get_if<sagas::AnsweredCause>(&transition.record->cause) : nullptr;
    const sagas::Outcome outcome =
        cause != nullptr ? cause->outcome
                         : sagas::classify(live.definition(), live.saga, answered.step,
                                           answered.phase, answered.answer)
                               .outcome;
    const double seconds = std::chrono::duration<double>(parts_.clock.now() - call.since).count();
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
