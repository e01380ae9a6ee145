#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/memory_events.h"
#include "store/memory_locks.h"
#include "store/memory_subscriptions.h"
#include "store/store.h"

/// What the memory store holds, and how a batch changes it.
namespace skald::store::memory {

struct StoredSaga {
    NewSaga start;
    Summary summary;
    std::vector<JournalRow> journal;
};

/// All versions of one name.
struct StoredName {
    std::vector<DefinitionRow> versions;
    DefinitionRow::State state;
};

struct Tables {
    std::map<std::string, StoredName> definitions;
    std::map<DefinitionKey, std::pair<std::string, std::uint32_t>> definition_keys;
    std::map<SagaKey, StoredSaga> sagas;
    std::map<std::string, SagaKey> ids;
    std::map<std::string, SagaKey> request_keys;
    std::map<std::string, Timestamp> tombstones;
    std::map<SagaKey, std::optional<Timestamp>> parked;
    LockQueues locks;
    EventLog events;
    Subscriptions subscriptions;
    LastKeys last{};
    SagaKey last_offered{};  ///< Starts that lost counted too.
    Position last_position{};
};

/// Errors: Corruption, when the batch breaks the rules of store.h; part of it is written then.
Result<Committed> write(Tables& tables, const Batch& batch, const OnHits& on_hits);

/// As Reader::repeated_start.
std::optional<StartRepeats> find_start(const Tables& tables, const StartIdentity& start);

/// Whether the saga is a child, and one above it is not over: its end isn't final.
bool is_held(const Tables& tables, const StoredSaga& saga);

/// Deletes a saga that ended; a client's id leaves a tombstone.
void erase(Tables& tables, SagaKey key, Timestamp now);

}  // namespace skald::store::memory
