#include <algorithm>
#include <array>

#include "sagas/definition_limits.h"
#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

std::optional<Condition> read_condition(const Json& json, const std::string& pointer,
                                        Problems& problems) {
    if (!json.is_string()) {
        problems.add("wrong-type", pointer, expected("a condition", json),
                     "write it as a string: \"$input.amount > 0\"");
        return std::nullopt;
    }
    Result<Condition> condition = Condition::parse(json.get_ref<const std::string&>());
    if (!condition) {
        problems.add("bad-condition", pointer, condition.error().message);
        return std::nullopt;
    }
    return std::move(*condition);
}

void append_uses(const std::optional<Condition>& condition, const std::string& pointer,
                 std::vector<Template::Use>& uses) {
    if (!condition) return;
    for (Path& path : condition->uses()) uses.push_back({std::move(path), pointer});
}

void read_name(ObjectReader& reader, ParsedStep& step, Problems& problems) {
    constexpr const char* kRule = "a name is [a-z][a-z0-9_-]{0,62}";
    reader.require("name", kRule);
    const std::string* const name = reader.text("name");
    if (name == nullptr) return;
    step.name = *name;
    if (is_good_name(*name)) return;
    problems.add("bad-name", reader.pointer("name"), in_quotes(*name) + " can't name a step",
                 kRule);
}

void read_in_doubt(ObjectReader& reader, ParsedStep& step, Problems& problems) {
    const std::string* const text = reader.text("in_doubt");
    if (text == nullptr) return;
    if (*text == "compensate" || *text == "park") {
        step.in_doubt = *text;
        return;
    }
    problems.add("bad-value", reader.pointer("in_doubt"),
                 in_quotes(*text) + " is neither \"compensate\" nor \"park\"",
                 did_you_mean_hint(*text, {"compensate", "park"}));
}

void read_outcome_rule(const Json& json, const std::string& pointer, ParsedStep& step,
                       Problems& problems) {
    static const std::vector<std::string> kOutcomes{"success", "failure", "retry", "unknown"};
    ObjectReader rule(json, pointer, problems);
    rule.require("when", "a rule has \"when\" (a condition) and \"is\" (an outcome)");
    rule.require("is", "one of success, failure, retry, unknown");
    ParsedRule parsed{pointer, std::nullopt, {}};
    if (const Json* const when = rule.any("when")) {
        parsed.when = read_condition(*when, rule.pointer("when"), problems);
        append_uses(parsed.when, rule.pointer("when"), step.outcome);
    }
    const std::string* const is = rule.text("is");
    if (is != nullptr) parsed.is = *is;
    step.rules.push_back(std::move(parsed));
    if (is != nullptr && std::find(kOutcomes.begin(), kOutcomes.end(), *is) == kOutcomes.end()) {
        const std::string hint = did_you_mean_hint(*is, kOutcomes);
        problems.add("bad-value", rule.pointer("is"), in_quotes(*is) + " is no outcome",
                     hint.empty() ? "one of success, failure, retry, unknown" : hint);
    }
    rule.refuse_others();
}

void read_outcome(ObjectReader& reader, ParsedStep& step, Problems& problems) {
    const Json* const rules = reader.array("outcome");
    if (rules == nullptr) return;
    const std::string pointer = reader.pointer("outcome");
    if (rules->size() > kOutcomeRulesMax) {
        problems.add("too-many", pointer,
                     std::to_string(rules->size()) + " rules; at most " +
                         std::to_string(kOutcomeRulesMax) + " are allowed");
        return;
    }
    for (std::size_t i = 0; i < rules->size(); ++i) {
        read_outcome_rule((*rules)[i], pointer + '/' + std::to_string(i), step, problems);
    }
}

void check_callback_timeout(ObjectReader& reader, const std::optional<ParsedAction>& action,
                            Problems& problems) {
    if (!action || reader.any("callback_timeout") == nullptr) return;
    const ParsedCall* const call = action_as<ParsedCall>(action);
    if (call != nullptr && call->reply == ReplyMode::Callback) return;
    problems.add("no-callback", reader.pointer("callback_timeout"),
                 "the call's reply is no callback",
                 R"(leave it out, or add "reply": "callback" to the call)");
}

