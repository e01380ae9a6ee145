#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/catalog.h"
#include "engine/deliveries.h"
#include "engine/subscription_document.h"
#include "sagas/event.h"
#include "sagas/machine.h"
#include "store/store.h"

/// What the API asks of the coordinator. Each command is answered exactly once, through `done`, on
/// the loop's thread, and only when what the answer says is durable; `done` must be quick and not
/// throw.
namespace skald::engine {

/// Nothing was done; worth trying again later.
struct Busy {
    enum class Why : std::uint8_t { TooMuch, DiskFull, Draining } why;
    std::string detail;
};

struct Start {
    VersionPtr version;
    std::string id;  ///< Public; a UUIDv7 that the API made, or the client's.
    store::IdOrigin id_origin;
    sagas::Value input;    ///< Valid against the version's schema.
    store::Labels labels;  ///< The definition's rendered, then the request's over them.
    std::string body_hash;
    std::optional<sagas::RequestKey> request;
    std::optional<sagas::Replay> replay;
    std::optional<std::string> lock = std::nullopt;  ///< Rendered (sagas/lock.h).
    sagas::Pins pins = {};                           ///< Of its children (sagas/children.h).

    struct Started {};
    using Result = std::variant<Started, store::StartRepeats, store::StartIdUsed, Busy>;
    std::function<void(Result)> done;
};

/// Several starts, written in one commit; each is answered by itself.
struct StartMany {
    std::vector<Start> starts;
};

/// Cancel, retry, resolve and the like, for the saga with the public id `id`.
struct Operate {
    std::string id;
    std::variant<sagas::Cancel, sagas::Retry, sagas::Resolve, sagas::Abandon, sagas::Suspend,
                 sagas::Resume>
        event;

    struct Done {
        sagas::Status status;  ///< After it.
        enum class How : std::uint8_t {
            Applied,
            AlreadySo,      ///< Nothing had to change.
            WaitsForPivot,  ///< Cancel: the pivot is in flight and settles first.
            Repeated,       ///< The same Idempotency-Key did it before.
        } how;
    };
    /// The Idempotency-Key was used with another body.
    struct KeyMismatch {};
    /// It is not live: ended, or there never was one; what is in the store tells which.
    struct NotLive {};
    using Result = std::variant<Done, sagas::Refusal, KeyMismatch, NotLive, Busy>;
    std::function<void(Result)> done;
};

/// A participant's word on how a call ended, for the saga with the public id `id`, whether it is
/// live, parked or over.
struct CallBack {
    std::string id;
    sagas::CalledBack event;

    struct Taken {
        sagas::Status status;  ///< After it.
        bool is_taken;         ///< False: it came late, twice, or for a saga that is over.
    };
    /// There is no such saga (any more).
    struct NotFound {};
    using Result = std::variant<Taken, NotFound, Busy>;
    std::function<void(Result)> done;
};

struct ChangeDefinition {
    std::variant<store::PutDefinition, store::DeleteDefinition> change;
    using Result = std::variant<store::DefinitionOutcome, Busy>;
    std::function<void(Result)> done;
    std::vector<sagas::MatchPath> match_paths = {};  ///< Of what is put (sagas/event_match.h).
};

/// Events of one topic, written in one commit, in this order. They are valid, and keep the topic's
/// contract.
struct Publish {
    struct Event {
        std::string source, id;
        sagas::Json event;  ///< The CloudEvent, structured.
    };
    std::string topic;
    std::vector<Event> events;
    using Result = std::variant<std::vector<store::EventWritten>, Busy>;
    std::function<void(Result)> done;
};

struct ChangeTopic {
    store::PutTopic change;
    using Result = std::variant<store::TopicOutcome, Busy>;
    std::function<void(Result)> done;
};

struct ChangeSubscription {
    std::variant<store::PutSubscription, store::DeleteSubscription> change;
    std::optional<SubscriptionDocument> document;  ///< Of what is put: its source, read.
    using Result = std::variant<store::SubscriptionOutcome, Busy>;
    std::function<void(Result)> done;
};

struct NoSuchSubscription {};
/// Its events are not fetched, but pushed or the like.
struct IsNotPulled {};

/// Leases events of a subscription to whoever asks; waits for some until `until`.
struct Fetch {
    std::string name;
    std::size_t limit;  ///< 1 to Deliveries::kWindow.
    sagas::Timestamp until;

    struct Delivery {
        Lease lease;
        std::uint32_t attempt;   ///< From 1.
        sagas::Timestamp until;  ///< Of the lease.
        std::string event;       ///< The CloudEvent in its JSON format.
    };
    /// Nothing came: an empty list.
    using Result = std::variant<std::vector<Delivery>, NoSuchSubscription, IsNotPulled, Busy>;
    std::function<void(Result)> done;
    /// Whether somebody still waits for the answer: else nothing is leased. Empty: yes.
    std::function<bool()> is_wanted = {};
};

/// What became of events that were fetched.
struct AnswerLeases {
    std::string name;
    std::vector<Lease> leases;
    enum class As : std::uint8_t { Acknowledged, Refused, Extended } as;
    sagas::Milliseconds by{};  ///< Extended: from now on.
    std::string error = {};    ///< Refused: one short line.

    /// Those of `leases` for which nothing was done: they were over, or never were.
    using Result = std::variant<std::vector<Lease>, NoSuchSubscription, IsNotPulled, Busy>;
    std::function<void(Result)> done;
};

/// Delivers again all that is behind an offset, or goes on behind it; dead letters stay.
struct Rewind {
    std::string name;
    store::Offset behind;
    struct Done {};
    using Result = std::variant<Done, NoSuchSubscription, Busy>;
    std::function<void(Result)> done;
};

/// Dead letters are delivered again, with as many attempts as a new event has, or thrown away.
struct SettleDeadLetters {
    std::string name;
    std::vector<store::DeadLetter> letters;  ///< As they were read; all of this subscription.
    enum class How : std::uint8_t { DeliverAgain, Discard } how;
    struct Done {
        std::size_t count;     ///< Of `letters`; those that are over already are not among them.
        bool is_full = false;  ///< Too many events are open for the rest of them.
    };
    using Result = std::variant<Done, NoSuchSubscription, Busy>;
    std::function<void(Result)> done;
};

struct ChangeBridge {
    std::variant<store::PutBridge, store::DeleteBridge> change;
    using Result = std::variant<store::BridgeOutcome, Busy>;
    std::function<void(Result)> done;
};

using Command =
    std::variant<Start, StartMany, Operate, CallBack, ChangeDefinition, Publish, ChangeTopic,
                 ChangeSubscription, Fetch, AnswerLeases, Rewind, SettleDeadLetters, ChangeBridge>;

/// Answers the command, or each of its starts, with `busy`.
void refuse(Command& command, const Busy& busy);

}  // namespace skald::engine
