#include "tests/sagas/random_sagas.h"

#include <algorithm>
#include <iterator>

#include "sagas/event_match.h"

namespace skald::sagas {

std::uint32_t below(Random& random, std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random);
}

bool one_in(Random& random, std::uint32_t n) { return below(random, n) == 0; }

namespace {

// ---- Definitions -------------------------------------------------------------------------------

Json http(Random& random, const std::string& method) {
    Json call = {{"method", method}, {"url", "http://127.0.0.1:9/x"}};
    if (one_in(random, 3)) call["reply"] = "callback";
    return {{"http", call}};
}

bool is_by_callback(const Json& call) {
    return call.contains("http") && call["http"].contains("reply");
}

Json child(const std::string& name) { return {{"saga", {{"definition", name}}}}; }

Json random_reply(Random& random, const std::string& success) {
    Json reply = {{"topic", "replies"},
                  {"success", {{"type", success}}},
                  {"failure", {{"type", {"refused", "impossible"}}}},
                  {"timeout", "5ms"}};
    if (one_in(random, 4)) {
        reply["match"] = {{"event", "$event.data.id"}, {"saga", "{$saga.id} {$key}"}};
    }
    return reply;
}

/// Sometimes one that can't be made, sometimes without a reply.
Json event(Random& random, const std::string& type) {
    Json call = {{"topic", "commands"}, {"type", type}, {"subject", "{$saga.id}"}};
    if (one_in(random, 2)) call["data"] = one_in(random, 8) ? "$input.missing" : "$input.items";
    if (!one_in(random, 4)) call["reply"] = random_reply(random, type + ".done");
    return {{"event", call}};
}

bool is_event(const Json& action) { return action.contains("event"); }
bool is_event_alone(const Json& action) {
    return is_event(action) && !action["event"].contains("reply");
}

Json random_retry(Random& random) {
    return {{"maximum_attempts", 1 + below(random, 3)}, {"initial_interval", "1ms"}};
}

/// Where the step stands.
struct Place {
    bool is_pivot;
    bool is_after;
};

Json random_compensation(Random& random) {
    if (one_in(random, 5)) return "none";
    if (one_in(random, 4)) return child("undo");
    Json compensation = one_in(random, 3) ? event(random, "undo") : http(random, "DELETE");
    if (is_event_alone(compensation)) return compensation;
    if (is_by_callback(compensation)) compensation["callback_timeout"] = "1s";
    if (one_in(random, 3)) compensation["retry"] = random_retry(random);
    return compensation;
}

void add_tries(Random& random, Json& step, Place place) {
    if (!place.is_after || one_in(random, 2)) step["retry"] = random_retry(random);
    if (is_by_callback(step["action"])) step["callback_timeout"] = "1s";
    if (!is_event(step["action"]) && one_in(random, 6)) {
        step["outcome"] = Json::array({{{"when", "$response.status == 404"}, {"is", "failure"}},
                                       {{"when", "$response.status == 418"}, {"is", "unknown"}}});
    }
}

void add_call(Random& random, Json& step, Place place) {
    const bool is_child = one_in(random, 5);
    step["action"] = is_child            ? child("child")
                     : one_in(random, 3) ? event(random, "do")
                                         : http(random, "POST");
    const bool is_alone = is_event_alone(step["action"]);
    if (!is_child && !is_alone) add_tries(random, step, place);
    const bool must = !is_child && !place.is_after && !place.is_pivot;
    if (must || (!place.is_after && one_in(random, 3))) {
        step["compensation"] = random_compensation(random);
    }
    if (!is_alone && one_in(random, 8)) step["output"] = Json{{"x", "$response.body.missing"}};
    if (!place.is_pivot && one_in(random, 3)) {
        step["for_each"] = one_in(random, 12) ? "$input.yes" : "$input.items";
        step["max_parallel"] = 1 + below(random, 3);
    }
}

Json wait_for_event(Random& random) {
    Json awaited = {{"topic", "signals"},
                    {"success", {{"type", "approved"}}},
                    {"failure", {{"type", "declined"}}},
                    {"timeout", "5ms"}};
    if (one_in(random, 3)) {
        awaited["match"] = {{"event", "$event.subject"},
                            {"saga", one_in(random, 3) ? "$input.items" : "$saga.id"}};
    }
    return {{"wait", {{"event", awaited}}}};
}

Json random_step(Random& random, Place place) {
    Json step;
    const bool is_wait = one_in(random, 8);
    if (is_wait) {
        step["action"] = {{"wait", {{"for", "2ms"}}}};
        if (one_in(random, 4)) step["action"] = {{"wait", {{"until", "$input.until"}}}};
        if (one_in(random, 3)) step["action"] = wait_for_event(random);
    } else {
        add_call(random, step, place);
    }
    if (place.is_pivot) step["pivot"] = true;
    if (!place.is_pivot && one_in(random, 6)) {
        step["optional"] = true;
    } else if (!is_wait && !is_event_alone(step["action"]) && one_in(random, 6)) {
        step["in_doubt"] = "park";
    }
    if (one_in(random, 8)) step["when"] = one_in(random, 2) ? "$input.yes" : "$input.no";
    return step;
}

}  // namespace

