#include "tests/simulation/plans.h"

#include <utility>

namespace skald::simulation {
namespace {

using sagas::Json;

constexpr const char* kMembers[] = {"w0", "w1", "w2"};

std::string text(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

std::vector<std::size_t> some_before(Random& random, std::size_t index,
                                     std::optional<std::size_t> pivot) {
    std::vector<std::size_t> after;
    for (std::size_t other = 0; other < index; ++other) {
        const bool must = pivot && (index == *pivot || (index > *pivot && other == *pivot));
        const bool may = !pivot || index < *pivot || other >= *pivot;
        if (must || (may && random.one_in(2))) after.push_back(other);
    }
    return after;
}

StepPlan make_step(Random& random, std::size_t index, std::optional<std::size_t> pivot) {
    StepPlan step;
    step.name = "s" + std::to_string(index);
    step.after = some_before(random, index, pivot);
    step.is_pivot = pivot == index;
    const bool is_after = pivot && index > *pivot;
    if (is_after || (step.is_pivot && !random.one_in(3))) {
        step.undo = StepPlan::Undo::NotSaid;
    } else if (random.one_in(6)) {
        step.undo = StepPlan::Undo::Nothing;
    }
    step.undo_is_delete = random.one_in(3);
    step.is_optional = !step.is_pivot && random.one_in(7);
    step.parks_in_doubt = !step.is_optional && random.one_in(6);
    if (random.one_in(6)) step.when = kMembers[random.below(std::size(kMembers))];
    const bool has_limit = !is_after || step.is_optional || random.one_in(3);
    if (has_limit) step.tries_max = 1 + random.below(5);
    if (step.is_optional || random.one_in(5)) step.undo_tries_max = 1 + random.below(4);
    step.first_wait = Time{random.between(1, 400)};
    step.longest_wait = std::max(step.first_wait, Time{random.between(100, 5'000)});
    step.jitter = random.one_in(2) ? 0.0 : 0.25;
    step.cannot_be_made = random.one_in(20);
    step.output_fails = random.one_in(12);
    if (random.one_in(5)) step.failure_status = 404;
    if (random.one_in(6)) step.unknown_status = 418;
    return step;
}

Json retry(const StepPlan& step, const std::optional<std::uint32_t>& tries_max) {
    Json retry = {{"initial_interval", text(step.first_wait)},
                  {"maximum_interval", text(step.longest_wait)},
                  {"jitter", step.jitter}};
    if (tries_max) retry["maximum_attempts"] = *tries_max;
    return retry;
}

Json call(const DefinitionPlan& plan, const StepPlan& step) {
    const std::string url = "http://participant:80/" + step.name;
    Json body = {{"key", "$key"}, {"input", "$input"}};
    if (step.cannot_be_made) body["missing"] = "$input.missing";
    for (const std::size_t before : step.after) {
        const std::string& name = plan.steps[before].name;
        body[name] = "$steps." + name + ".output.n?";
    }
    return {{"http", {{"method", "POST"}, {"url", url}, {"body", std::move(body)}}}};
}

Json undo(const StepPlan& step) {
    const std::string url = "http://participant:80/" + step.name + "/{$action_key}";
    return {{"http", {{"method", step.undo_is_delete ? "DELETE" : "POST"}, {"url", url}}},
            {"timeout", "400ms"},
            {"retry", retry(step, step.undo_tries_max)}};
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

Json document(const DefinitionPlan& plan, const StepPlan& step) {
    Json after = Json::array();
    for (const std::size_t before : step.after) after.push_back(plan.steps[before].name);
    Json json = {{"name", step.name},
                 {"after", std::move(after)},
                 {"action", call(plan, step)},
                 {"timeout", "500ms"},
                 {"retry", retry(step, step.tries_max)}};
    if (step.is_pivot) json["pivot"] = true;
    if (step.is_optional) json["optional"] = true;
    if (step.parks_in_doubt) json["in_doubt"] = "park";
    if (step.when) json["when"] = "$input." + *step.when;
    if (step.output_fails) json["output"] = Json{{"n", "$response.body.missing"}};
    if (step.undo == StepPlan::Undo::Nothing) json["compensation"] = "none";
    if (step.undo == StepPlan::Undo::Call) json["compensation"] = undo(step);
    if (Json rules = outcome_rules(step); !rules.empty()) json["outcome"] = std::move(rules);
    return json;
}

}  // namespace

DefinitionPlan make_plan(Random& random, std::string name) {
    DefinitionPlan plan;
    plan.name = std::move(name);
    const std::size_t count = 1 + random.below(random.one_in(4) ? 7 : 4);
    std::optional<std::size_t> pivot;
    if (random.one_in(2)) pivot = random.below(count);
    for (std::size_t i = 0; i < count; ++i) plan.steps.push_back(make_step(random, i, pivot));
    if (random.one_in(4)) plan.deadline = Time{random.between(200, 20'000)};
    return plan;
}

sagas::Json document(const DefinitionPlan& plan) {
    Json steps = Json::array();
    for (const StepPlan& step : plan.steps) steps.push_back(document(plan, step));
    Json json = {{"name", plan.name}, {"steps", std::move(steps)}};
    if (plan.deadline) json["deadline"] = text(*plan.deadline);
    return json;
}

StartPlan make_start(Random& random, std::uint64_t number, std::size_t index,
                     const DefinitionPlan& definition) {
    StartPlan start{number, index, {}, random.one_in(2), {}, {}};
    if (start.is_id_of_client) start.id = "order-" + std::to_string(number);
    if (!start.is_id_of_client || random.one_in(3)) {
        start.request_key = "start-" + std::to_string(number);
    }
    for (const StepPlan& step : definition.steps) {
        if (step.when) start.input.emplace(*step.when, !random.one_in(3));
    }
    return start;
}

}  // namespace skald::simulation
