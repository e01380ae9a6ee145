#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The part of a history (history.h) that is about subscriptions, triggers and bridges.
namespace skald::simulation {

// ---- What was asked for ------------------------------------------------------------------------

/// Which events are wanted; what is not there: any.
struct FilterPlan {
    struct Text {
        std::string text;
        bool is_prefix = false;
    };
    std::optional<Text> type, source, subject;
};

/// One version of a subscription, as the oracle knows it.
struct SubscriptionPlan {
    std::string topic;
    FilterPlan filter;
    enum class How : std::uint8_t { Pull, Push, Trigger, Relay } how = How::Pull;
    std::optional<std::uint32_t> attempts_max;  ///< None: no limit.
    std::uint32_t parallel_max = 0;             ///< Of a Push.
    bool cannot_be_sent = false;                ///< Of a Push: its secret is not there.
    std::string target;  ///< Of a Trigger: the definition; a Relay: the bridge.
};
/// By its document, as the store has it.
using SubscriptionPlans = std::map<std::string, SubscriptionPlan>;

/// Each event of that type starts a saga.
struct TriggerPlan {
    std::string topic, type;
};
/// The event by which a saga is to be started; by `source` and `id` it is known.
struct TriggerEvent {
    std::string topic, type, source, id, subject;
};

// ---- What was seen -----------------------------------------------------------------------------

/// Somebody asked for a change of a subscription or a bridge; the answer may never come.
struct ChangeAsked {
    std::uint64_t number;
    enum class What : std::uint8_t {
        Put,
        Delete,
        Rewind,
        Revive,   ///< Dead letters: deliver them again,
        Discard,  ///< or throw them away.
        PutBridge,
        DeleteBridge
    } what;
    std::string name;
    std::int64_t behind = 0;            ///< Of Rewind; of Put: where a new one is to begin.
    std::vector<std::int64_t> letters;  ///< Of Revive and Discard: offsets.
};
struct ChangeAnswered {
    std::uint64_t number;
    enum class How : std::uint8_t { Done, NotFound, Refused, Busy } how;
};

/// An event was given to a subscriber: fetched by him, on its way to him by a push, or to the
/// broker.
struct HandedOut {
    std::string subscription;
    std::int64_t offset = 0;  ///< 0: whoever saw it does not know.
    std::string source, id;   ///< Of the event.
    std::uint64_t lease = 0;  ///< Of what was fetched; else the number of the call.
    std::uint32_t attempt = 0;
    std::int64_t until =
        0;  ///< Engine time, ms, when the lease is over; 0: when there is an answer.
};
/// A subscriber said what became of events that he had fetched.
struct LeasesAsked {
    struct Held {
        std::int64_t offset;
        std::uint64_t lease;
    };
    std::uint64_t number;
    std::string subscription;
    std::vector<Held> leases;
    enum class As : std::uint8_t { Acknowledged, Refused, Extended } as;
    std::int64_t by = 0;  ///< Of Extended: ms.
};
struct LeasesAnswered {
    std::uint64_t number;
    enum class How : std::uint8_t { Done, NotFound, NotPulled, Busy } how;
    std::vector<std::uint64_t> stale;  ///< Of Done: leases that were not theirs any more.
};
/// How a push ended, or what the broker said, as skald was told.
struct PushTold {
    std::uint64_t number;  ///< HandedOut::lease.
    bool is_delivered;
};
/// The broker has it: for the first time, or again.
struct BrokerStored {
    std::string bridge, subject;  ///< The subject is the broker's.
    std::string message;          ///< Its id there.
    std::string source, id;       ///< Of the event.
    bool is_repeat;
};

/// What is durable of one subscription.
struct Stand {
    struct Letter {
        std::int64_t offset;
        std::uint32_t attempts;
        bool is_revived;
        std::string id;  ///< Of the event.
        bool operator==(const Letter&) const = default;
    };
    std::string name, owner, topic;
    std::uint32_t version = 0;
    std::string document;
    std::int64_t cursor = 0;  ///< Everything up to it is settled.
    std::vector<std::pair<std::int64_t, std::int64_t>> settled;  ///< Beyond it: first and last.
    std::vector<Letter> letters;
    bool operator==(const Stand&) const = default;
};
using Stands = std::map<std::int64_t, Stand>;  ///< By the store's key, which is never used again.
/// Somebody looked after a commit, or before a process took up its work, and something had changed.
struct StandsSeen {
    Stands stands;
};
/// Skald was told that the commit is durable of which StandsSeen was seen last: it knows now which
/// subscriptions there are.
struct CommitTold {};

}  // namespace skald::simulation
