#include "tests/sagas/participants.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sagas/event_match.h"

namespace skald::sagas {

namespace {

template <typename Item>
Item take_any(Random& random, std::vector<Item>& items) {
    const auto at = items.begin() + below(random, static_cast<std::uint32_t>(items.size()));
    Item item = std::move(*at);
    items.erase(at);
    return item;
}

const HttpCall* call_of(const Step& step, Phase phase) {
    if (phase == Phase::Action) return std::get_if<HttpCall>(&step.action);
    const auto* compensation = std::get_if<Compensation>(&step.undo);
    return compensation == nullptr ? nullptr : std::get_if<HttpCall>(&compensation->call);
}

bool is_by_child(const Step& step) { return std::holds_alternative<ChildSaga>(step.action); }

}  // namespace

Participants::Participants(Random& random, Played& saga) : random_(random), saga_(saga) {}

void Participants::tell(const Event& event) {
    const Played::Told told = saga_.tell(event);
    for (const Effect& effect : told.effects) perform(effect);
    for (const Publication& each : told.publications) {
        published_.push_back({each.step, each.phase, each.attempt});
    }
}

void Participants::restart() {
    on_the_way_.clear();
    replies_.clear();
    saga_.restart();
    for (const Effect& effect : owed(saga_.definition(), saga_.saga())) perform(effect);
}

bool Participants::happen() {
    using Happening = bool (Participants::*)();
    std::array<Happening, 9> all = {
        &Participants::let_call_arrive,     &Participants::let_reply_arrive,
        &Participants::let_callback_arrive, &Participants::let_work_end,
        &Participants::let_child_end,       &Participants::let_time_come,
        &Participants::let_event_arrive,    &Participants::let_reply_event_arrive,
        &Participants::let_signal_come};
    std::shuffle(all.begin(), all.end(), random_);
    return std::any_of(all.begin(), all.end(),
                       [this](Happening happening) { return (this->*happening)(); });
}

bool Participants::has_done(StepIndex place) const {
    if (is_by_child(saga_.definition().step(place))) {
        const auto stands = [place](const auto& child) {
            const auto& [step, phase, attempt] = child.first;
            return step == place && phase == Phase::Action &&
                   child.second == ChildEnd::How::Completed;
        };
        const auto undone = operations_.find(place);
        const bool is_undone = undone != operations_.end() && undone->second.is_undone;
        return !is_undone && std::any_of(children_.begin(), children_.end(), stands);
    }
    const auto operation = operations_.find(place);
    return operation != operations_.end() && operation->second.is_done;
}

// ---- What is owed ------------------------------------------------------------------------------

void Participants::perform(const Effect& effect) {
    if (const auto* call = std::get_if<Call>(&effect)) {
        on_the_way_.push_back({call->step, call->phase, call->attempt});
    } else if (const auto* wanted = std::get_if<Settle>(&effect)) {
        settle(*wanted);
    } else if (const auto* child = std::get_if<Child>(&effect)) {
        perform(*child);
    }  // Times and locks: let_time_come.
}

void Participants::settle(const Settle& settle) {
    const auto is_it = [&settle](const auto& each) {
        return each.step == settle.step && each.phase == Phase::Action &&
               each.attempt == settle.attempt;
    };
    const Request request{settle.step, Phase::Action, settle.attempt};
    if (std::any_of(replies_.begin(), replies_.end(), is_it)) return;
    const auto on_the_way = std::find_if(on_the_way_.begin(), on_the_way_.end(), is_it);
    if (on_the_way == on_the_way_.end()) {
        answer(request, Lost{"nobody knows"});
    } else if (one_in(random_, 2)) {
        on_the_way_.erase(on_the_way);
        answer(request, NotSent{"taken back"});
    }
}

void Participants::perform(const Child& child) {
    const auto known = children_.find({child.step, child.phase, child.attempt});
    switch (child.wish) {
        case Child::Wish::Run: {
            const auto [at, is_new] =
                children_.try_emplace({child.step, child.phase, child.attempt}, std::nullopt);
            if (!is_new && at->second) {
                tell_end(child.step, child.phase, child.attempt, *at->second);
            }
            return;
        }
        case Child::Wish::Stop:
            if (known == children_.end()) {
                answer({child.step, child.phase, child.attempt}, NotSent{"never started"});
            } else if (known->second) {
                tell_end(child.step, child.phase, child.attempt, *known->second);
            }
            return;
        case Child::Wish::TurnBack: {
            auto& end = children_.at({child.step, Phase::Action, child.attempt});
            if (end == ChildEnd::How::Completed && !one_in(random_, 8)) {
                end = ChildEnd::How::Compensated;
            }
            tell_end(child.step, Phase::Compensation, child.attempt, *end);
        }
    }
}

// ---- What happens ------------------------------------------------------------------------------

bool Participants::let_call_arrive() {
    if (on_the_way_.empty()) return false;
    const Request request = take_any(random_, on_the_way_);
    Operation& operation = operations_[request.step];
    if (one_in(random_, 10)) {
        answer(request, NotSent{"refused"});
    } else if (request.phase == Phase::Action) {
        handle_action(request, operation);
    } else {
        handle_compensation(request, operation);
    }
    return true;
}

bool Participants::let_reply_arrive() {
    if (replies_.empty()) return false;
    tell(take_any(random_, replies_));
    return true;
}

bool Participants::let_callback_arrive() {
    if (callbacks_.empty()) return false;
    const CalledBack callback = take_any(random_, callbacks_);
    if (one_in(random_, 3)) callbacks_.push_back(callback);  // Once more, later.
    if (!one_in(random_, 8)) tell(callback);
    return true;
}

bool Participants::let_work_end() {
    for (auto& [step, operation] : operations_) {
        if (operation.is_at_work) {
            end_work(step, operation);
            return true;
        }
        if (operation.is_undoing) {
            end_undoing(step, operation);
            return true;
        }
    }
    return false;
}

bool Participants::let_child_end() {
    for (auto& [key, end] : children_) {
        const auto& [step, phase, attempt] = key;
        if (end) continue;
        end_child(step, phase, attempt, end);
        return true;
    }
    return false;
}

bool Participants::let_time_come() {
    std::vector<Effect> waits;
    for (const Effect& effect : owed(saga_.definition(), saga_.saga())) {
        const bool is_wait =
            std::holds_alternative<WakeStep>(effect) || std::holds_alternative<HoldLock>(effect);
        if (is_wait) waits.push_back(effect);
    }
    if (waits.empty()) return false;
    const Effect effect = take_any(random_, waits);
    if (const auto* wake = std::get_if<WakeStep>(&effect)) {
        tell(saga_.due_event(wake->step));
    } else {
        tell(LockGranted{});
    }
    return true;
}

// ---- The log -----------------------------------------------------------------------------------

bool Participants::let_event_arrive() {
    if (published_.empty()) return false;
    const Request request = take_any(random_, published_);
    if (one_in(random_, 4)) published_.push_back(request);  // Once more, later.
    handle_event(request, operations_[request.step]);
    return true;
}

bool Participants::let_reply_event_arrive() {
    if (reply_events_.empty()) return false;
    const CalledBack reply = take_any(random_, reply_events_);
    if (one_in(random_, 3)) reply_events_.push_back(reply);  // Once more, later.
    tell(reply);
    return true;
}

/// Of those that nobody was asked for.
bool Participants::let_signal_come() {
    if (!one_in(random_, 2)) return false;
    for (const Effect& effect : owed(saga_.definition(), saga_.saga())) {
        const auto* wake = std::get_if<WakeStep>(&effect);
        if (wake == nullptr) continue;
        const Step& step = saga_.definition().step(wake->step);
        const bool is_wait = std::holds_alternative<Wait>(step.action) &&
                             awaited_event(step, Phase::Action) != nullptr;
        if (!is_wait) continue;
        tell(CalledBack{wake->step, Phase::Action,
                        one_in(random_, 5) ? Outcome::Failure : Outcome::Success, nullptr, "",
                        EventRef{"signals", ++last_offset_}});
        return true;
    }
    return false;
}

void Participants::read_to_end() {
    while (!published_.empty()) {
        const Request request = take_any(random_, published_);
        handle_event(request, operations_[request.step]);
    }
}

void Participants::handle_event(const Request& request, Operation& operation) {
    say_by_event(request.step, request.phase, act_on_event(request, operation));
}

/// Who hears of no answer can't refuse.
Outcome Participants::act_on_event(const Request& request, Operation& operation) {
    const bool is_heard =
        awaited_event(saga_.definition().step(request.step), request.phase) != nullptr;
    if (request.phase == Phase::Compensation) {
        if (!operation.is_undone && is_heard && one_in(random_, 8)) return Outcome::Failure;
        operation.is_done = false;
        operation.is_at_work = false;
        operation.is_undone = true;
        return Outcome::Success;
    }
    if (operation.is_refused || operation.is_undone || operation.is_undoing) {
        return Outcome::Failure;
    }
    if (!operation.is_done && is_heard && one_in(random_, 6)) {
        operation.is_refused = true;
        return Outcome::Failure;
    }
    operation.is_done = true;
    return Outcome::Success;
}

void Participants::say_by_event(StepIndex step, Phase phase, Outcome outcome) {
    if (awaited_event(saga_.definition().step(step), phase) == nullptr) return;
    reply_events_.push_back(
        {step, phase, outcome, nullptr, "", EventRef{"replies", ++last_offset_}});
}

// ---- A participant -----------------------------------------------------------------------------

bool Participants::may_call_back(const Request& request) const {
    const HttpCall* call = call_of(saga_.definition().step(request.step), request.phase);
    return call != nullptr && call->reply == ReplyMode::Callback;
}

void Participants::answer(const Request& request, Answer answer) {
    replies_.push_back({request.step, request.phase, request.attempt, std::move(answer)});
}

void Participants::answer_or_lose(const Request& request, int status) {
    if (one_in(random_, 4)) {
        answer(request, Lost{"no reply"});
    } else {
        answer(request, reply(status, Json{{"id", 1}}));
    }
}

void Participants::call_back(StepIndex step, Phase phase, Outcome outcome) {
    callbacks_.push_back({step, phase, outcome, nullptr, ""});
}

void Participants::handle_action(const Request& request, Operation& operation) {
    if (operation.is_refused || operation.is_undone || operation.is_undoing) {
        answer_or_lose(request, 409);
    } else if (operation.is_at_work) {
        answer_or_lose(request, 202);
    } else if (operation.is_done) {
        static constexpr int kAlreadyDone[] = {200, 200, 409, 503};
        answer_or_lose(request, kAlreadyDone[below(random_, 4)]);
    } else {
        do_or_not(request, operation);
    }
}

void Participants::do_or_not(const Request& request, Operation& operation) {
    if (may_call_back(request) && !one_in(random_, 3)) {
        operation.is_at_work = true;
        answer_or_lose(request, 202);
        return;
    }
    switch (below(random_, 6)) {
        case 0:
            answer_or_lose(request, one_in(random_, 2) ? 429 : 503);
            return;
        case 1:
            answer_or_lose(request, 409);
            return;
        default:
            operation.is_done = true;
            answer_or_lose(request, one_in(random_, 6) ? 500 : 200);
    }
}

void Participants::end_work(StepIndex step, Operation& operation) {
    operation.is_at_work = false;
    switch (below(random_, 6)) {
        case 0:
            operation.is_refused = true;
            call_back(step, Phase::Action, Outcome::Failure);
            return;
        case 1:
            call_back(step, Phase::Action, Outcome::Retry);
            return;
        case 2:
            operation.is_done = one_in(random_, 2);
            call_back(step, Phase::Action, Outcome::Unknown);
            return;
        default:
            operation.is_done = true;
            call_back(step, Phase::Action, Outcome::Success);
    }
}

void Participants::handle_compensation(const Request& request, Operation& operation) {
    if (!operation.is_undone && one_in(random_, 8)) {
        answer_or_lose(request, one_in(random_, 2) ? 503 : 409);
        return;
    }
    operation.is_at_work = false;
    if (may_call_back(request) && !operation.is_undone && one_in(random_, 2)) {
        operation.is_undoing = true;
        answer_or_lose(request, 202);
        return;
    }
    operation.is_done = false;
    operation.is_undone = true;
    answer_or_lose(request, 200);
}

void Participants::end_undoing(StepIndex step, Operation& operation) {
    operation.is_undoing = false;
    if (!operation.is_undone && one_in(random_, 3)) {
        call_back(step, Phase::Compensation,
                  one_in(random_, 2) ? Outcome::Retry : Outcome::Failure);
        return;
    }
    operation.is_done = false;
    operation.is_undone = true;
    call_back(step, Phase::Compensation, Outcome::Success);
}

// ---- A child -----------------------------------------------------------------------------------

void Participants::tell_end(StepIndex step, Phase phase, std::uint32_t attempt, ChildEnd::How how) {
    answer({step, phase, attempt}, ChildEnd{how, make_value(Json{{"id", 1}}), ""});
}

void Participants::end_child(StepIndex step, Phase phase, std::uint32_t attempt,
                             std::optional<ChildEnd::How>& end) {
    end = one_in(random_, 4) ? ChildEnd::How::Compensated : ChildEnd::How::Completed;
    if (phase == Phase::Compensation && end == ChildEnd::How::Completed) {
        Operation& operation = operations_[step];
        operation.is_done = false;
        operation.is_at_work = false;
        operation.is_undone = true;
    }
    tell_end(step, phase, attempt, *end);
}

}  // namespace skald::sagas
