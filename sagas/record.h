#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/event.h"
#include "sagas/saga.h"

/// A row of the journal: an accepted event *and what was decided from it*. Folding a record assigns
/// what it holds and decides nothing, so that a newer version of the code folds old sagas the same.
namespace skald::sagas {

/// Record types are stored as these numbers: never reuse one.
enum class RecordType : std::uint8_t {
    Begun = 1,
    Answered = 2,
    Unsendable = 3,
    Due = 4,
    DeadlinePassed = 5,
    Cancelled = 6,
    Retried = 7,
    Resolved = 8,
    Abandoned = 9,
    Suspended = 10,
    Resumed = 11,
    Late = 12,
    LockGranted = 13,
    CalledBack = 14,
    ParentTurned = 15,
};
std::string_view to_text(RecordType type);

/// A try's answer as it was understood. `output`: of a success, where there is one.
struct AnsweredCause {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    Outcome outcome;
    int http_status;    ///< 0: there was no reply.
    std::string error;  ///< What went wrong; empty on a success without an output error.
    Value output;
};
/// A callback, or an event, that settled, or moved, the try `attempt`.
struct CalledBackCause {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    Outcome outcome;
    std::string error;  ///< What went wrong; empty on a success without an output error.
    Value output;
    std::optional<EventRef> event = std::nullopt;
};
struct UnsendableCause {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    std::string error;
};
/// An answer to a try that was given up. Changes nothing.
struct LateCause {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    Outcome outcome;
    int http_status;
    std::string error;
    std::optional<EventRef> event = std::nullopt;  ///< By which it came; none: by another way.
};

/// Begin, LockGranted, ParentTurned, Due, DeadlinePassed and the operator's events are kept as they
/// came.
using Cause =
    std::variant<Begin, AnsweredCause, UnsendableCause, Due, DeadlinePassed, Cancel, Retry, Resolve,
                 Abandon, Suspend, Resume, LateCause, LockGranted, CalledBackCause, ParentTurned>;

RecordType type(const Cause& cause);

struct StepChange {
    StepIndex step;
    StepState state;
    bool operator==(const StepChange&) const = default;
};

/// What became of `Saga::turn_wanted`.
enum class Wanted : std::uint8_t { Unchanged, Set, Lapsed };

struct Decision {
    /// Of `for_each` steps that begin; before `errors` and `steps`, which may be of their elements.
    std::vector<std::pair<StepIndex, Value>> items;
    std::vector<StepChange> steps;                          ///< The last one for a step holds.
    std::vector<std::pair<StepIndex, std::string>> errors;  ///< Of steps other than the cause's.
    std::optional<Failure> turned;
    Wanted wanted = Wanted::Unchanged;
    std::optional<Failure> turn_wanted;  ///< With Wanted::Set.
    std::optional<End> end;
};

struct Record {
    Timestamp at;
    Cause cause;
    Decision decision;
};

/// `saga` after `record`. Precondition: `record` is the next one of this saga's journal.
Saga fold(Saga saga, const Record& record);

}  // namespace skald::sagas