Json random_definition(Random& random) {
    const std::uint32_t count = 1 + below(random, 7);
    const bool has_pivot = one_in(random, 2);
    const std::uint32_t pivot = below(random, count);
    Json steps = Json::array();
    for (std::uint32_t i = 0; i < count; ++i) {
        const Place place{has_pivot && i == pivot, has_pivot && i > pivot};
        Json step = random_step(random, place);
        step["name"] = "s" + std::to_string(i);
        Json after = Json::array();
        for (std::uint32_t j = 0; j < i; ++j) {
            const bool must = (place.is_pivot && j < pivot) || (place.is_after && j == pivot);
            const bool may = !place.is_after || j >= pivot;
            if (must || (may && one_in(random, 2))) after.push_back("s" + std::to_string(j));
        }
        step["after"] = after;
        steps.push_back(std::move(step));
    }
    Json definition = {{"name", "random"}, {"steps", steps}};
    if (one_in(random, 3)) definition["deadline"] = "50ms";
    if (one_in(random, 4)) definition["lock"] = "a";
    return definition;
}

Json random_input(Random& random) {
    Json items = Json::array();
    for (std::uint32_t i = below(random, 6); i > 0; --i) items.push_back(i);
    return {{"yes", true},
            {"no", false},
            {"items", items},
            {"until", one_in(random, 4) ? "later" : "2023-11-14T22:13:20.004Z"}};
}

Begin random_begin(Random& random, const Definition& definition) {
    Begin begin;
    if (definition.lock) begin.lock = "a";
    if (one_in(random, 3)) begin.parent = Parent{"p1", StepIndex{0}, Phase::Action, 1};
    return begin;
}

// ---- Events ------------------------------------------------------------------------------------

namespace {

Answer random_answer(Random& random) {
    static constexpr int kStatuses[] = {200, 200, 200, 200, 201, 202, 202,
                                        302, 404, 409, 418, 425, 500, 503};
    switch (below(random, 8)) {
        case 0:
            return Lost{"no reply"};
        case 1:
            return NotSent{"connection refused"};
        default:
            return reply(kStatuses[below(random, std::size(kStatuses))], Json{{"id", 1}});
    }
}

ChildEnd random_end(Random& random, ChildEnd::How likely) {
    using How = ChildEnd::How;
    static constexpr How kAll[] = {How::Completed, How::Compensated, How::Abandoned};
    const How how = one_in(random, 3) ? kAll[below(random, 3)] : likely;
    return {how, make_value(Json{{"id", 1}}), ""};
}

Answer random_answer_of_child(Random& random, Child::Wish wish) {
    switch (wish) {
        case Child::Wish::Run:
            return random_end(random, ChildEnd::How::Completed);
        case Child::Wish::Stop:
            if (one_in(random, 4)) return NotSent{"never started"};
            return random_end(random, ChildEnd::How::Compensated);
        case Child::Wish::TurnBack:
            break;
    }
    return random_end(random, ChildEnd::How::Compensated);
}

CalledBack random_callback(Random& random, StepIndex step, Phase phase) {
    static constexpr Outcome kOutcomes[] = {Outcome::Success, Outcome::Success, Outcome::Failure,
                                            Outcome::Retry, Outcome::Unknown};
    const Outcome outcome = kOutcomes[below(random, std::size(kOutcomes))];
    return {step, phase, outcome,
            outcome == Outcome::Success ? make_value(Json{{"id", 1}}) : nullptr, ""};
}

/// Sometimes one that came before.
CalledBack random_event_of_log(Random& random, StepIndex step, Phase phase) {
    const std::uint32_t bound = one_in(random, 4) ? 20 : 1'000'000;
    const bool is_good = !one_in(random, 3);
    return {step,
            phase,
            is_good ? Outcome::Success : Outcome::Failure,
            is_good ? make_value(Json{{"id", 1}}) : nullptr,
            "",
            EventRef{"replies", 1 + below(random, bound)}};
}

/// What says how a try ended, which is not the reply to a call.
CalledBack random_word(Random& random, const Played& saga, StepIndex step, Phase phase) {
    const bool is_by_event = awaited_event(saga.definition().step(step), phase) != nullptr;
    return is_by_event ? random_event_of_log(random, step, phase)
                       : random_callback(random, step, phase);
}

/// Sometimes one that there isn't.
StepIndex any_place(Random& random, const Played& saga) {
    const auto count = static_cast<std::uint32_t>(saga.definition().steps.size());
    const StepIndex step{below(random, count + 1)};
    return one_in(random, 2) ? step : element_of(step, below(random, 6));
}

Phase any_phase(Random& random) { return one_in(random, 2) ? Phase::Action : Phase::Compensation; }

bool is_awaiting(const Played& saga, StepIndex step) {
    const StepState& state = saga.saga().step(step).state;
    return std::holds_alternative<AwaitingCallback>(state) ||
           std::holds_alternative<CompensationAwaitingCallback>(state);
}

/// An event that nothing owed brings.
Event foreign_event(Random& random, const Played& saga) {
    const StepIndex step = any_place(random, saga);
    const Phase phase = any_phase(random);
    const std::uint32_t attempt = 1 + below(random, 4);
    switch (below(random, 9)) {
        case 0:
            return Answered{step, phase, attempt, random_answer(random)};
        case 1:
            return Answered{step, phase, attempt, random_end(random, ChildEnd::How::Completed)};
        case 2:
            return Due{step, phase, attempt};
        case 3:
            return one_in(random, 2) ? random_callback(random, step, phase)
                                     : random_event_of_log(random, step, phase);
        case 4:
            return one_in(random, 2) ? Event(Begin{}) : Event(DeadlinePassed{});
        case 5:
            return one_in(random, 2) ? Event(LockGranted{}) : Event(ParentTurned{});
        case 6:
            return Unsendable{step, phase, attempt, "no x"};
        default:
            return random_operator_event(random, saga);
    }
}

}  // namespace

