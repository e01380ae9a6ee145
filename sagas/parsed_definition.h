#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/definition.h"
#include "sagas/input_schema.h"
#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/url.h"

namespace skald::sagas {

class ObjectReader;

/// A definition from outside as far as it could be read: what the checks that look at more than one
/// field work on. What was absent or faulty is none or empty. `pointer`: where it stands.

struct ParsedRetry {
    std::optional<std::uint32_t> maximum_attempts;
    std::optional<Milliseconds> initial_interval;
    std::optional<double> backoff_coefficient;
    std::optional<Milliseconds> maximum_interval;
    std::optional<double> jitter;
};

/// An `http` object.
struct ParsedCall {
    std::string pointer;
    std::string method;
    std::optional<Url> url;
    bool has_body = false;
    ReplyMode reply = ReplyMode::Direct;
    std::vector<Template::Use> uses;
};

/// What is waited for: a `reply`, or the `event` of a `wait`.
struct ParsedAwaited {
    std::string pointer;
    std::string topic;
    std::vector<std::string> types;  ///< Of `success` and `failure`.
    std::optional<Milliseconds> timeout;
    std::vector<Template::Use> uses;  ///< Of `match.saga`.
};

/// A `wait` object.
struct ParsedWait {
    std::string pointer;
    std::optional<Milliseconds> duration;  ///< `for`.
    std::optional<ParsedAwaited> event;
    std::vector<Template::Use> uses;  ///< Of `until`, or of `event`.
};

/// An `event` object.
struct ParsedEvent {
    std::string pointer;
    std::string topic;
    std::string type;
    std::optional<ParsedAwaited> reply;
    std::vector<Template::Use> uses;
};

/// A `saga` object.
struct ParsedChild {
    std::string pointer;
    std::string definition;
    std::vector<Template::Use> uses;  ///< Of `input`.
};

/// What a step does, or what undoes it. Of more than one kind the first one.
using ParsedAction = std::variant<ParsedCall, ParsedWait, ParsedChild, ParsedEvent>;

/// Null: it is of another kind, or could not be read.
template <typename Kind>
const Kind* action_as(const std::optional<ParsedAction>& action) {
    return action ? std::get_if<Kind>(&*action) : nullptr;
}

/// A wait for an event; null: none.
inline const ParsedAwaited* event_waited_for(const std::optional<ParsedAction>& action) {
    const auto* const wait = action_as<ParsedWait>(action);
    return wait != nullptr && wait->event ? &*wait->event : nullptr;
}
/// It publishes an event that is answered by one; null: it doesn't.
inline const ParsedAwaited* reply_waited_for(const std::optional<ParsedAction>& action) {
    const auto* const event = action_as<ParsedEvent>(action);
    return event != nullptr && event->reply ? &*event->reply : nullptr;
}

/// Where its kind stands: "/steps/0/action/http".
inline const std::string& pointer_of(const ParsedAction& action) {
    return std::visit([](const auto& kind) -> const std::string& { return kind.pointer; }, action);
}
inline const std::vector<Template::Use>& uses_of(const ParsedAction& action) {
    return std::visit(
        [](const auto& kind) -> const auto& { return kind.uses; }, action);
}

struct ParsedForEach {
    std::vector<Template::Use> items;
    std::optional<std::uint32_t> max_parallel;
};

enum class ParsedUndoKind : std::uint8_t {
    Unsaid,
    Nothing,  ///< "none".
    Call,
    Unreadable,  ///< Something was said.
};

struct ParsedUndo {
    ParsedUndoKind kind = ParsedUndoKind::Unsaid;
    std::string pointer;
    std::optional<ParsedAction> call;
    std::optional<Milliseconds> timeout;
    std::optional<Milliseconds> callback_timeout;
    ParsedRetry retry;
};

struct ParsedRule {
    std::string pointer;
    std::optional<Condition> when;
    std::string is;
};

struct ParsedStep {
    std::string pointer;
    std::string name;                ///< Empty: none that could be read.
    std::vector<std::size_t> after;  ///< Positions; with the default filled in.
    bool has_unknown_after = false;  ///< What comes before it isn't known in full.
    bool has_when = false;
    bool is_pivot = false;
    bool is_optional = false;
    bool has_output = false;
    std::optional<std::string> in_doubt;
    std::optional<ParsedAction> action;
    std::optional<ParsedForEach> for_each;
    ParsedUndo undo;
    std::optional<Milliseconds> timeout;
    std::optional<Milliseconds> callback_timeout;
    ParsedRetry retry;
    std::optional<Condition> condition;  ///< Of `when`.
    std::vector<Template::Use> when;
    std::vector<ParsedRule> rules;  ///< Of `outcome`.
    std::vector<Template::Use> outcome;
    std::vector<Template::Use> output;
};

/// One of `triggers`.
struct ParsedTrigger {
    std::string pointer;
    std::string topic;
    std::string type;
    bool has_input = false;
    std::vector<Template::Use> uses;  ///< Of `input`.
};

struct ParsedDefinition {
    std::string name;
    std::vector<ParsedTrigger> triggers;
    std::vector<ParsedStep> steps;
    std::vector<std::string> step_names;  ///< Of `steps`.
    std::optional<Milliseconds> deadline;
    std::optional<Milliseconds> default_timeout;
    ParsedRetry default_retry;
    std::vector<Template::Use> default_headers;
    std::vector<Template::Use> labels;
    std::vector<Template::Use> lock;
    std::vector<Template::Use> output;
    bool has_input_schema = false;
    std::shared_ptr<const InputSchema> input_schema;
};

// ---- Reading; each reports what is wrong in its own part of the document -----------------------

ParsedDefinition read_definition(const Json& document, const std::optional<std::string>& name,
                                 Problems& problems);

/// Without `after`, which needs the names of all the steps.
ParsedStep read_step(const Json& json, const std::string& pointer, Problems& problems);

/// What `action` or `compensation` holds under the name of a kind: exactly one of them is there,
/// and a compensation waits for nothing. The other fields of `reader` are left to the caller.
enum class ActionPlace : std::uint8_t { OfStep, OfCompensation };
std::optional<ParsedAction> read_action(ObjectReader& reader, ActionPlace place,
                                        Problems& problems);

/// An `http` object.
ParsedCall read_call(const Json& json, const std::string& pointer, Problems& problems);

/// An `event` object.
ParsedEvent read_event(const Json& json, const std::string& pointer, Problems& problems);

/// What a `reply`, or the `event` of a `wait`, says.
enum class AwaitedPlace : std::uint8_t { OfCall, OfWait };
ParsedAwaited read_awaited(const Json& json, const std::string& pointer, AwaitedPlace place,
                           Problems& problems);

/// The array `triggers`.
std::vector<ParsedTrigger> read_triggers(const Json& json, const std::string& pointer,
                                         Problems& problems);

/// The fields `topic` and `type` of one event; empty: none that could be read. `of_skald`: the hint
/// where it is one of Skald's own.
std::string read_topic(ObjectReader& reader, Problems& problems,
                       const char* of_skald = "topics that begin with \"skald.\" are Skald's own");
std::string read_event_type(ObjectReader& reader, Problems& problems);

ParsedUndo read_compensation(const Json& json, const std::string& pointer, Problems& problems);

ParsedRetry read_retry(const Json& json, const std::string& pointer, Problems& problems);

/// The `headers` of a call or of `defaults`.
std::vector<Template::Use> read_headers(const Json& json, const std::string& pointer,
                                        Problems& problems);

/// A template anywhere; its paths with pointers into the whole document. `hint`: for what can't be
/// read.
std::vector<Template::Use> read_template(const Json& json, const std::string& pointer,
                                         Problems& problems, const std::string& hint = {});

/// The same for one that must be a string.
std::vector<Template::Use> read_text_template(const Json& json, const std::string& pointer,
                                              Problems& problems);

/// `[a-z][a-z0-9_-]{0,62}`: names of definitions, steps and labels.
bool is_good_name(std::string_view name);
/// `[a-z][a-z0-9_.-]{0,126}`, and it does not begin with "skald.", as Skald's own do.
bool is_good_topic(std::string_view name);

}  // namespace skald::sagas
