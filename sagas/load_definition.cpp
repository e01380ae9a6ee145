#include <algorithm>
#include <limits>

#include "sagas/input_schema.h"
#include "sagas/lint.h"
#include "sagas/object_reader.h"
#include "sagas/step_graph.h"
#include "sagas/url.h"

/// Reads what fill.cpp wrote: every field that has a default must be there, none may be unknown. No
/// limit of today is applied.
namespace skald::sagas {
namespace {

constexpr Milliseconds kAnyMin{0};
constexpr Milliseconds kAnyMax = std::chrono::days{36'500};

/// What the definition can't be built without.
template <typename T>
T needed(std::optional<T> value, const ObjectReader& reader, const char* field,
         Problems& problems) {
    if (!value && problems.is_empty()) {
        problems.add("missing-field", reader.pointer(field), "the field is missing");
    }
    return value.value_or(T{});
}

std::string needed_text(ObjectReader& reader, const char* field, Problems& problems) {
    const std::string* const text = reader.text(field);
    if (text == nullptr) {
        problems.add("missing-field", reader.pointer(field), "the field is missing");
        return {};
    }
    return *text;
}

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
        definition.name = needed_text(reader, "name", problems_);
        definition.description = needed_text(reader, "description", problems_);
        definition.deadline = reader.duration("deadline", kAnyMin, kAnyMax);
        if (const Json* const schema = reader.any("input_schema")) {
            std::vector<Problem> found;
            definition.input_schema =
                compile_input_schema(*schema, reader.pointer("input_schema"), found);
            for (const Problem& problem : found) {
                problems_.add(problem.code, problem.pointer, problem.detail);
            }
        }
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
            for (auto& [name, text] : read_texts(*labels, reader.pointer("labels"))) {
                definition.labels.emplace(std::move(name), std::move(text));
            }
        }
        definition.output = read_template(reader, "output");
        read_sensitive(reader);
        reader.refuse_others();
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
        std::optional<HttpCall> call = read_action(reader);
        Undo undo = read_undo(reader);
        std::optional<Template> output = read_template(reader, "output");
        std::optional<Condition> when = read_condition(reader, "when");
        const Milliseconds timeout =
            needed(reader.duration("timeout", kAnyMin, kAnyMax), reader, "timeout", problems_);
        const RetryPolicy retry = read_retry(reader);
        std::vector<OutcomeRule> outcome = read_outcome(reader);
        if (needed(reader.flag("pivot"), reader, "pivot", problems_)) {
            if (definition.pivot) problems_.add("second-pivot", pointer, "a second pivot");
            definition.pivot = StepIndex{static_cast<std::uint32_t>(index)};
        }
        const bool is_optional = needed(reader.flag("optional"), reader, "optional", problems_);
        const std::string in_doubt = needed_text(reader, "in_doubt", problems_);
        if (in_doubt != "park" && in_doubt != "compensate") {
            problems_.add("bad-value", reader.pointer("in_doubt"), "no such value");
        }
        reader.refuse_others();
        if (!call) return;
        definition.steps.push_back(
            Step{.name = names_[index],
                 .after = std::move(after),
                 .before = {},
                 .when = std::move(when),
                 .action = std::move(*call),
                 .undo = std::move(undo),
                 .output = std::move(output),
                 .timeout = timeout,
                 .retry = retry,
                 .outcome = std::move(outcome),
                 .position = Position::Before,
                 .necessity = is_optional ? Necessity::Optional : Necessity::Required,
                 .in_doubt = in_doubt == "park" ? InDoubtPolicy::Park : InDoubtPolicy::Compensate});
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

    std::optional<HttpCall> read_action(ObjectReader& step) {
        const Json* const json = step.any("action");
        if (json == nullptr) {
            problems_.add("missing-field", step.pointer("action"), "the field is missing");
            return std::nullopt;
        }
        ObjectReader reader(*json, step.pointer("action"), problems_);
        std::optional<HttpCall> call = read_http(reader);
        reader.refuse_others();
        return call;
    }

    Undo read_undo(ObjectReader& step) {
        const Json* const json = step.any("compensation");
        if (json == nullptr) return NoCompensation{};
        if (*json == "none") return NothingToUndo{};
        ObjectReader reader(*json, step.pointer("compensation"), problems_);
        std::optional<HttpCall> call = read_http(reader);
        const Milliseconds timeout =
            needed(reader.duration("timeout", kAnyMin, kAnyMax), reader, "timeout", problems_);
        const RetryPolicy retry = read_retry(reader);
        reader.refuse_others();
        if (!call) return NoCompensation{};
        return Compensation{std::move(*call), timeout, retry};
    }

