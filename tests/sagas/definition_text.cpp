#include "tests/sagas/definition_text.h"

#include "sagas/saga.h"

namespace skald::sagas {
namespace {

Json indices(const std::vector<StepIndex>& steps) {
    Json json = Json::array();
    for (const StepIndex step : steps) json.push_back(to_size(step));
    return json;
}

/// Paths with the step that they are bound to.
Json bound(const std::vector<Path>& paths) {
    Json json = Json::array();
    for (const Path& path : paths) json.push_back({path.text, to_size(path.root.step)});
    return json;
}

Json of(const Template& text) {
    std::vector<Path> paths;
    for (const Template::Use& use : text.uses()) paths.push_back(use.path);
    return {{"document", text.document()}, {"paths", bound(paths)}};
}

Json of(const std::optional<Template>& text) { return text ? of(*text) : Json(); }

Json of(const Condition& condition) {
    return {{"text", condition.text()}, {"paths", bound(condition.uses())}};
}

Json of(const std::vector<std::pair<std::string, Template>>& texts) {
    Json json = Json::array();
    for (const auto& [name, text] : texts) json.push_back({name, of(text)});
    return json;
}

Json of(const HttpCall& call) {
    return {{"method", call.method},
            {"https", call.scheme == HttpCall::Scheme::Https},
            {"host", call.host},
            {"port", call.port},
            {"target", of(call.target)},
            {"query", of(call.query)},
            {"headers", of(call.headers)},
            {"body", of(call.body)},
            {"is_called_back", call.reply == ReplyMode::Callback}};
}

Json of(const AwaitedEvent& event) {
    const Json match =
        event.match ? Json{{"event", bound({event.match->event})}, {"saga", of(event.match->saga)}}
                    : Json();
    return {{"topic", event.topic},
            {"success", event.success},
            {"failure", event.failure},
            {"match", match}};
}

Json of(const EventCall& call) {
    return {{"topic", call.topic},
            {"type", call.type},
            {"subject", of(call.subject)},
            {"data", of(call.data)},
            {"reply", call.reply ? of(*call.reply) : Json()}};
}

Json of(Milliseconds length) { return {{"for", length.count()}}; }

Json of(const Wait& wait) {
    return std::visit([](const auto& until) { return Json{{"until", of(until)}}; }, wait.until);
}

Json of(const ChildSaga& child) { return {{"saga", child.definition}, {"input", of(child.input)}}; }

template <typename... Kinds>
Json of(const std::variant<Kinds...>& kinds) {
    return std::visit([](const auto& kind) { return of(kind); }, kinds);
}

Json of(const std::optional<ForEach>& for_each) {
    if (!for_each) return nullptr;
    return {{"items", of(for_each->items)}, {"max_parallel", for_each->max_parallel}};
}

Json of(const RetryPolicy& policy) {
    return {{"attempts", policy.maximum_attempts ? Json(*policy.maximum_attempts) : Json()},
            {"initial", policy.initial_interval.count()},
            {"coefficient", policy.backoff_coefficient},
            {"maximum", policy.maximum_interval.count()},
            {"jitter", policy.jitter}};
}

Json undo_json(const Undo& undo) {
    if (std::holds_alternative<NoCompensation>(undo)) return nullptr;
    if (std::holds_alternative<NothingToUndo>(undo)) return "none";
    const auto& compensation = std::get<Compensation>(undo);
    return {{"call", of(compensation.call)},
            {"timeout", compensation.timeout.count()},
            {"callback_timeout", compensation.callback_timeout.count()},
            {"retry", of(compensation.retry)}};
}

Json of(const Step& step) {
    Json outcome = Json::array();
    for (const OutcomeRule& rule : step.outcome) {
        outcome.push_back({of(rule.when), to_text(rule.is)});
    }
    return {{"name", step.name},
            {"after", indices(step.after)},
            {"before", indices(step.before)},
            {"when", step.when ? of(*step.when) : Json()},
            {"for_each", of(step.for_each)},
            {"action", of(step.action)},
            {"undo", undo_json(step.undo)},
            {"output", of(step.output)},
            {"timeout", step.timeout.count()},
            {"callback_timeout", step.callback_timeout.count()},
            {"retry", of(step.retry)},
            {"outcome", outcome},
            {"position", static_cast<int>(step.position)},
            {"optional", step.necessity == Necessity::Optional},
            {"parks", step.in_doubt == InDoubtPolicy::Park}};
}

Json of(const Sensitive& sensitive) {
    Json steps = Json::array();
    for (const Sensitive::OfStep& step : sensitive.steps) {
        steps.push_back({step.body, step.output, step.items, step.hides_replies});
    }
    Json elements = Json::array();
    for (const Sensitive::OfStep& element : sensitive.elements) {
        elements.push_back({element.body, element.output, element.items, element.hides_replies});
    }
    return {sensitive.input, sensitive.output, steps, elements};
}

}  // namespace

Json to_json(const Definition& definition) {
    Json steps = Json::array();
    for (const Step& step : definition.steps) steps.push_back(of(step));
    Json labels = Json::object();
    for (const auto& [name, text] : definition.labels) labels[name] = of(text);
    Json triggers = Json::array();
    for (const Trigger& trigger : definition.triggers) {
        triggers.push_back({trigger.topic, trigger.type, of(trigger.input)});
    }
    return {{"name", definition.name},
            {"description", definition.description},
            {"steps", steps},
            {"order", indices(definition.order)},
            {"pivot", definition.pivot ? Json(to_size(*definition.pivot)) : Json()},
            {"deadline", definition.deadline ? Json(definition.deadline->count()) : Json()},
            {"labels", labels},
            {"lock", of(definition.lock)},
            {"output", of(definition.output)},
            {"sensitive", of(definition.sensitive)},
            {"triggers", triggers},
            {"has_events", definition.has_events},
            {"has_schema", definition.input_schema != nullptr}};
}

}  // namespace skald::sagas