void read_own_action(ObjectReader& reader, ParsedStep& step, Problems& problems) {
    reader.require("action", R"(write {"http": {"method": "POST", "url": "http://..."}})");
    const Json* const json = reader.any("action");
    if (json == nullptr) return;
    ObjectReader action(*json, reader.pointer("action"), problems);
    step.action = read_action(action, ActionPlace::OfStep, problems);
    action.refuse_others();
}

void read_for_each(ObjectReader& reader, ParsedStep& step, Problems& problems) {
    constexpr const char* kHint = "such as \"$input.items\"";
    const Json* const json = reader.any("for_each");
    const std::optional<std::uint32_t> max_parallel = reader.count("max_parallel", kParallelMax);
    if (json == nullptr) return;
    const std::string pointer = reader.pointer("for_each");
    step.for_each = ParsedForEach{{}, max_parallel};
    if (!json->is_string()) {
        problems.add("wrong-type", pointer, expected("an expression that gives an array", *json),
                     kHint);
    } else if (!is_whole_path(json->get_ref<const std::string&>())) {
        problems.add("bad-expression", pointer,
                     in_quotes(json->get_ref<const std::string&>()) + " is not one expression",
                     kHint);
    } else {
        step.for_each->items = read_template(*json, pointer, problems);
    }
}

/// A kind of action, and why it has no use for some fields.
struct KindWithout {
    const char* name;
    const char* hint;
};
constexpr KindWithout kWaitWithout{"wait", "leave it out: a wait calls nothing"};
constexpr KindWithout kSagaWithout{"saga",
                                   "leave it out: what the child calls is its own definition's"};
constexpr KindWithout kEventWithout{
    "event", R"(leave it out: how long the answer may take stands in "reply": {"timeout": "30s"})"};
constexpr KindWithout kEventWithoutRules{
    "event", "leave it out: the type of the reply says what it came to"};
constexpr KindWithout kEventWithoutReply{
    "event", "leave it out, or add \"reply\": without one the event is published, and that is all"};

/// Reports those of `fields` that are there, for this kind of action has no use for them.
template <std::size_t N>
void refuse_beside(ObjectReader& reader, const std::array<const char*, N>& fields,
                   const KindWithout& kind, Problems& problems) {
    for (const char* const field : fields) {
        if (reader.any(field) == nullptr) continue;
        problems.add("not-for-" + std::string(kind.name), reader.pointer(field),
                     in_quotes(field) + " says nothing beside " + in_quotes(kind.name), kind.hint);
    }
}

void check_fields_of_wait(ObjectReader& reader, const ParsedStep& step, Problems& problems) {
    static constexpr std::array kNotForWait{"compensation", "timeout",         "retry",
                                            "outcome",      "in_doubt",        "for_each",
                                            "max_parallel", "callback_timeout"};
    static constexpr std::array kNotForTime{"output"};
    refuse_beside(reader, kNotForWait, kWaitWithout, problems);
    const auto& wait = std::get<ParsedWait>(*step.action);
    if (!wait.event) refuse_beside(reader, kNotForTime, kWaitWithout, problems);
}

void check_fields_of_event(ObjectReader& reader, const ParsedStep& step, Problems& problems) {
    static constexpr std::array kTimes{"timeout", "callback_timeout"};
    static constexpr std::array kRules{"outcome"};
    static constexpr std::array kOfReply{"output", "retry", "in_doubt"};
    refuse_beside(reader, kTimes, kEventWithout, problems);
    refuse_beside(reader, kRules, kEventWithoutRules, problems);
    const auto& event = std::get<ParsedEvent>(*step.action);
    if (!event.reply) refuse_beside(reader, kOfReply, kEventWithoutReply, problems);
}

/// Fields that need another one, or exclude each other with the kind of the action.
void check_fields(ObjectReader& reader, const ParsedStep& step, Problems& problems) {
    static constexpr std::array kNotForSaga{"timeout", "retry", "outcome", "callback_timeout"};
    const bool is_wait = action_as<ParsedWait>(step.action) != nullptr;
    const bool is_child = action_as<ParsedChild>(step.action) != nullptr;
    const bool is_event = action_as<ParsedEvent>(step.action) != nullptr;
    if (is_wait) check_fields_of_wait(reader, step, problems);
    if (is_child) refuse_beside(reader, kNotForSaga, kSagaWithout, problems);
    if (is_event) check_fields_of_event(reader, step, problems);
    if (!is_wait && !step.for_each && reader.any("max_parallel") != nullptr) {
        problems.add("no-for-each", reader.pointer("max_parallel"), "the step has no \"for_each\"",
                     "leave it out");
    }
    if (!is_wait && !is_child && !is_event) check_callback_timeout(reader, step.action, problems);
}

void check_fields(ObjectReader& reader, const ParsedUndo& undo, Problems& problems) {
    static constexpr std::array kNotForSaga{"timeout", "retry", "callback_timeout"};
    static constexpr std::array kTimes{"timeout", "callback_timeout"};
    static constexpr std::array kOfReply{"retry"};
    if (action_as<ParsedChild>(undo.call) != nullptr) {
        refuse_beside(reader, kNotForSaga, kSagaWithout, problems);
    } else if (const auto* const event = action_as<ParsedEvent>(undo.call)) {
        refuse_beside(reader, kTimes, kEventWithout, problems);
        if (!event->reply) refuse_beside(reader, kOfReply, kEventWithoutReply, problems);
    } else {
        check_callback_timeout(reader, undo.call, problems);
    }
}

}  // namespace

