#include "api/replay_view.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

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
        if (definition.steps[at].name == step) return saga.steps[at].attempts > 0;
    }
    return false;
}

const sagas::Json* find_step(const sagas::Json& definition, const std::string& name) {
    const sagas::Json& steps = definition["steps"];
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [&name](const auto& step) { return step["name"] == name; });
    return found == steps.end() ? nullptr : &*found;
}

}  // namespace

Document standing_effects(const sagas::Definition& definition, const sagas::Saga& saga) {
    Document effects = Document::array();
    for (const StepIndex index : definition.order) {
        const sagas::Step& step = definition.step(index);
        const sagas::StepRun& run = saga.step(index);
        if (std::holds_alternative<sagas::NothingToUndo>(step.undo)) continue;
        const auto what = std::visit(Standing(run), run.state);
        if (!what) continue;
        effects.push_back(
            {{"step", step.name},
             {"status", sagas::status_text(run.state)},
             {"key", sagas::idempotency_key(definition, saga, index, sagas::Phase::Action)},
             {"what", *what}});
    }
    return effects;
}

Document calls_to_come(const engine::Version& version, const sagas::Json& filled,
                       const std::string& id, const sagas::Definition& old_definition,
                       const sagas::Saga& old) {
    Document calls = Document::array();
    for (const StepIndex index : version.definition.order) {
        const std::string& name = version.definition.step(index).name;
        Document call{{"step", name}};
        if (const sagas::Json* step = find_step(filled, name)) {
            const sagas::Json& http = (*step)["action"]["http"];
            call["method"] = http.value("method", "");
            call["url"] = http.value("url", "");
        }
        call["key"] = id + "/" + name + "/action";
        call["ran_before"] = ran_before(name, old_definition, old);
        calls.push_back(std::move(call));
    }
    return calls;
}

}  // namespace skald::api
