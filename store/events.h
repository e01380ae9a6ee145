#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sagas/event_match.h"
#include "store/keys.h"

/// The event log as it is written and read: topics, events, and the steps that wait for them.
namespace skald::store {

// ---- What is written ---------------------------------------------------------------------------

/// Gives a topic a document of its own (its contract and retention), unless `source` equals the
/// latest one's. A topic that nobody gave one comes to be with its first event.
struct PutTopic {
    std::string name;
    std::string source;  ///< Canonical JSON.
    /// Events older than that go, once all subscriptions have settled them; none: the default.
    std::optional<Milliseconds> retain_for;
    std::optional<std::uint64_t>
        retain_bytes;  ///< The oldest beyond that go anyway; none: no limit.
    /// Needed latest version: none: any; 0: it has no document yet.
    std::optional<std::uint32_t> if_version;
    Timestamp at;
};

/// One event of one topic.
struct NewEvent {
    std::string topic;
    /// Written once within EventRules::known_for; what a saga publishes is not held against what
    /// others did before under its name.
    std::string source, id;
    std::string event;  ///< The CloudEvent in its JSON format, compact.
    /// By which steps that wait find it, and those that begin to wait later; but by the saga's key
    /// none does later that did not wait by then (sagas/event_match.h).
    sagas::EventKeys keys;
    std::optional<SagaKey> saga;  ///< That publishes it: left out with it.
    Timestamp at;
};

/// That a step waits for the first event that has one of `keys`, until the saga ends. Those that
/// are there already, and not older than EventRules::kept_for, are found too; of many with one key,
/// the oldest. Written again, it changes nothing.
///
/// Of sagas that are not parked a store may forget it when it is closed: whoever takes them up then
/// writes it again, with the first batch, as one that is not new.
struct NewExpectation {
    SagaKey saga;
    sagas::StepIndex step;
    sagas::Phase phase;
    std::vector<std::string> keys;
    Timestamp at;
    bool is_new = true;  ///< False: events that are there already were found before.
};

/// A step waits, or waited, for an event, and it is there. It is told once to the engine, which
/// writes ToldHit when the saga's journal holds what came of it.
struct EventHit {
    SagaKey saga;
    sagas::StepIndex step;
    sagas::Phase phase;
    std::string topic;
    Offset offset;
    std::string event;
    std::optional<std::size_t> index = {};  ///< Of Batch::events, where it was published by it.
    bool is_told = false;                   ///< By a ToldHit of the same batch.
};
struct ToldHit {
    SagaKey saga;
    sagas::StepIndex step;
    sagas::Phase phase;
    std::string topic;
    Offset offset;
};

// ---- What came of it ---------------------------------------------------------------------------

struct TopicWritten {
    std::uint32_t version;
    enum class How : std::uint8_t { NewVersion, EqualToLatest } how;
};
struct TopicVersionMismatch {
    std::uint32_t latest;  ///< 0: there is no document yet.
};
using TopicOutcome = std::variant<TopicWritten, TopicVersionMismatch>;

struct EventWritten {
    Offset offset;
    bool is_repeat;  ///< Its source and id were known: this is the offset of the first one.
};

/// For how long what helps events to be matched is kept.
struct EventRules {
    Milliseconds known_for = std::chrono::hours{24};  ///< Sources and ids, so that none is twice.
    Milliseconds kept_for = std::chrono::hours{24};   ///< Keys, for steps that wait later.
    Milliseconds retain_for = std::chrono::hours{24 * 7};  ///< Events of topics that say nothing.
};

// ---- What is read ------------------------------------------------------------------------------

struct TopicRow {
    std::string name;
    std::uint32_t version = 0;  ///< Of its document; 0: it has none.
    std::string source;         ///< Empty: it has none.
    Timestamp created_at;       ///< The document; the topic, where it has none.
    Offset first;               ///< Of the oldest event that is kept; last + 1: there is none.
    Offset last;                ///< 0: there was none ever.
    std::uint64_t bytes = 0;    ///< Of the events that are kept.
};
struct EventRow {
    Offset offset;
    Timestamp at;       ///< Never before that of the one before it in the topic.
    std::string event;  ///< The CloudEvent in its JSON format.
};
struct EventPage {
    std::vector<EventRow> rows;
    Offset last;          ///< Of the topic; what was behind `after` may be deleted.
    bool is_cut = false;  ///< By their number or size: there may be more behind them.
};

}  // namespace skald::store
