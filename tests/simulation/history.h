#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/simulation/call_name.h"
#include "tests/simulation/history_deliveries.h"
#include "tests/simulation/history_events.h"

/// What a simulated run was asked to do, and what could be seen of it from outside: plain data,
/// from which the oracle judges without any of the engine's code.
namespace skald::simulation {

// ---- What was asked for ------------------------------------------------------------------------

/// A definition as the oracle knows it (plans.h makes the document from it).
struct StepPlan {
    std::string name;
    std::vector<std::size_t> after;  ///< Direct predecessors; indices are a topological order.
    bool is_pivot = false;
    bool is_optional = false;
    bool parks_in_doubt = false;  ///< "in_doubt": "park".
    enum class Undo : std::uint8_t {
        NotSaid,  ///< At or after the pivot, of waits, and of children, which undo themselves.
        Nothing,  ///< "none"
        Call,
        Child  ///< A saga of its own.
    } undo = Undo::Call;
    bool undo_is_delete = false;             ///< 404 and 410 are success then.
    std::optional<std::string> when;         ///< The boolean member of the input that it asks.
    std::optional<std::uint32_t> tries_max;  ///< None: no limit. As in effect, defaults filled in.
    std::optional<std::uint32_t> undo_tries_max;  ///< None: no limit.
    std::chrono::milliseconds first_wait{};       ///< retry.initial_interval of action and undo.
    std::chrono::milliseconds longest_wait{};     ///< retry.maximum_interval.
    double jitter = 0;                            ///< backoff_coefficient is always 2.
    bool cannot_be_made = false;  ///< The request of its action errs: it is never sent.
    bool output_fails = false;    ///< Its output template errs on every success.
    /// Explicit rules {"when": "$response.status == S", "is": "failure"} and "unknown"; 0: none.
    int failure_status = 0;
    int unknown_status = 0;