    std::optional<HttpCall> read_http(ObjectReader& parent) {
        const Json* const json = parent.any("http");
        if (json == nullptr) {
            problems_.add("missing-field", parent.pointer("http"), "the field is missing");
            return std::nullopt;
        }
        ObjectReader reader(*json, parent.pointer("http"), problems_);
        std::string method = needed_text(reader, "method", problems_);
        tl::expected<Url, UrlFault> url = parse_url(needed_text(reader, "url", problems_));
        const Json* const query = reader.any("query");
        const Json* const headers = reader.any("headers");
        std::optional<Template> body = read_template(reader, "body");
        reader.refuse_others();
        if (!url || query == nullptr || headers == nullptr) {
            problems_.add("bad-url", reader.pointer(), "no call that can be made");
            return std::nullopt;
        }
        Result<Template> target = Template::parse(url->target);
        if (!target) {
            problems_.add("bad-expression", reader.pointer("url"), target.error().message);
            return std::nullopt;
        }
        return HttpCall{.method = std::move(method),
                        .scheme = url->scheme,
                        .host = std::move(url->host),
                        .port = url->port,
                        .target = target->bind_steps(names_),
                        .query = read_texts(*query, reader.pointer("query")),
                        .headers = read_texts(*headers, reader.pointer("headers")),
                        .body = std::move(body)};
    }

    std::vector<std::pair<std::string, Template>> read_texts(const Json& json,
                                                             const std::string& pointer) {
        std::vector<std::pair<std::string, Template>> texts;
        if (!json.is_object()) {
            problems_.add("wrong-type", pointer, expected("an object", json));
            return texts;
        }
        for (const auto& [name, text] : json.get_ref<const Json::object_t&>()) {
            Result<Template> parsed = Template::parse(text);
            if (!parsed || !text.is_string()) {
                problems_.add("bad-expression", pointer, "no text that can be read");
                continue;
            }
            texts.emplace_back(name, parsed->bind_steps(names_));
        }
        return texts;
    }

    std::optional<Template> read_template(ObjectReader& reader, const char* field) {
        const Json* const json = reader.any(field);
        if (json == nullptr) return std::nullopt;
        Result<Template> parsed = Template::parse(*json);
        if (!parsed) {
            problems_.add("bad-expression", reader.pointer(field), parsed.error().message);
            return std::nullopt;
        }
        return parsed->bind_steps(names_);
    }

    std::optional<Condition> read_condition(ObjectReader& reader, const char* field) {
        const std::string* const text = reader.text(field);
        if (text == nullptr) return std::nullopt;
        Result<Condition> parsed = Condition::parse(*text);
        if (!parsed) {
            problems_.add("bad-condition", reader.pointer(field), parsed.error().message);
            return std::nullopt;
        }
        return parsed->bind_steps(names_);
    }

    std::vector<OutcomeRule> read_outcome(ObjectReader& step) {
        std::vector<OutcomeRule> rules;
        const Json* const json = step.array("outcome");
        if (json == nullptr) {
            problems_.add("missing-field", step.pointer("outcome"), "the field is missing");
            return rules;
        }
        for (const Json& rule : *json) {
            ObjectReader reader(rule, step.pointer("outcome"), problems_);
            std::optional<Condition> when = read_condition(reader, "when");
            const std::optional<Outcome> is = read_is(needed_text(reader, "is", problems_));
            reader.refuse_others();
            if (when && is) {
                rules.push_back(OutcomeRule{std::move(*when), *is});
            } else {
                problems_.add("bad-value", step.pointer("outcome"), "no rule that can be read");
            }
        }
        return rules;
    }

    static std::optional<Outcome> read_is(const std::string& text) {
        if (text == "success") return Outcome::Success;
        if (text == "failure") return Outcome::Failure;
        if (text == "retry") return Outcome::Retry;
        if (text == "unknown") return Outcome::Unknown;
        return std::nullopt;
    }

    RetryPolicy read_retry(ObjectReader& parent) {
        RetryPolicy policy;
        const Json* const json = parent.any("retry");
        if (json == nullptr) {
            problems_.add("missing-field", parent.pointer("retry"), "the field is missing");
            return policy;
        }
        constexpr double kHuge = std::numeric_limits<double>::max();
        ObjectReader reader(*json, parent.pointer("retry"), problems_);
        policy.maximum_attempts =
            reader.count("maximum_attempts", std::numeric_limits<std::uint32_t>::max());
        policy.initial_interval = needed(reader.duration("initial_interval", kAnyMin, kAnyMax),
                                         reader, "initial_interval", problems_);
        policy.backoff_coefficient = needed(reader.number("backoff_coefficient", 0, kHuge), reader,
                                            "backoff_coefficient", problems_);
        policy.maximum_interval = needed(reader.duration("maximum_interval", kAnyMin, kAnyMax),
                                         reader, "maximum_interval", problems_);
        policy.jitter = needed(reader.number("jitter", 0, kHuge), reader, "jitter", problems_);
        reader.refuse_others();
        return policy;
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
        if (!definition.pivot) return;
        const std::size_t pivot = to_size(*definition.pivot);
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            if (i == pivot) definition.steps[i].position = Position::Pivot;
            if (graph.is_ancestor(pivot, i)) definition.steps[i].position = Position::After;
        }
    }

    const Json& filled_;
    Problems problems_;
    std::vector<std::string> names_;
    std::vector<SensitivePointer> sensitive_;
};

}  // namespace

Result<std::shared_ptr<const Definition>> load_definition(const Json& filled) {
    return Loader(filled).run();
}

}  // namespace skald::sagas
