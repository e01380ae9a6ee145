#include "tests/simulation/event_plans.h"

#include <iterator>
#include <utility>

namespace skald::simulation {
namespace {

using sagas::Json;

constexpr const char* kCommands[] = {"orders.commands", "stock_commands"};
constexpr const char* kReplies[] = {"orders.events", "stock-events"};
constexpr const char* kSignals = "signals";

Time draw_timeout(Random& random, std::int64_t least, std::int64_t most) {
    // Long: what is parked waits for it.
    return Time{random.one_in(4) ? random.between(31'000, 100'000) : random.between(least, most)};
}

AwaitedPlan draw_reply(Random& random, Findable findable, const StepPlan& step,
                       const std::string& commands) {
    AwaitedPlan reply;
    reply.topic = random.one_in(4) ? commands : kReplies[random.below(std::size(kReplies))];
    reply.success = {"done"};
    if (random.one_in(3)) reply.success.emplace_back("settled");
    if (!random.one_in(4)) reply.failure = {"refused"};
    if (!reply.failure.empty() && random.one_in(3)) reply.failure.emplace_back("gone");
    if (findable == Findable::ByValueToo && random.one_in(2)) {
        const bool is_one = !step.items;
        reply.by = is_one && random.one_in(2) ? MatchBy::Number : MatchBy::Order;
    }
    return reply;
}

EventPlan draw_call(Random& random, Findable findable, const StepPlan& step, const char* type) {
    EventPlan event{kCommands[random.below(std::size(kCommands))], type, std::nullopt};
    if (!random.one_in(6)) event.reply = draw_reply(random, findable, step, event.topic);
    return event;
}

Json types(const std::vector<std::string>& types) {
    return {{"type", types.size() == 1 ? Json(types[0]) : Json(types)}};
}

std::string event_time(Time time) { return std::to_string(time.count()) + "ms"; }

std::string order_template(const StepPlan& step, Phase phase) {
    return "{$input.order}/" + step.name + (step.items ? "/{$index}" : "") +
           (phase == Phase::Undo ? "/undo" : "");
}

std::string number_member(const StepPlan& step, Phase phase) {
    return (phase == Phase::Undo ? "undo_" : "") + step.name;
}

/// Null: by the saga's id.
Json member(const StepPlan& step, Phase phase, MatchBy by) {
    if (by == MatchBy::Order) return "order";
    if (by == MatchBy::Number) return number_member(step, phase);
    return by == MatchBy::Group ? Json("group") : Json();
}

std::string saga_side(const StepPlan& step, Phase phase, MatchBy by) {
    if (by == MatchBy::Order) return order_template(step, phase);
    return by == MatchBy::Number ? "$input.number" : "{$input.group}/" + step.name;
}

Json awaited(const StepPlan& step, Phase phase, const AwaitedPlan& plan, Time timeout) {
    Json json = {
        {"topic", plan.topic}, {"success", types(plan.success)}, {"timeout", event_time(timeout)}};
    if (!plan.failure.empty()) json["failure"] = types(plan.failure);
    if (plan.by != MatchBy::Saga) {
        const std::string path = member(step, phase, plan.by).get<std::string>();
        json["match"] = {{"event", "$event.data." + path},
                         {"saga", saga_side(step, phase, plan.by)}};
    }
    return json;
}

Json answer(const StepPlan& step, Phase phase, const AwaitedPlan& plan) {
    return {{"topic", plan.topic},
            {"success", plan.success},
            {"failure", plan.failure},
            {"member", member(step, phase, plan.by)}};
}

}  // namespace

void make_event_action(Random& random, Findable findable, StepPlan& step) {
    step.calls_back = false;
    step.failure_status = step.unknown_status = 0;
    step.event = draw_call(random, findable, step, "act");
    step.callback_timeout = draw_timeout(random, 300, 4'000);
    if (!step.event->reply) {
        step.tries_max = 1;
        step.parks_in_doubt = step.output_fails = false;
    } else if (!step.tries_max) {
        step.event->reply->failure = {"refused"};  // A refusal must not be silence for ever.
    }
}

void make_event_undo(Random& random, Findable findable, StepPlan& step) {
    step.undo_calls_back = step.undo_is_delete = false;
    step.undo_event = draw_call(random, findable, step, "undo");
    step.undo_callback_timeout = draw_timeout(random, 300, 4'000);
    if (!step.undo_event->reply) step.undo_tries_max = 1;
}

void make_event_wait(Random& random, StepPlan& step) {
    AwaitedPlan awaited;
    awaited.topic = random.one_in(4) ? kReplies[0] : kSignals;
    awaited.success = {"go"};
    if (random.one_in(3)) awaited.success.emplace_back("go_on");
    if (random.one_in(2)) awaited.failure = {"stop"};
    awaited.by = random.one_in(2) ? MatchBy::Group : MatchBy::Saga;
    step.cannot_be_made = awaited.by == MatchBy::Group && random.one_in(12);
    step.event = EventPlan{"", "", std::move(awaited)};
    step.wait_until.reset();
    step.wait_for = Time{0};
    step.callback_timeout = draw_timeout(random, 500, 8'000);
}

Json event_call(const StepPlan& step, Phase phase, Json data) {
    const EventPlan& plan = phase == Phase::Action ? *step.event : *step.undo_event;
    data["order"] = order_template(step, phase);
    data["number"] = "$input.number";
    data["answer"] = plan.reply ? answer(step, phase, *plan.reply) : Json();
    Json event = {{"topic", plan.topic},
                  {"type", plan.type},
                  {"subject", "$input.order"},
                  {"data", std::move(data)}};
    const Time timeout =
        phase == Phase::Action ? step.callback_timeout : step.undo_callback_timeout;
    if (plan.reply) event["reply"] = awaited(step, phase, *plan.reply, timeout);
    return {{"event", std::move(event)}};
}

Json event_wait(const StepPlan& step) {
    Json json = awaited(step, Phase::Action, *step.event->reply, step.callback_timeout);
    if (step.cannot_be_made) json["match"]["saga"] = "$input.missing";
    return {{"wait", {{"event", std::move(json)}}}};
}

std::string order_of(const StartPlan& start) { return "o-" + std::to_string(start.number); }

std::set<std::string> topics_of(const std::vector<DefinitionPlan>& plans) {
    std::set<std::string> topics;
    const auto add = [&topics](const std::optional<EventPlan>& event) {
        if (!event) return;
        if (!event->topic.empty()) topics.insert(event->topic);
        if (event->reply) topics.insert(event->reply->topic);
    };
    for (const DefinitionPlan& plan : plans) {
        for (const StepPlan& step : plan.steps) {
            add(step.event);
            add(step.undo_event);
        }
    }
    return topics;
}

}  // namespace skald::simulation