    enum class Kind : std::uint8_t { Call, Wait, Child } kind = Kind::Call;
    /// The reply to its action, or undo, may be a 202: then a callback says how it ended.
    bool calls_back = false, undo_calls_back = false;
    /// Of callbacks, and of events that are waited for.
    std::chrono::milliseconds callback_timeout{}, undo_callback_timeout{};
    std::optional<EventPlan> event;         ///< Of a Call: instead of a request; of a Wait: for it.
    std::optional<EventPlan> undo_event;    ///< Of Undo::Call: instead of a request.
    std::chrono::milliseconds wait_for{};   ///< Of a Wait,
    std::optional<std::string> wait_until;  ///< or the member of the input that says until when.
    std::string child;                      ///< Of a Child: the name of its definition.
    std::string undo_child;                 ///< Of Undo::Child.
    std::optional<std::string> items;       ///< for_each: the list in the input that it goes over.
    std::uint32_t max_parallel = 10;        ///< Of these.
};
struct DefinitionPlan {
    std::string name;
    std::vector<StepPlan> steps;
    std::optional<std::chrono::milliseconds> deadline;
    bool has_lock = false;  ///< Its value is the input's "lock".
    std::vector<TriggerPlan> triggers = {};
};

// ---- What was seen -----------------------------------------------------------------------------

/// The first byte of the request left skald.
struct Sent {
    CallName call;
    std::string key;            ///< Idempotency-Key, without its quotes.
    std::string callback = {};  ///< Skald-Callback; empty: the participant can't call back.
};
/// The participant dealt with a request that arrived (late ones, repeats and copies of the network
/// too), or came to a decision about one that it had answered with 202 (status 0 then).
struct Handled {
    CallName call;
    enum class Did : std::uint8_t {
        Nothing,    ///< Refused, failed before it did anything, or a null compensation; no effect.
        Effect,     ///< This very request changed its books: the action's effect, or its undoing.
        Remembered  ///< The effect of an earlier request with this key; answered as that one.
    } did;
    int status;  ///< That it answered (the answer may be lost); 0: it answered nothing.
};
/// The coordinator was given the answer to a call: exactly one for each that it asked to make.
struct Told {
    CallName call;
    enum class What : std::uint8_t { Reply, NotSent, Lost } what;
    int status = 0;                                        ///< Of a Reply.
    std::optional<std::chrono::milliseconds> retry_after;  ///< Of a Reply.
    bool is_taken_back = false;  ///< Of NotSent: skald asked for it, while it waited its turn.
};
/// How a call ended, as a callback or a row of the journal says it.
enum class Word : std::uint8_t { Success, Failure, Retry, Unknown };
/// A participant's callback arrived. Repeats of it, and copies, have numbers of their own.
struct CallbackPosted {
    std::uint64_t number;
    CallName call;  ///< The attempt is 0: it is for all of them.
    Word word;
    Time decided_at;  ///< What is said was true then.
};
/// What the participant was answered.
struct CallbackAnswered {
    std::uint64_t number;
    enum class How : std::uint8_t {
        Taken,
        NotTaken,  ///< Late, a repeat, or for a saga that is over.
        NotFound,
        Busy
    } how;
};
enum class Verb : std::uint8_t { Cancel, Retry, Resolve, Abandon, Suspend, Resume };
/// An operator's command was posted; its answer may never come (a crash).
struct Asked {
    std::uint64_t number;  ///< Of the command; the same for a repeat with the same key.
    Verb verb;
    std::string saga;
    std::optional<std::size_t> step;  ///< Of Retry and Resolve.
    std::string as;                   ///< Of Resolve: "succeeded", "compensated", "skipped".
    std::string key;                  ///< Its Idempotency-Key.
    Item item = std::nullopt;
};
struct Answered {
    std::uint64_t number;
    enum class How : std::uint8_t {
        Applied,  ///< Or had been before: the journal holds its key now.
        AlreadySo,
        Refused,  ///< Nothing was changed.
        NotLive,
        Busy,
        KeyMismatch
    } how;
};
/// A client's start was posted; repeats have the same number.
struct StartAsked {
    std::uint64_t number;
    std::map<std::string, std::uint32_t> pins = {};  ///< Versions of what is below, by name.
};
struct StartAnswered {
    std::uint64_t number;
    enum class How : std::uint8_t { Started, Repeats, IdUsed, Busy } how;
    std::string saga;  ///< Where Started or Repeats: its id.
};
/// Whoever waited was told that the saga came to rest: "completed", "stuck", …
struct RestTold {
    std::string saga;
    std::string status;
};
struct Crashed {
    enum class How : std::uint8_t {
        Killed,     ///< kill -9: what was written stays.
        PowerLost,  ///< What was not synced may be lost.
        FailStop    ///< It ended itself (a failed sync, say), then as Killed or PowerLost.
    } how;
    bool while_recovering = false;
};
/// The call of a saga by which a child was started; its attempt is that of the call.
using ParentCall = CallName;

/// What a place came to.
struct Change {
    enum class To : std::uint8_t {
        Waits,      ///< For a callback or an event, of try `attempt`.
        BacksOff,   ///< Until the next try.
        Done,       ///< Succeeded.
        Stuck,      ///< In its action.
        UndoWaits,  ///< The same four of its compensation; undone: by a call.
        UndoBacksOff,
        Undone,
        UndoStuck,
        Other
    };
    Place place;
    To to;
    std::uint32_t attempt = 0;
    bool operator==(const Change&) const = default;
};

struct JournalRow {
    std::uint32_t seq = 0;
    std::int64_t at = 0;  ///< Engine time, ms.
    std::string type;     ///< sagas::to_text(RecordType): "begun", "answered", "cancelled", …
    std::optional<std::size_t> step;  ///< Of the cause, where it has one.
    std::optional<Phase> phase;
    std::uint32_t attempt = 0;
    std::string request_key;  ///< Of a start or an operator's command; else empty.
    std::string bytes;        ///< The row's encoding: equal rows have equal ones.
    Item item;
    std::uint64_t position = 0;        ///< In the journal of all sagas.
    std::optional<Word> word;          ///< Of an answer or callback.
    int status = 0;                    ///< HTTP, of an answer.
    std::string by;                    ///< Of an operator's command: who.
    std::optional<ParentCall> parent;  ///< Of the first row of a child.
    std::string lock;                  ///< Of the first row: the lock that the saga wants.
    bool turns = false;                ///< The saga turned by it.
    std::string ends_as;               ///< The saga ended by it so.
    std::vector<Place> undoing;        ///< Compensations that it began, in order.
    std::optional<EventName> event;    ///< Of "called_back" and "late": by which it came.
    std::vector<Change> changes;       ///< All that it decided, in order.
    bool operator==(const JournalRow&) const = default;
};
using Journals = std::map<std::string, std::vector<JournalRow>>;  ///< By saga, each whole.
/// Somebody who follows the journal of all sagas saw a row, as soon as it was durable.
struct Journaled {
    std::string saga;
    JournalRow row;
};
/// A process took up its work; what the store held then.
struct Started {
    Journals journals;
    Log log = {};
};

struct Seen {
    Time at;
    std::int64_t engine_time;  ///< Of the process that lives, ms; 0: none lives.
    std::variant<Sent, Handled, Told, CallbackPosted, CallbackAnswered, Asked, Answered, StartAsked,
                 StartAnswered, RestTold, Crashed, Started, Journaled, EventsPosted, EventsAnswered,
                 EventRead, Registered, ChangeAsked, ChangeAnswered, HandedOut, LeasesAsked,
                 LeasesAnswered, PushTold, BrokerStored, StandsSeen, CommitTold>
        what;
};

/// A client's intention to start one saga.
struct StartPlan {
    std::uint64_t number;
    std::size_t definition;             ///< Index of History::definitions.
    std::string id;                     ///< The saga's, chosen by us for each try or by the client.
    bool is_id_of_client = false;       ///< Else each post may carry a fresh id.
    std::string request_key;            ///< Empty: none. One of the two is always there, so that a
                                        ///< repeat can be known.
    std::map<std::string, bool> input;  ///< The booleans that `when` asks. Children get it whole.
    std::map<std::string, std::uint32_t> items = {};  ///< Lengths of the lists in it.
    std::map<std::string, std::int64_t> times = {};   ///< In it, as engine time.
    std::string lock = {};
    std::string group = {};  ///< Its "order" and "number" follow from `number`.
    /// It is started by this event, not by a client; `definition` is the first version of the name.
    std::optional<TriggerEvent> event = {};
};

/// How a saga stood when all was over.
struct FinalSaga {
    std::string status;              ///< "completed", …
    std::vector<std::string> steps;  ///< sagas::status_text, by index.
    bool is_suspended = false;
    bool summary_agrees = true;  ///< The row for search equals the fold of its journal.
    std::vector<std::vector<std::string>> elements = {};   ///< The same of these, by step.
    std::optional<std::size_t> definition = std::nullopt;  ///< Index of History::definitions.
};

struct History {
    std::vector<DefinitionPlan> definitions;
    std::vector<StartPlan> starts;
    SubscriptionPlans subscriptions;
    std::vector<Seen> seen;  ///< In order.
    // After the faults have ended, operators have resumed what was suspended, and nothing has moved
    // for long:
    Journals journals;
    Log log;
    std::vector<LogEvent> saga_view;  ///< The topic "skald.sagas".
    Stands stands;
    std::size_t untold_events = 0;  ///< That the next process would tell sagas of again.
    std::map<std::string, FinalSaga> sagas;
    std::map<std::string, std::uint64_t> counts;  ///< The store's, by status.
    std::string integrity;                        ///< Of PRAGMA integrity_check: "ok".
};

}  // namespace skald::simulation
