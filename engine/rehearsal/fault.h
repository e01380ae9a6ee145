#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/rehearsal/cast.h"

namespace skald::rehearsal {

/// What goes wrong. Faults of a call hit its first try; those "for ever" hit every one, up to
/// kForEver: a call that is tried without end is answered some day.
enum class FaultKind : std::uint8_t {
    // Of the calls of one phase of one step.
    Refused,       ///< A definite "no" (4xx): nothing was done.
    LostBefore,    ///< A time-out; the request never arrives.
    LostAfter,     ///< A time-out; the request takes effect.
    Late,          ///< A time-out; the request arrives an hour after it.
    Twice,         ///< It is delivered once more, an hour later.
    Unreachable,   ///< Connection refused, once.
    Gone,          ///< Connection refused, for ever.
    Failing,       ///< 500 for ever, and nothing is done.
    FailingAfter,  ///< 500 for ever, though it took effect.
    Slow,          ///< It is answered after half of its time-out; where steps run side by side.
    // Of those whose participant answers 202 and calls back.
    CallbackRefused,  ///< It calls back: failure, nothing was done.
    CallbackLost,     ///< It never calls back, and nothing was done.
    CallbackOwed,     ///< It never calls back, though it took effect.
    CallbackFirst,    ///< It calls back before its 202.
    CallbackTwice,    ///< It calls back once more, an hour later.
    CallbackLate,     ///< It works, and calls back, an hour after the callback's time-out.
    // Of those that are told, and answer, by events.
    EventRefused,     ///< It answers with a failure: nothing was done.
    EventLost,        ///< It does not hear of the first try.
    EventOwed,        ///< It does not answer the first try, though it took effect.
    EventIgnored,     ///< It hears of no try.
    EventUnanswered,  ///< It answers no try, though it took effect.
    EventLate,        ///< It works, and answers, an hour after the time for that.
    EventTwice,       ///< It answers once more, an hour later.
    EventAgain,       ///< It hears of it once more, an hour later.
    EventHeardLate,   ///< It hears of it an hour later; where nobody waits for an answer.
    // Of events that steps wait for, though nobody was asked.
    SignalRefuses,  ///< It is one that says no.
    SignalLost,     ///< It never comes.
    SignalEarly,    ///< It is there when the saga begins.
    SignalLate,     ///< It comes an hour after the time for that.
    SignalTwice,    ///< It comes once more, an hour later.
    // Of Skald, at one of its commits, counted from 1 (the start).
    CrashBefore,   ///< The process dies; the batch is lost.
    CrashAfter,    ///< The process dies; nobody was told that the batch is durable.
    CancelDuring,  ///< An operator cancels while the batch is being written.
    CancelAfter,   ///< An operator cancels when the calls that it released are out.
    Deadline,      ///< The machine sleeps from then on until the deadline of `place`'s saga.
};

inline constexpr std::uint32_t kForEver = 20;  ///< Tries.

struct Fault {
    FaultKind kind;
    Place place{};         ///< Of a call; of a deadline its saga.
    std::uint32_t commit;  ///< 0: it is of a call.
    auto operator<=>(const Fault&) const = default;
};

/// The faults of one run.
using Schedule = std::vector<Fault>;

bool is_of_call(const Fault& fault);
/// Whether both can happen in one run, and neither is a variant of the other.
bool go_together(const Fault& one, const Fault& other);

/// "charge: time-out, and it took effect", "crash before commit 3".
std::string describe(const Cast& cast, const Fault& fault);

/// The one of `schedule` that is of the calls of `place`; null: none.
const Fault* fault_of_call(const Schedule& schedule, Place place);

/// Calls, and events, that a run came by.
struct Reached {
    Place place;
    Way way;
    bool can_refuse = true;  ///< Of Way::Event and Signal.
};
/// A saga with a deadline, and the commits at which it was there.
struct Deadlined {
    SagaNumber saga;
    std::uint32_t from, to;
};

/// Where the faults of further runs can strike: what one run came by.
struct Reach {
    std::uint32_t commits = 0;
    std::vector<Reached> calls;  ///< Ordered by place.
    std::vector<Deadlined> deadlines;

    bool has_call(Place place) const;
};

/// Every fault that can strike in a run that comes by `reach`, in a fixed order. `has_parallel`:
/// whether some calls of the sagas may be out at the same time.
std::vector<Fault> faults_at(const Reach& reach, bool has_parallel);
/// Whether `fault` is one of those.
bool reaches(const Reach& reach, const Fault& fault);

/// Whether calls of one saga may be out at the same time.
bool has_parallel_calls(const sagas::Definition& definition);

}  // namespace skald::rehearsal
