#include "api/replay_view.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "api/saga_surroundings.h"
#include "api/step_place.h"

namespace skald::api {
namespace {

using sagas::StepIndex;

/// What stands of one step, for people; none: nothing does.
class Standing {
 public:
    explicit Standing(const sagas::StepRun& run) : run_(run) {}

    std::optional<std::string> operator()(const sagas::Succeeded&) const {
        return "it took effect, and was not undone";
    }
    std::optional<std::string> operator()(const sagas::InDoubt&) const { return kMaybe; }
    std::optional<std::string> operator()(const sagas::Settling&) const { return kMaybe; }
    std::optional<std::string> operator()(const sagas::StuckAction& state) const {
        if (run_.has_taken_effect) return "it took effect, and was not undone";
        return state.is_doubtful ? std::optional<std::string>(kMaybe) : std::nullopt;
    }
    std::optional<std::string> operator()(const sagas::Skipped&) const {
        if (run_.attempts == 0) return std::nullopt;  // Its `when` was false.
        return "an operator went on without it; it may have taken effect";
    }
    std::optional<std::string> operator()(const sagas::StuckCompensation&) const {
        return "its compensation did not succeed";
    }
    std::optional<std::string> operator()(const sagas::Compensated& state) const {
        if (state.by != sagas::UndoneBy::Waived) return std::nullopt;
        return "an operator left its effect as it is";
    }
    template <typename Other>
    std::optional<std::string> operator()(const Other&) const {
        return std::nullopt;
    }

 private:
    static constexpr const char* kMaybe = "it may have taken effect, and was not undone";
    const sagas::StepRun& run_;
};

bool ran_before(const std::string& step, const sagas::Definition& definition,
                const sagas::Saga& saga) {
    for (std::size_t at = 0; at < definition.steps.size(); ++at) {
        if (definition.steps[at].name == step) return saga.steps[at].started_at.has_value();
    }
    return false;
}

const sagas::Json* find_step(const sagas::Json& definition, const std::string& name) {
    const sagas::Json& steps = definition["steps"];
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [&name](const auto& step) { return step["name"] == name; });
    return found == steps.end() ? nullptr : &*found;
}

/// Adds what stands of a step or an element, if anything does.
void add_standing(Document& effects, const sagas::Definition& definition, const sagas::Saga& saga,
                  StepIndex place) {
    const sagas::StepRun& run = saga.step(place);
    const auto what = std::visit(Standing(run), run.state);
    if (!what) return;
    Document effect;
    set_place(effect, definition, place);
    effect["status"] = sagas::status_text(run.state);
    if (const auto child = child_of(definition, saga, place, sagas::Phase::Action)) {
        effect["child"] = child->id;
    } else {
        effect["key"] = sagas::idempotency_key(definition, saga, place, sagas::Phase::Action);
    }
    effect["what"] = *what;
    effects.push_back(std::move(effect));
}

/// What the step does, as its filled document says it. `call_key`: its key without the phase.
void set_action(Document& call, const sagas::Json& step, const std::string& call_key) {
    const sagas::Json& action = step.at("action");
    if (const auto http = action.find("http"); http != action.end()) {
        call["method"] = http->value("method", "");
        call["url"] = http->value("url", "");
        call["key"] = call_key + "/action";
    } else if (const auto event = action.find("event"); event != action.end()) {
        call["event"] = {{"topic", event->value("topic", "")}, {"type", event->value("type", "")}};
        call["key"] = call_key + "/action";
    } else if (const auto wait = action.find("wait"); wait != action.end()) {
        call["wait"] = Document(*wait);
    } else if (const auto child = action.find("saga"); child != action.end()) {
        call["child"] = child->value("definition", "");
    }
}

}  // namespace

Document standing_effects(const sagas::Definition& definition, const sagas::Saga& saga) {
    Document effects = Document::array();
    for (const StepIndex index : definition.order) {
        const sagas::Step& step = definition.step(index);
        const bool has_no_effect = std::holds_alternative<sagas::NothingToUndo>(step.undo) ||
                                   std::holds_alternative<sagas::Wait>(step.action);
        if (has_no_effect) continue;
        const std::size_t elements = saga.step(index).elements.size();
        if (elements == 0) add_standing(effects, definition, saga, index);
        for (std::size_t item = 0; item < elements; ++item) {
            add_standing(effects, definition, saga, sagas::element_of(index, item));
        }
    }
    return effects;
}

Document calls_to_come(const engine::Version& version, const sagas::Json& filled,
                       const std::string& id, const sagas::Definition& old_definition,
                       const sagas::Saga& old) {
    Document calls = Document::array();
    for (const StepIndex index : version.definition.order) {
        const sagas::Step& step = version.definition.step(index);
        Document call{{"step", step.name}};
        if (step.for_each) call["for_each"] = Document(step.for_each->items.document());
        if (const sagas::Json* document = find_step(filled, step.name)) {
            set_action(call, *document, id + "/" + step.name + (step.for_each ? "/{index}" : ""));
        }
        call["ran_before"] = ran_before(step.name, old_definition, old);
        calls.push_back(std::move(call));
    }
    return calls;
}

}  // namespace skald::api
