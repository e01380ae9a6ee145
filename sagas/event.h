#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sagas/answer.h"
#include "sagas/saga.h"

/// What can happen to a saga, as the machine is told it. Events arrive at least once and in any
/// order.
namespace skald::sagas {

/// That a saga runs again what another one ran, and who wanted that, and why.
struct Replay {
    std::string of;  ///< The id of the other.
    std::string by;
    std::string reason;
};
/// The first event of every saga.
struct Begin {
    std::optional<RequestKey> request = std::nullopt;
    std::optional<Replay> replay = std::nullopt;
    std::optional<std::string> lock = std::nullopt;  ///< Definition::lock, rendered (lock.h).
    std::optional<Parent> parent = std::nullopt;
    Pins pins = {};
};
/// The parent of a child that completed turned, and undoes it. Its end is no end any more.
struct ParentTurned {};
/// The saga is the first of those that want its lock.
struct LockGranted {};
/// What became of a try. Answers to `Call` and to `Settle` alike.
struct Answered {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    Answer answer;
};
/// The request of a try that is owed could not be made (an expression error, a missing secret):
/// nothing was sent.
struct Unsendable {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
    std::string error;
};
/// A participant says how a call ended, by the URL in `Skald-Callback`, or by an event that the
/// step waits for. That is the same for every try of a phase, so this answers whichever is open; it
/// may come before the 202.
struct CalledBack {
    StepIndex step;
    Phase phase;
    Outcome outcome;
    Value output;       ///< The `$response.body` of a success; null pointer: none was sent.
    std::string error;  ///< Why it isn't a success; may be empty.
    std::optional<EventRef> event = std::nullopt;  ///< None: by the URL.
};
/// The due time of a try, a wait or a callback has come.
struct Due {
    StepIndex step;
    Phase phase;
    std::uint32_t attempt;
};
struct DeadlinePassed {};

/// Who asked for a change, and why. Journaled.
struct Operator {
    std::string by;  ///< "local", or the token's name.
    std::string reason;
    std::optional<RequestKey> request;
};
struct Cancel {
    Operator who;
};
/// Fresh tries for one stuck step, or for all.
struct Retry {
    std::optional<StepIndex> step;
    Operator who;
};
enum class ResolveAs : std::uint8_t { Succeeded, Compensated, Skipped };
std::string_view to_text(ResolveAs as);
struct Resolve {
    StepIndex step;
    ResolveAs as;
    Value output;  ///< Null pointer: none given. Only with Succeeded.
    Operator who;
};
struct Abandon {
    Operator who;
};
struct Suspend {
    Operator who;
};
struct Resume {
    Operator who;
};

using Event = std::variant<Begin, LockGranted, ParentTurned, Answered, Unsendable, CalledBack, Due,
                           DeadlinePassed, Cancel, Retry, Resolve, Abandon, Suspend, Resume>;

}  // namespace skald::sagas
