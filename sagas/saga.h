#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sagas/definition.h"
#include "sagas/json.h"
#include "sagas/time.h"

/// The state of one saga. Folded from its journal (record.h) and from nothing else; changed by
/// machine.h alone. Each state of a step holds just what is true in it.
namespace skald::sagas {

/// `attempt` counts the tries of one phase of a step from 1 and never goes back; `budget_from` is
/// the attempt at which the present budget of tries began (an operator's retry gives a fresh one);
/// `is_doubtful`: some try may have taken effect and nothing has cleared it (docs/definitions.md,
/// "Outcomes and doubt").

struct Pending {
    bool operator==(const Pending&) const = default;
};
/// A try of the action is owed, or out.
struct Calling {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    bool is_doubtful;
    bool operator==(const Calling&) const = default;
};
/// `attempt` is the try that comes next, at `due_at`.
struct BackingOff {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    bool is_doubtful;
    Timestamp due_at;
    bool operator==(const BackingOff&) const = default;
};
/// A `wait`, over at `due_at`.
struct Waiting {
    Timestamp due_at;
    bool operator==(const Waiting&) const = default;
};
/// Try `attempt` was answered with 202, or its event was published: the participant calls back, or
/// replies by an event, until `due_at`. A wait for an event is in it from its beginning.
struct AwaitingCallback {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    bool is_doubtful;  ///< Of the tries before.
    Timestamp due_at;
    bool operator==(const AwaitingCallback&) const = default;
};
/// The saga turned while a try was owed or out: what came of it must be known before its undo.
struct Settling {
    std::uint32_t attempt;
    bool is_doubtful;
    bool operator==(const Settling&) const = default;
};
struct Succeeded {
    bool operator==(const Succeeded&) const = default;
};
/// `when` was false, or an operator said to go on without.
struct Skipped {
    bool operator==(const Skipped&) const = default;
};
/// Definite: it did nothing.
struct Failed {
    bool operator==(const Failed&) const = default;
};
/// It may have taken effect, and will not be tried again: undone like one that succeeded.
struct InDoubt {
    bool operator==(const InDoubt&) const = default;
};
/// The saga turned before it did anything.
struct Cancelled {
    bool operator==(const Cancelled&) const = default;
};

/// Why a step can only be moved by an operator.
enum class StuckReason : std::uint8_t {
    InDoubt,              ///< In doubt, and the definition says `park`, or it is a pivot.
    Refused,              ///< A definite failure after the pivot.
    Exhausted,            ///< The tries ran out after the pivot.
    ExpressionError,      ///< A request or condition after the pivot could not be made.
    OutputError,          ///< It took effect; its output could not be made; at or after the pivot.
    CompensationRefused,  ///< The compensation was answered with a failure.
    CompensationExhausted,
    CompensationExpressionError,
    GivenUp,  ///< Still open when an operator abandoned the saga.
};

/// `attempt` is the last try made; 0: none was.
struct StuckAction {
    StuckReason reason;
    std::uint32_t attempt;
    bool is_doubtful;
    bool operator==(const StuckAction&) const = default;
};
struct Compensating {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    bool operator==(const Compensating&) const = default;
};
struct CompensationBackingOff {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    Timestamp due_at;
    bool operator==(const CompensationBackingOff&) const = default;
};
struct CompensationAwaitingCallback {
    std::uint32_t attempt;
    std::uint32_t budget_from;
    Timestamp due_at;
    bool operator==(const CompensationAwaitingCallback&) const = default;
};
struct StuckCompensation {
    StuckReason reason;
    std::uint32_t attempt;
    bool operator==(const StuckCompensation&) const = default;
};

enum class UndoneBy : std::uint8_t {
    Call,      ///< The compensation succeeded.
    Operator,  ///< An operator said that it is undone.
    Waived,    ///< An operator said to leave the effect as it is.
};
struct Compensated {
    UndoneBy by;
    bool operator==(const Compensated&) const = default;
};

/// A `for_each` step whose elements are under way, or being undone: its state is theirs
/// (StepRun::elements).
struct Iterating {
    bool operator==(const Iterating&) const = default;
};

/// Of a `saga` step Calling, Settling and Compensating say that its child is on its way, is to be
/// cancelled, or undoes itself. A step whose call is an event is in Calling or Compensating only
/// while its saga is suspended: else it is published at once.
using StepState = std::variant<Pending, Calling, BackingOff, Waiting, AwaitingCallback, Iterating,
                               Settling, Succeeded, Skipped, Failed, InDoubt, Cancelled,
                               StuckAction, Compensating, CompensationBackingOff,
                               CompensationAwaitingCallback, StuckCompensation, Compensated>;

/// The status that the API shows and `$steps.X.status` gives: "pending", "calling", "backing_off",
/// "waiting" (for a time, a callback or an event), "iterating", "settling", "succeeded", "skipped",
/// "failed", "in_doubt", "compensating", "compensated", "stuck", "cancelled".
std::string_view status_text(const StepState& state);
std::string_view to_text(StuckReason reason);

/// A try that was given up without an answer, which may still come.
struct Unanswered {
    Phase phase;
    std::uint32_t attempt;
    bool operator==(const Unanswered&) const = default;
};

/// Answers to more tries of one step than this are no longer told from foreign ones.
inline constexpr std::size_t kUnansweredMax = 16;

/// An event of the log.
struct EventRef {
    std::string topic;
    std::int64_t offset = 0;
    bool operator==(const EventRef&) const = default;
};

/// An event that a step took for the one it waited for, or noted as late.
struct HeardEvent {
    StepIndex step;
    Phase phase;
    EventRef event;
    bool operator==(const HeardEvent&) const = default;
};

/// Events beyond so many of one saga, counted from the last one, are taken for new when they are
/// told once more.
inline constexpr std::size_t kHeardMax = 64;

/// One step of one saga.
struct StepRun {
    StepState state = Pending{};
    Value output;  ///< Null pointer: none (yet).
    std::uint32_t attempts = 0;
    std::uint32_t compensation_attempts = 0;
    std::optional<Timestamp> started_at;  ///< When its first try became owed.
    std::optional<Timestamp> ended_at;    ///< When its action settled, then its compensation.
    /// It succeeded, only its output could not be made: whatever later tries bring, it stands.
    bool has_taken_effect = false;
    std::string error;                       ///< What last went wrong in either phase; else empty.
    std::optional<Timestamp> error_at;       ///< When that was last journaled.
    std::optional<Timestamp> failing_since;  ///< First bad try of those since the last good word.
    std::vector<Unanswered> unanswered;
    Value items;                    ///< Of a `for_each` step, once it began: an array.
    std::vector<StepRun> elements;  ///< One for each of `items`; these have none themselves.

