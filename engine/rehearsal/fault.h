#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "sagas/definition.h"

namespace skald::rehearsal {

using sagas::Phase;
using sagas::StepIndex;

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
    // Of Skald, at one of its commits, counted from 1 (the start).
    CrashBefore,   ///< The process dies; the batch is lost.
    CrashAfter,    ///< The process dies; nobody was told that the batch is durable.
    CancelDuring,  ///< An operator cancels while the batch is being written.
    CancelAfter,   ///< An operator cancels when the calls that it released are out.
    Deadline,      ///< The machine sleeps from then on until the saga's deadline.
};

inline constexpr std::uint32_t kForEver = 20;  ///< Tries.

struct Fault {
    FaultKind kind;
    StepIndex step{};      ///< Of a call.
    Phase phase{};         ///< Of a call.
    std::uint32_t commit;  ///< 0: it is of a call.
    auto operator<=>(const Fault&) const = default;
};

/// The faults of one run.
using Schedule = std::vector<Fault>;

bool is_of_call(const Fault& fault);
/// Whether both can happen in one run, and neither is a variant of the other.
bool go_together(const Fault& one, const Fault& other);

/// "charge: time-out, and it took effect", "crash before commit 3".
std::string describe(const sagas::Definition& definition, const Fault& fault);

/// Where the faults of further runs can strike: what one run came by.
struct Reach {
    std::uint32_t commits = 0;
    std::vector<bool> calls;  ///< Two for each step: action, compensation.

    bool has_call(StepIndex step, Phase phase) const;
};

/// What kinds of fault there are for a definition.
struct Repertoire {
    bool has_parallel_steps = false;
    bool has_deadline = false;
};
Repertoire repertoire_of(const sagas::Definition& definition);

/// Every fault that can strike in a run that comes by `reach`, in a fixed order.
std::vector<Fault> faults_at(const Reach& reach, const Repertoire& repertoire);
/// Whether `fault` is one of those.
bool reaches(const Reach& reach, const Fault& fault);

}  // namespace skald::rehearsal