ParsedUndo read_compensation(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedUndo undo;
    undo.pointer = pointer;
    undo.kind = ParsedUndoKind::Unreadable;
    if (json.is_string()) {
        if (json == "none") {
            undo.kind = ParsedUndoKind::Nothing;
        } else {
            problems.add("bad-value", pointer,
                         in_quotes(json.get<std::string>()) + " is no compensation",
                         R"(write {"http": {...}}, {"saga": {...}} or {"event": {...}}, or "none" )"
                         "where there is nothing to undo");
        }
        return undo;
    }
    ObjectReader reader(json, pointer, problems);
    if (!reader.is_object()) return undo;
    undo.call = read_action(reader, ActionPlace::OfCompensation, problems);
    undo.timeout = reader.duration("timeout", kTimeoutMin, kTimeoutMax);
    undo.callback_timeout =
        reader.duration("callback_timeout", kCallbackTimeoutMin, kCallbackTimeoutMax);
    if (const Json* const retry = reader.any("retry")) {
        undo.retry = read_retry(*retry, reader.pointer("retry"), problems);
    }
    check_fields(reader, undo, problems);
    reader.refuse_others();
    if (undo.call) undo.kind = ParsedUndoKind::Call;
    return undo;
}

ParsedRetry read_retry(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedRetry retry;
    ObjectReader reader(json, pointer, problems);
    retry.maximum_attempts = reader.count("maximum_attempts", kAttemptsMax);
    retry.initial_interval = reader.duration("initial_interval", kIntervalMin, kIntervalMax);
    retry.backoff_coefficient =
        reader.number("backoff_coefficient", kCoefficientMin, kCoefficientMax);
    retry.maximum_interval = reader.duration("maximum_interval", kIntervalMin, kIntervalMax);
    retry.jitter = reader.number("jitter", 0.0, 1.0);
    reader.refuse_others();
    if (retry.initial_interval && retry.maximum_interval &&
        *retry.initial_interval > *retry.maximum_interval) {
        problems.add("out-of-range", reader.pointer("initial_interval"),
                     to_duration_text(*retry.initial_interval) +
                         " is longer than maximum_interval, " +
                         to_duration_text(*retry.maximum_interval),
                     "the first wait is the shortest");
    }
    return retry;
}

ParsedStep read_step(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedStep step;
    step.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    if (!reader.is_object()) {
        step.has_unknown_after = true;
        step.undo.kind = ParsedUndoKind::Unreadable;
        return step;
    }
    read_name(reader, step, problems);
    reader.any("after");
    if (const Json* const when = reader.any("when")) {
        step.has_when = true;
        step.condition = read_condition(*when, reader.pointer("when"), problems);
        append_uses(step.condition, reader.pointer("when"), step.when);
    }
    read_own_action(reader, step, problems);
    read_for_each(reader, step, problems);
    if (const Json* const undo = reader.any("compensation")) {
        step.undo = read_compensation(*undo, reader.pointer("compensation"), problems);
    }
    if (const Json* const output = reader.any("output")) {
        step.has_output = true;
        step.output = read_template(*output, reader.pointer("output"), problems);
    }
    step.timeout = reader.duration("timeout", kTimeoutMin, kTimeoutMax);
    step.callback_timeout =
        reader.duration("callback_timeout", kCallbackTimeoutMin, kCallbackTimeoutMax);
    if (const Json* const retry = reader.any("retry")) {
        step.retry = read_retry(*retry, reader.pointer("retry"), problems);
    }
    read_outcome(reader, step, problems);
    // Unreadable: taken for a pivot, or every step behind it would seem to lack a compensation.
    step.is_pivot = reader.flag("pivot").value_or(reader.any("pivot") != nullptr);
    step.is_optional = reader.flag("optional").value_or(false);
    read_in_doubt(reader, step, problems);
    check_fields(reader, step, problems);
    reader.refuse_others();
    return step;
}

}  // namespace skald::sagas