    bool operator==(const StepRun&) const;
};

enum class Direction : std::uint8_t { Forward, Backward };
enum class Suspension : std::uint8_t { None, Suspended };
enum class Status : std::uint8_t {
    Running,
    Compensating,
    Stuck,
    Completed,
    Compensated,
    Abandoned
};

/// Why a saga turned. `step` is none on cancel and deadline.
struct Failure {
    std::optional<StepIndex> step;
    std::string reason;  ///< "cancelled", "deadline", or the step's error.
    bool operator==(const Failure&) const = default;
};

/// How it ended: Completed, Compensated or Abandoned.
struct End {
    Status status;
    Timestamp at;
    Value output;              ///< Of a completed saga; null pointer else.
    std::string output_error;  ///< Why a completed saga has the output null; else empty.
    bool operator==(const End&) const;
};

/// An Idempotency-Key and the request that it was sent with. Answers to a repeat are made anew from
/// the saga.
struct RequestKey {
    std::string key;        ///< 1 to 255 bytes.
    std::string body_hash;  ///< Of the canonical body; equal bodies have equal hashes.
    bool operator==(const RequestKey&) const = default;
};

/// The saga and step that a child runs for.
struct Parent {
    std::string saga;  ///< The public id.
    StepIndex step;    ///< An element too.
    Phase phase;
    std::uint32_t attempt;
    bool operator==(const Parent&) const = default;
};
/// Versions of the definitions of all children below a saga, by name.
using Pins = std::map<std::string, std::uint32_t>;

/// What a saga waits for before its first step. `is_held`: it came to the head of the queue.
struct SagaLock {
    std::string value;
    bool is_held = false;
    bool operator==(const SagaLock&) const = default;
};

struct Saga {
    std::string id;  ///< The public one.
    Timestamp started_at;
    std::optional<Timestamp> deadline_at;
    Value input;
    bool is_begun = false;  ///< Its first event was applied.
    Direction direction = Direction::Forward;
    Suspension suspension = Suspension::None;
    std::vector<StepRun> steps;     ///< One for each of the definition's.
    std::optional<Failure> turned;  ///< Why its direction is Backward.
    std::optional<Failure>
        turn_wanted;  ///< A cancel or deadline that waits for the pivot to settle.
    std::optional<End> end;
    std::size_t bytes = 0;             ///< Of input and outputs, about; at most kSagaBytesMax.
    std::vector<RequestKey> requests;  ///< Of operator commands that changed it.
    std::vector<HeardEvent> heard;     ///< The last kHeardMax.
    std::string replay_of;             ///< The id of the saga that it runs again; empty: none.
    std::optional<SagaLock> lock;      ///< Held until the end.
    std::optional<Parent> parent;      ///< Of a child.
    Pins pins;                         ///< Fixed when the topmost saga started.

    /// Precondition: an element is one of those that there are.
    StepRun& step(StepIndex index);
    const StepRun& step(StepIndex index) const;
    /// Whether there is such a step, or such an element.
    bool has(StepIndex index) const;
    bool operator==(const Saga&) const;
};

/// Of the input and the outputs of one saga together; an output beyond it is an output error.
inline constexpr std::size_t kSagaBytesMax = 4u << 20;

/// A saga before its first event: every step pending.
Saga make_saga(const Definition& definition, std::string id, Timestamp started_at, Value input);

Status status(const Saga& saga);
std::string_view to_text(Status status);
/// Completed, Compensated or Abandoned: it never changes again.
bool is_terminal(Status status);

/// "SAGA/STEP[/INDEX]/action" or "SAGA/STEP[/INDEX]/compensation": the key that all tries of one
/// call carry.
std::string idempotency_key(const Definition& definition, const Saga& saga, StepIndex step,
                            Phase phase);
std::string_view to_text(Phase phase);
std::string_view to_text(Outcome outcome);

}  // namespace skald::sagas
