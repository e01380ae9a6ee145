#include <algorithm>
#include <limits>

#include "sagas/event_match.h"
#include "sagas/input_schema.h"
#include "sagas/lint.h"
#include "sagas/step_graph.h"
#include "sagas/stored_parts.h"

namespace skald::sagas {
namespace {

constexpr Milliseconds kLongest = std::chrono::days{36'500};

class Loader {
 public:
    explicit Loader(const Json& filled) : filled_(filled) {}

    Result<std::shared_ptr<const Definition>> run() {
        auto definition = std::make_shared<Definition>();
        ObjectReader reader(filled_, "", problems_);
        if (reader.is_object()) read(reader, *definition);
        if (problems_.is_empty()) finish(*definition);
        if (problems_.is_empty()) {
            definition->sensitive = trace_sensitive(*definition, sensitive_);
        }
        if (!problems_.is_empty()) return corrupt();
        return definition;
    }

 private:
    tl::unexpected<Error> corrupt() {
        const Problem first = problems_.take().front();
        return fail(ErrorCode::Corruption,
                    "stored definition at \"" + first.pointer + "\": " + first.detail);
    }

    void read(ObjectReader& reader, Definition& definition) {
        definition.name = parts_.text(reader, "name");
        definition.description = parts_.text(reader, "description");
        definition.deadline = reader.duration("deadline", Milliseconds{0}, kLongest);
        read_input_schema(reader, definition);
        const Json* const steps = reader.array("steps");
        if (steps == nullptr || steps->empty() || steps->size() > kStepsMax) {
            problems_.add("no-steps", reader.pointer("steps"), "no steps, or too many");
            return;
        }
        read_names(*steps);
        for (std::size_t i = 0; i < steps->size(); ++i) {
            read_step((*steps)[i], "/steps/" + std::to_string(i), i, definition);
        }
        if (const Json* const labels = reader.any("labels")) {
            for (auto& [name, text] : parts_.texts(*labels, reader.pointer("labels"))) {
                definition.labels.emplace(std::move(name), std::move(text));
            }
        }
        if (reader.text("lock") != nullptr) definition.lock = parts_.any_template(reader, "lock");
        definition.output = parts_.any_template(reader, "output");
        read_sensitive(reader);
        read_triggers(reader, definition);
        reader.refuse_others();
    }

    void read_input_schema(ObjectReader& reader, Definition& definition) {
        const Json* const schema = reader.any("input_schema");
        if (schema == nullptr) return;
        std::vector<Problem> found;
        definition.input_schema =
            compile_input_schema(*schema, reader.pointer("input_schema"), found);
        for (const Problem& problem : found) {
            problems_.add(problem.code, problem.pointer, problem.detail);
        }
    }

    void read_sensitive(ObjectReader& reader) {
        const Json* const json = reader.array("sensitive");
        if (json == nullptr) return;
        for (const Json& entry : *json) {
            auto pointer = read_sensitive_pointer(entry.is_string() ? entry.get<std::string>()
                                                                    : std::string());
            if (pointer) {
                sensitive_.push_back(std::move(*pointer));
            } else {
                problems_.add("bad-pointer", reader.pointer("sensitive"), pointer.error().message);
            }
        }
    }

    void read_triggers(ObjectReader& reader, Definition& definition) {
        const Json* const json = reader.array("triggers");
        if (json == nullptr) return;
        for (std::size_t i = 0; i < json->size(); ++i) {
            std::optional<Trigger> trigger =
                parts_.trigger((*json)[i], reader.pointer("triggers") + '/' + std::to_string(i));
            if (trigger) definition.triggers.push_back(std::move(*trigger));
        }
    }

    void read_names(const Json& steps) {
        for (const Json& step : steps) {
            const auto name = step.is_object() ? step.find("name") : step.end();
            const bool is_good = name != step.end() && name->is_string() &&
                                 std::find(names_.begin(), names_.end(), *name) == names_.end();
            if (!is_good) {
                problems_.add("bad-name", "/steps/" + std::to_string(names_.size()) + "/name",
                              "no name of its own");
            }
            names_.push_back(is_good ? name->get<std::string>() : std::string());
        }
    }

    void read_step(const Json& json, const std::string& pointer, std::size_t index,
                   Definition& definition) {
        ObjectReader reader(json, pointer, problems_);
        reader.any("name");
        std::vector<StepIndex> after = read_after(reader);
        auto action = read_action(reader);
        std::optional<Condition> when = parts_.any_condition(reader, "when");
        const bool is_optional = parts_.flag(reader, "optional");
        if (parts_.flag(reader, "pivot")) {
            if (definition.pivot) problems_.add("second-pivot", pointer, "a second pivot");
            definition.pivot = StepIndex{static_cast<std::uint32_t>(index)};
        }
        if (!action) return;
        Step step{.name = names_[index],
                  .after = std::move(after),
                  .before = {},
                  .when = std::move(when),
                  .for_each = {},
                  .action = std::move(action->action),
                  .undo = {},
                  .output = {},
                  .retry = {},
                  .outcome = {},
                  .necessity = is_optional ? Necessity::Optional : Necessity::Required};
        read_call_fields(reader, parts_.tries(reader, {step.action, action->awaits}), step);
        reader.refuse_others();
        definition.steps.push_back(std::move(step));
    }

    /// What only some kinds of action have.
    void read_call_fields(ObjectReader& reader, const StoredParts::Tries& tries, Step& step) {
        step.timeout = tries.timeout;
        step.callback_timeout = tries.callback_timeout;
        step.retry = tries.retry;
        const auto* const wait = std::get_if<Wait>(&step.action);
        const auto* const event = std::get_if<EventCall>(&step.action);
        const bool is_pause = wait != nullptr && !std::holds_alternative<AwaitedEvent>(wait->until);
        const bool is_answered = !is_pause && (event == nullptr || event->reply);
        if (is_answered) step.output = parts_.any_template(reader, "output");
        if (wait != nullptr) return;
        if (std::holds_alternative<HttpCall>(step.action)) step.outcome = parts_.outcome(reader);
        step.undo = read_undo(reader);
        if (is_answered) read_in_doubt(reader, step);
        read_for_each(reader, step);
    }

    void read_in_doubt(ObjectReader& reader, Step& step) {
        const std::string in_doubt = parts_.text(reader, "in_doubt");
        if (in_doubt != "park" && in_doubt != "compensate") {
            problems_.add("bad-value", reader.pointer("in_doubt"), "no such value");
        }
        step.in_doubt = in_doubt == "park" ? InDoubtPolicy::Park : InDoubtPolicy::Compensate;
    }

    void read_for_each(ObjectReader& reader, Step& step) {
        if (reader.text("for_each") == nullptr) return;
        std::optional<Template> items = parts_.any_template(reader, "for_each");
        const auto max_parallel =
            reader.count("max_parallel", std::numeric_limits<std::uint32_t>::max());
        if (!items || !max_parallel) {
            problems_.add("missing-field", reader.pointer("max_parallel"), "the field is missing");
            return;
        }
        step.for_each = ForEach{std::move(*items), *max_parallel};
    }

    std::vector<StepIndex> read_after(ObjectReader& reader) {
        std::vector<StepIndex> after;
        const Json* const json = reader.array("after");
        if (json == nullptr) {
            problems_.add("missing-field", reader.pointer("after"), "the field is missing");
            return after;
        }
        for (const Json& name : *json) {
            const auto found = std::find(names_.begin(), names_.end(), name);
            if (found == names_.end()) {
                problems_.add("unknown-step", reader.pointer("after"), "no such step");
                continue;
            }
            after.push_back(StepIndex{static_cast<std::uint32_t>(found - names_.begin())});
        }
        return after;
    }

    std::optional<StoredParts::StoredAction> read_action(ObjectReader& step) {
        const Json* const json = step.any("action");
        if (json == nullptr) {
            problems_.add("missing-field", step.pointer("action"), "the field is missing");
            return std::nullopt;
        }
        ObjectReader reader(*json, step.pointer("action"), problems_);
        auto action = parts_.action(reader);
        reader.refuse_others();
        return action;
    }

    Undo read_undo(ObjectReader& step) {
        const Json* const json = step.any("compensation");
        if (json == nullptr) return NoCompensation{};
        if (*json == "none") return NothingToUndo{};
        ObjectReader reader(*json, step.pointer("compensation"), problems_);
        auto action = parts_.action(reader);
        if (!action) return NoCompensation{};
        const StoredParts::Tries tries = parts_.tries(reader, *action);
        reader.refuse_others();
        if (std::holds_alternative<Wait>(action->action)) {
            problems_.add("bad-value", reader.pointer(), "a wait undoes nothing");
            return NoCompensation{};
        }
        return Compensation{call_of(std::move(action->action)), tries.timeout,
                            tries.callback_timeout, tries.retry};
    }

    /// Precondition: it is no wait.
    static decltype(Compensation::call) call_of(Action action) {
        if (auto* const child = std::get_if<ChildSaga>(&action)) return std::move(*child);
        if (auto* const event = std::get_if<EventCall>(&action)) return std::move(*event);
        return std::get<HttpCall>(std::move(action));
    }

    /// What follows from the steps' order.
    void finish(Definition& definition) {
        std::vector<std::vector<std::size_t>> after(definition.steps.size());
        for (std::size_t i = 0; i < after.size(); ++i) {
            for (const StepIndex earlier : definition.steps[i].after) {
                after[i].push_back(to_size(earlier));
                definition.steps[to_size(earlier)].before.push_back(
                    StepIndex{static_cast<std::uint32_t>(i)});
            }
        }
        const StepGraph graph(after);
        for (std::size_t i = 0; i < after.size(); ++i) {
            if (!graph.is_in_cycle(i)) continue;
            problems_.add("cycle", "/steps/" + std::to_string(i) + "/after", "a cycle");
            return;
        }
        for (const std::size_t step : graph.order()) {
            definition.order.push_back(StepIndex{static_cast<std::uint32_t>(step)});
        }
        definition.has_events =
            std::any_of(definition.steps.begin(), definition.steps.end(), has_event);
        if (!definition.pivot) return;
        const std::size_t pivot = to_size(*definition.pivot);
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            if (i == pivot) definition.steps[i].position = Position::Pivot;
            if (graph.is_ancestor(pivot, i)) definition.steps[i].position = Position::After;
        }
    }

    static bool has_event(const Step& step) {
        return event_called(step, Phase::Action) != nullptr ||
               event_called(step, Phase::Compensation) != nullptr ||
               awaited_event(step, Phase::Action) != nullptr;
    }

    const Json& filled_;
    Problems problems_;
    std::vector<std::string> names_;
    StoredParts parts_{names_, problems_};
    std::vector<SensitivePointer> sensitive_;
};

}  // namespace

Result<std::shared_ptr<const Definition>> load_definition(const Json& filled) {
    return Loader(filled).run();
}

}  // namespace skald::sagas