Event random_operator_event(Random& random, const Played& saga) {
    const StepIndex step = any_place(random, saga);
    switch (below(random, 8)) {
        case 0:
            return Cancel{somebody()};
        case 1:
            return Retry{one_in(random, 2) ? std::optional(step) : std::nullopt, somebody()};
        case 2:
            return Resolve{step, ResolveAs::Succeeded, make_value(Json{{"id", 2}}), somebody()};
        case 3:
            return Resolve{step, ResolveAs::Compensated, nullptr, somebody()};
        case 4:
            return Resolve{step, ResolveAs::Skipped, nullptr, somebody()};
        case 5:
            return one_in(random, 4) ? Event(Abandon{somebody()}) : Event(Cancel{somebody()});
        case 6:
            return Suspend{somebody()};
        default:
            return Resume{somebody()};
    }
}

Event performed(Random& random, Played& saga, const Effect& effect) {
    if (const auto* call = std::get_if<Call>(&effect)) {
        if (one_in(random, 12)) return Unsendable{call->step, call->phase, call->attempt, "no x"};
        if (one_in(random, 12)) return random_callback(random, call->step, call->phase);
        return Answered{call->step, call->phase, call->attempt, random_answer(random)};
    }
    if (const auto* settle = std::get_if<Settle>(&effect)) {
        if (one_in(random, 6)) return random_callback(random, settle->step, Phase::Action);
        return Answered{settle->step, Phase::Action, settle->attempt, random_answer(random)};
    }
    if (const auto* child = std::get_if<Child>(&effect)) {
        if (one_in(random, 12)) {
            return Unsendable{child->step, child->phase, child->attempt, "no x"};
        }
        return Answered{child->step, child->phase, child->attempt,
                        random_answer_of_child(random, child->wish)};
    }
    if (const auto* wake = std::get_if<WakeStep>(&effect)) {
        const bool may_call_back = is_awaiting(saga, wake->step) || one_in(random, 6);
        if (may_call_back && !one_in(random, 4)) {
            return random_word(random, saga, wake->step, wake->phase);
        }
        saga.advance(std::max(wake->at - saga.now(), Milliseconds{0}));
        return Due{wake->step, wake->phase, wake->attempt};
    }
    if (std::holds_alternative<HoldLock>(effect)) return LockGranted{};
    saga.advance(std::max(std::get<WakeDeadline>(effect).at - saga.now(), Milliseconds{0}));
    return DeadlinePassed{};
}

Event random_event(Random& random, Played& saga) {
    const std::vector<Effect> effects = owed(saga.definition(), saga.saga());
    if (!effects.empty() && !one_in(random, 4)) {
        return performed(random, saga,
                         effects[below(random, static_cast<std::uint32_t>(effects.size()))]);
    }
    return foreign_event(random, saga);
}

}  // namespace skald::sagas
