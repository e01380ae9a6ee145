#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/expression.h"
#include "sagas/json.h"
#include "sagas/sensitive.h"
#include "sagas/time.h"

namespace skald::sagas {

class InputSchema;

/// What an attempt came to.
enum class Outcome : std::uint8_t {
    Success,  ///< It took effect.
    Failure,  ///< Definite: it did nothing.
    Retry,    ///< It did nothing; try again.
    Unknown,  ///< It may have taken effect; try again.
};

enum class Phase : std::uint8_t { Action, Compensation };

/// Where a step stands to its definition's pivot. Every step of a definition without one is Before.
enum class Position : std::uint8_t { Before, Pivot, After };

/// How often, and when, a call is tried again. Where a definition says nothing: `defaults.retry`
/// field by field (`maximum_attempts` for actions up to the pivot and for optional ones only), else
/// actions up to the pivot 5 attempts, those after it no limit, optional ones always 5,
/// compensations (an optional step's too) no limit and 5 min between tries at most. Likewise
/// `defaults.timeout` is for actions and compensations.
struct RetryPolicy {
    std::optional<std::uint32_t> maximum_attempts;  ///< None: no limit.
    Milliseconds initial_interval{200};
    double backoff_coefficient = 2.0;
    Milliseconds maximum_interval{30'000};
    double jitter = 0.2;  ///< 0 to 1: each wait is spread by ± this part of it.

    bool operator==(const RetryPolicy&) const = default;
};

/// What says how a call ended: the reply itself, or, where that is a 202, the participant later, by
/// the URL in `Skald-Callback` (docs/definitions.md, "Callbacks").
enum class ReplyMode : std::uint8_t { Direct, Callback };

/// An HTTP request as a definition describes it. Scheme, host and port are literal, so that no
/// input can choose whom we call.
struct HttpCall {
    enum class Scheme : std::uint8_t { Http, Https };

    std::string method;  ///< GET, POST, PUT, PATCH or DELETE.
    Scheme scheme = Scheme::Http;
    std::string host;         ///< A name or address; IPv6 without brackets. Lower case.
    std::uint16_t port = 80;  ///< Filled in from the scheme where the URL has none.
    Template target;          ///< Path and query of the URL as a string template, "/" at least.
    std::vector<std::pair<std::string, Template>> query;    ///< Appended to the target.
    std::vector<std::pair<std::string, Template>> headers;  ///< With those of `defaults`; by name.
    std::optional<Template> body;                           ///< None: the request has no body.
    ReplyMode reply = ReplyMode::Direct;
};

/// An equality by which an event finds the saga that waits for it.
struct EventMatch {
    Path event;     ///< From $event: the event's side.
    Template saga;  ///< The waiting step's side; a text, number or boolean.
};

/// An event that a step waits for, by its topic and type; of all such, the one that carries the
/// saga and the step as `sagaid` and `sagastep` (and `sagaphase`, for a compensation), or, with
/// `match`, the one for which that holds. How long: callback_timeout.
struct AwaitedEvent {
    std::string topic;
    std::vector<std::string> success;  ///< Types; one at least.
    std::vector<std::string> failure;  ///< Types; a definite failure.
    std::optional<EventMatch> match;
};

/// A CloudEvent that is published in the commit that makes the step's try durable. It has the
/// extension attributes sagaid, sagastep ("reserve", "reserve/3" of an element), sagaphase and
/// sagakey (the idempotency key). Its `id` is that key and the attempt, its `source` the saga.
struct EventCall {
    std::string topic;
    std::string type;
    std::optional<Template> subject;  ///< A text; null: none.
    std::optional<Template> data;
    std::optional<AwaitedEvent> reply;  ///< None: to have published it is success.
};

/// A pause of the saga: for so long from when the step became ready; until a time that an
/// expression gives (RFC 3339; one that has passed is over at once); or until an event comes that
/// nobody was asked for. Where that does not come in time, the step failed.
struct Wait {
    std::variant<Milliseconds, Template, AwaitedEvent> until;
};

/// A saga of its own, which this one starts and waits for. Its version is chosen when the topmost
/// saga starts (Saga::pins).
struct ChildSaga {
    std::string definition;
    Template input;
};

/// What a step does.
using Action = std::variant<HttpCall, Wait, ChildSaga, EventCall>;

/// Nothing was said: allowed at and after the pivot, and for a `wait`. For a `saga` it means that
/// the child undoes itself.
struct NoCompensation {};
/// `"none"`: there is nothing to undo.
struct NothingToUndo {};
struct Compensation {
    std::variant<HttpCall, ChildSaga, EventCall> call;
    Milliseconds timeout{10'000};
    Milliseconds callback_timeout{3'600'000};  ///< As Step's; then it is tried again.
    RetryPolicy retry;
};
using Undo = std::variant<NoCompensation, NothingToUndo, Compensation>;

struct OutcomeRule {
    Condition when;
    Outcome is;
};

/// What becomes of a step that ends in doubt before the pivot.
enum class InDoubtPolicy : std::uint8_t { Compensate, Park };

enum class Necessity : std::uint8_t { Required, Optional };

/// The action runs once for each element of an array.
struct ForEach {
    Template items;  ///< Evaluated once, when the step becomes ready.
    std::uint32_t max_parallel = 10;
};
/// More elements are an error of the expression.
inline constexpr std::size_t kItemsMax = 1'000;

struct Step {
    std::string name;
    std::vector<StepIndex> after;   ///< What must have settled well first.
    std::vector<StepIndex> before;  ///< The reverse: whose `after` names this step.
    std::optional<Condition> when;
    std::optional<ForEach> for_each;
    Action action;
    Undo undo;
    std::optional<Template> output;  ///< None: the whole reply body.
    Milliseconds timeout{10'000};    ///< Of one attempt.
    /// From the 202 on; then the step is in doubt. Of an event that is awaited: from when it was
    /// asked for; then the outcome is unknown, and it is asked for again.
    Milliseconds callback_timeout{3'600'000};
    RetryPolicy retry;
    std::vector<OutcomeRule> outcome;
    Position position = Position::Before;
    Necessity necessity = Necessity::Required;
    InDoubtPolicy in_doubt = InDoubtPolicy::Compensate;
};

/// Each event of `type` on `topic` starts a saga, once.
struct Trigger {
    std::string topic;
    std::string type;
    Template input;  ///< Over $event only.
};

/// One version of a definition, checked and ready to run: indices are valid, the graph has no
/// cycle, every expression parsed and bound, defaults filled in.
///
/// Immutable once made; shared by all its sagas. Threads: free.
struct Definition {
    std::string name;
    std::string description;
    std::vector<Step> steps;
    std::vector<StepIndex> order;  ///< Every step once, each behind those it is `after`.
    std::optional<StepIndex> pivot;
    std::optional<Milliseconds> deadline;    ///< From the saga's creation.
    std::map<std::string, Template> labels;  ///< Over $input only (labels.h).
    /// A text over $input only: of the sagas with the same name of definition and the same text,
    /// one at a time runs, in the order of their starts.
    std::optional<Template> lock;
    std::optional<Template> output;
    Sensitive sensitive;
    std::vector<Trigger> triggers;                    ///< None twice of one topic and type.
    bool has_events = false;                          ///< Any step publishes one, or waits for one.
    std::shared_ptr<const InputSchema> input_schema;  ///< Null: any input. Shared: immutable.

    const Step& step(StepIndex index) const { return steps[to_size(index)]; }
};

}  // namespace skald::sagas
