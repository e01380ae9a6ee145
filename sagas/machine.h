#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sagas/definition.h"
#include "sagas/event.h"
#include "sagas/event_call.h"
#include "sagas/record.h"
#include "sagas/saga.h"

/// The machine: what happens to a saga when something happened. Pure: no I/O, clock, randomness,
/// logging or locks; equal arguments give equal results. The order is fixed for its caller: apply,
/// commit the record, then perform the effects.
namespace skald::sagas {

/// Make this try, unless it is out already; answer with `Answered` or `Unsendable`.
struct Call {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    bool operator==(const Call&) const = default;
};
/// The saga turned: answer with what becomes of the try if it is out, with NotSent if it was not
/// sent yet and now will not be, and with Lost at once if nobody knows (after a restart).
struct Settle {
    StepIndex step;
    std::uint32_t attempt;
    bool operator==(const Settle&) const = default;
};
/// Tell `Due` at `at`, not before. A `wait` has one try.
struct WakeStep {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    Timestamp at;
    bool operator==(const WakeStep&) const = default;
};
/// Tell `DeadlinePassed` at `at`, not before.
struct WakeDeadline {
    Timestamp at;
    bool operator==(const WakeDeadline&) const = default;
};
/// Tell `LockGranted` when no saga that was started before this one wants the same lock.
struct HoldLock {
    bool operator==(const HoldLock&) const = default;
};
/// What a step wants of its child; the id of the child follows from the saga, the step, the phase
/// and the attempt. Answer with `Answered` and a ChildEnd when it has ended (also if it had
/// before), or with `Unsendable` where it can't be started.
struct Child {
    enum class Wish : std::uint8_t {
        Run,   ///< Start it, unless it was.
        Stop,  ///< Cancel it, and let it end; one that was never started, and now isn't: NotSent.
        TurnBack,  ///< It completed: tell it ParentTurned.
    } wish;
    StepIndex step;
    Phase phase;  ///< Of the call that it was started by; with TurnBack: Compensation.
    std::uint32_t attempt;
    bool operator==(const Child&) const = default;
};
using Effect = std::variant<Call, Settle, WakeStep, WakeDeadline, HoldLock, Child>;

/// Why an operator's event did not apply. Nothing was changed.
enum class RefusalCode : std::uint8_t {
    AlreadyEnded,    ///< The saga is terminal.
    PastPivot,       ///< It only goes forward now.
    PivotInDoubt,    ///< Say first what happened to the pivot (resolve).
    NotStuck,        ///< The saga, or the step that was named, is not stuck.
    OutputRequired,  ///< Other steps refer to the output of the step that is said to have
                     ///< succeeded.
    NotApplicable,   ///< A stuck compensation can't be resolved as succeeded, and the like.
    AlreadySo,       ///< It is already as was asked for: answered as if it had just been done.
};
struct Refusal {
    RefusalCode code;
    std::string detail;
};

/// A CloudEvent that is to be written to the log in the commit of the record: a try of a step whose
/// call is an event.
struct Publication {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    std::string topic;
    RenderedEvent event;
};

/// What a step waits for from now on, until the saga ends; written in the commit of the record.
/// `keys`: an event that has one of them among its own is the one (event_match.h).
struct Expectation {
    StepIndex step;
    Phase phase;
    std::vector<std::string> keys;
};

struct Transition {
    Saga saga;
    std::optional<Record>
        record;  ///< None: nothing to journal (and the saga is as it was, but for
                 ///< the try numbers of a step that fails for long: see kQuietAfter).
    std::vector<Effect> effects;  ///< Exactly what `owed` has more than before.
    std::vector<Publication> publications = {};
    std::vector<Expectation> expectations = {};
    /// Of operator events only. With AlreadySo there may be a record, which binds the request's
    /// key.
    std::optional<Refusal> refusal;
};

/// After this many tries of a step without limit, a try is journaled only when its error changes or
/// kQuietFor has passed; the attempt number stands still until the next row.
inline constexpr std::uint32_t kQuietAfter = 16;
inline constexpr Milliseconds kQuietFor = std::chrono::hours{1};

/// The saga after `event`, what to journal, and what became owed.
///
/// Total: events arrive at least once and in any order, so one that doesn't answer what `saga` is
/// waiting for changes nothing, and is no error. A late answer leaves one Late record per try.
Transition apply(const Definition& definition, Saga saga, const Event& event, Timestamp now);

/// All that the outside world must still do for `saga`, in step order; nothing in a terminal state.
/// Perform it only after `saga` is durable, and once more after each restart.
std::vector<Effect> owed(const Definition& definition, const Saga& saga);

/// Whether `effect` is one of those still.
bool is_owed(const Definition& definition, const Saga& saga, const Effect& effect);

/// All expectations of earlier transitions that still stand.
std::vector<Expectation> standing_expectations(const Definition& definition, const Saga& saga);

/// `saga` as it must be taken after a restart: a try that may have been out makes its step
/// doubtful.
Saga recovered(const Definition& definition, Saga saga);

}  // namespace skald::sagas
