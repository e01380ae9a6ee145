#include <utility>

#include "sagas/time.h"
#include "tests/simulation/delivery_plans.h"
#include "tests/simulation/event_plans.h"
#include "tests/simulation/plans.h"

/// Plans and inputs in Skald's language.
namespace skald::simulation {
namespace {

using sagas::Json;

std::string text(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

Json retry(const StepPlan& step, const std::optional<std::uint32_t>& tries_max) {
    Json retry = {{"initial_interval", text(step.first_wait)},
                  {"maximum_interval", text(step.longest_wait)},
                  {"jitter", step.jitter}};
    if (tries_max) retry["maximum_attempts"] = *tries_max;
    return retry;
}

/// What the participant is told of the saga.
Json body(const DefinitionPlan& plan, const StepPlan& step) {
    Json body = {{"key", "$key"}, {"input", "$input"}};
    if (step.cannot_be_made) body["missing"] = "$input.missing";
    if (step.items) body["item"] = "{$index}: {$item}";
    for (const std::size_t before : step.after) {
        const std::string& name = plan.steps[before].name;
        body[name] = "$steps." + name + (plan.steps[before].items ? ".output" : ".output.n?");
    }
    return body;
}

Json call(const DefinitionPlan& plan, const StepPlan& step) {
    if (step.event) return event_call(step, Phase::Action, body(plan, step));
    const std::string url = "http://participant:80/" + step.name;
    Json http = {{"method", "POST"}, {"url", url}, {"body", body(plan, step)}};
    if (step.calls_back) http["reply"] = "callback";
    return {{"http", std::move(http)}};
}

/// The child is given our input as it is.
Json child(const std::string& definition) {
    return {{"saga", {{"definition", definition}, {"input", "$input"}}}};
}

Json action(const DefinitionPlan& plan, const StepPlan& step) {
    switch (step.kind) {
        case StepPlan::Kind::Call:
            return call(plan, step);
        case StepPlan::Kind::Wait:
            if (step.event) return event_wait(step);
            return {{"wait", step.wait_until ? Json{{"until", "$input." + *step.wait_until}}
                                             : Json{{"for", text(step.wait_for)}}}};
        case StepPlan::Kind::Child:
            break;
    }
    Json json = child(step.child);
    if (step.cannot_be_made) json["saga"]["input"] = Json{{"missing", "$input.missing"}};
    return json;
}

Json undo_by_event(const StepPlan& step) {
    Json data = {{"key", "$key"},
                 {"action", "$action_key"},
                 {"of_child", step.kind == StepPlan::Kind::Child}};
    Json json = event_call(step, Phase::Undo, std::move(data));
    if (step.undo_event->reply) json["retry"] = retry(step, step.undo_tries_max);
    return json;
}

Json undo(const StepPlan& step) {
    if (step.undo_event) return undo_by_event(step);
    const bool is_of_child = step.kind == StepPlan::Kind::Child;
    const std::string url = "http://participant:80/" + step.name +
                            std::string(is_of_child ? kUndoOfChild : "") + "/{$action_key}";
    Json http = {{"method", step.undo_is_delete ? "DELETE" : "POST"}, {"url", url}};
    Json json = {{"timeout", "400ms"}, {"retry", retry(step, step.undo_tries_max)}};
    if (step.undo_calls_back) {
        http["reply"] = "callback";
        json["callback_timeout"] = text(step.undo_callback_timeout);
    }
    json["http"] = std::move(http);
    return json;
}

Json outcome_rules(const StepPlan& step) {
    Json rules = Json::array();
    const auto add = [&rules](int status, const char* is) {
        if (status == 0) return;
        rules.push_back({{"when", "$response.status == " + std::to_string(status)}, {"is", is}});
    };
    add(step.failure_status, "failure");
    add(step.unknown_status, "unknown");
    return rules;
}

void add_call_fields(const StepPlan& step, Json& json) {
    if (step.event) {
        if (step.event->reply) json["retry"] = retry(step, step.tries_max);
        return;
    }
    json["timeout"] = "500ms";
    json["retry"] = retry(step, step.tries_max);
    if (step.calls_back) json["callback_timeout"] = text(step.callback_timeout);
    if (Json rules = outcome_rules(step); !rules.empty()) json["outcome"] = std::move(rules);
}

void add_undo(const StepPlan& step, Json& json) {
    switch (step.undo) {
        case StepPlan::Undo::NotSaid:
            break;
        case StepPlan::Undo::Nothing:
            json["compensation"] = "none";
            break;
        case StepPlan::Undo::Call:
            json["compensation"] = undo(step);
            break;
        case StepPlan::Undo::Child:
            json["compensation"] = child(step.undo_child);
            break;
    }
}

Json document(const DefinitionPlan& plan, const StepPlan& step) {
    Json after = Json::array();
    for (const std::size_t before : step.after) after.push_back(plan.steps[before].name);
    Json json = {{"name", step.name}, {"after", std::move(after)}, {"action", action(plan, step)}};
    if (step.kind == StepPlan::Kind::Call) add_call_fields(step, json);
    if (step.is_pivot) json["pivot"] = true;
    if (step.is_optional) json["optional"] = true;
    if (step.parks_in_doubt) json["in_doubt"] = "park";
    if (step.when) json["when"] = "$input." + *step.when;
    if (step.output_fails) json["output"] = Json{{"n", "$response.body.missing"}};
    if (step.items) {
        json["for_each"] = "$input." + *step.items;
        json["max_parallel"] = step.max_parallel;
    }
    add_undo(step, json);
    return json;
}

}  // namespace

sagas::Json document(const DefinitionPlan& plan) {
    Json steps = Json::array();
    for (const StepPlan& step : plan.steps) steps.push_back(document(plan, step));
    Json json = {{"name", plan.name}, {"steps", std::move(steps)}};
    if (plan.deadline) json["deadline"] = text(*plan.deadline);
    if (plan.has_lock) json["lock"] = "$input.lock";
    if (!plan.triggers.empty()) json["triggers"] = trigger_documents(plan);
    return json;
}

sagas::Json input_of(const StartPlan& start) {
    Json input = Json::object();
    for (const auto& [name, value] : start.input) input[name] = value;
    for (const auto& [name, length] : start.items) {
        Json list = Json::array();
        for (std::uint32_t i = 0; i < length; ++i) list.push_back("item " + std::to_string(i));
        input[name] = std::move(list);
    }
    for (const auto& [name, time] : start.times) {
        input[name] = sagas::to_rfc3339(sagas::Timestamp{std::chrono::milliseconds{time}});
    }
    if (!start.lock.empty()) input["lock"] = start.lock;
    input["order"] = order_of(start);
    input["number"] = start.number;
    input["group"] = start.group;
    return input;
}

}  // namespace skald::simulation
