#include <algorithm>
#include <utility>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"

/// What the API asks of the coordinator.
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

// ---- Starts ------------------------------------------------------------------------------------

std::optional<Busy> Coordinator::Impl::refuses_writes() const {
    if (is_store_full_ || space_ == store::Space::Low) {
        return Busy{Busy::Why::DiskFull,
                    "the disk is full, or nearly: no new sagas and events until there is space"};
    }
    return std::nullopt;
}

std::optional<Busy> Coordinator::Impl::refuses_starts() const {
    if (auto busy = refuses_writes()) return busy;
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
    begin(std::move(command), std::nullopt);
}

void Coordinator::Impl::take(StartMany command) {
    for (Start& start : command.starts) take(std::move(start));
}

void Coordinator::Impl::begin(Start command, std::optional<Parentage> parentage) {
    const sagas::Timestamp now = parts_.clock.now();
    last_key_ = store::SagaKey{static_cast<std::int64_t>(last_key_) + 1};
    LiveSaga& live = live_[last_key_];
    live.key = last_key_;
    live.version = std::move(command.version);
    const sagas::Definition& definition = live.definition();
    live.saga = sagas::make_saga(definition, command.id, now, command.input);
    live.labels = command.labels;
    live.summary = {last_key_, sagas::Status::Running, {}, {}, {}, {}};

    sagas::Begin event{std::move(command.request), std::move(command.replay),
                       std::move(command.lock), std::nullopt, std::move(command.pins)};
    if (parentage) {
        live.parent = parentage->key;
        event.parent = std::move(parentage->parent);
    }
    sagas::Transition begun = sagas::apply(definition, std::move(live.saga), std::move(event), now);
    live.saga = std::move(begun.saga);
    SKALD_CHECK(begun.record);
    live.next_seq = 2;
    live.last_batch = gathering_.number;
    gathering_.batch->starts.push_back(
        {last_key_, std::move(command.id), command.id_origin, live.version->key, now,
         live.saga.deadline_at, std::move(command.input), std::move(command.labels),
         std::move(command.body_hash), live.parent, std::move(*begun.record)});
    gathering_.starts.push_back({last_key_, std::move(command.done)});
    publish(live, begun);
    for (const sagas::Effect& effect : begun.effects) owe(live, effect);
    note_summary(live);
}

// ---- Commands for one saga ---------------------------------------------------------------------

template <typename AnyCommand>
void Coordinator::Impl::await_command(AnyCommand command) {
    if (is_draining_) {
        command.done(Busy{Busy::Why::Draining, "the server is stopping"});
        return;
    }
    if (loads_.commands() >= options_.loading_max) {
        command.done(Busy{Busy::Why::TooMuch, "too many sagas are being read from the store"});
        return;
    }
    const Loader::Name id = command.id;
    await(id, std::move(command));
}

void Coordinator::Impl::take(Operate command) {
    const auto found = by_id_.find(command.id);
    if (found == by_id_.end()) {
        await_command(std::move(command));
    } else {
        operate(live_.at(found->second), std::move(command));
    }
}

void Coordinator::Impl::operate(LiveSaga& live, Operate command) {
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
    sagas::Transition transition = tell(live, event, parts_.clock.now());
    if (transition.record) journal(live, std::move(*transition.record));
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

void Coordinator::Impl::take(CallBack command) {
    const auto found = by_id_.find(command.id);
    if (found == by_id_.end()) {
        await_command(std::move(command));
    } else {
        call_back(live_.at(found->second), std::move(command));
    }
}

void Coordinator::Impl::call_back(LiveSaga& live, CallBack command) {
    const sagas::StepIndex step = command.event.step;
    const sagas::Phase phase = command.event.phase;
    sagas::Transition transition = tell(live, std::move(command.event), parts_.clock.now());
    const bool is_taken =
        transition.record && sagas::type(transition.record->cause) != sagas::RecordType::Late;
    for (const OpenCall& call : live.calls) {
        const bool is_settled = is_taken && call.step == step && call.phase == phase;
        if (is_settled) gathering_.settled_calls.push_back(call.id);
    }
    if (transition.record) journal(live, std::move(*transition.record));
    const CallBack::Taken taken{sagas::status(live.saga), is_taken};
    gathering_.replies.push_back([done = std::move(command.done), taken] { done(taken); });
}

// ---- Definitions -------------------------------------------------------------------------------

void Coordinator::Impl::take(ChangeDefinition command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
        return;
    }
    const auto* put = std::get_if<store::PutDefinition>(&command.change);
    const auto busy = put != nullptr ? subscriptions_.refuses(put->subscriptions) : std::nullopt;
    if (busy) {
        command.done(*busy);
        return;
    }
    std::string name = std::visit([](const auto& change) { return change.name; }, command.change);
    know(command.match_paths);
    gathering_.batch->definitions.push_back(std::move(command.change));
    gathering_.definitions.push_back({std::move(name), std::move(command.done)});
}

}  // namespace skald::engine
