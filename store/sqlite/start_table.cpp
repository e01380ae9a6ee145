#include "store/sqlite/start_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "store/codec.h"
#include "store/retention_rules.h"
#include "store/sqlite/saga_rows.h"

namespace skald::store::sqlite {

StartTable::StartTable(SQLite::Database& database)
    : insert_saga_(database,
                   "INSERT INTO saga(key, id, definition, status, id_origin, has_key, started_at,"
                   " deadline_at, labels, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT(id) DO NOTHING"),
      insert_input_(database, "INSERT INTO input(saga, json) VALUES (?, ?)"),
      insert_key_(database, "INSERT INTO key(hash, saga) VALUES (?, ?)"),
      insert_tombstone_(database, "INSERT OR REPLACE INTO tombstone(hash, at) VALUES (?, ?)"),
      keep_salts_(database, "UPDATE meta SET value = max(value, ?) WHERE name = 'hash_salts'"),
      key_(database, "SELECT saga FROM key WHERE hash = ?"),
      begun_(database, "SELECT at, data FROM journal WHERE saga = ? AND seq = 1 AND type = ?"),
      id_of_(database, "SELECT id FROM saga WHERE key = ?"),
      by_id_(database, "SELECT key, body_hash FROM saga WHERE id = ?"),
      buried_at_(database, "SELECT at FROM tombstone WHERE hash = ?"),
      to_erase_(database, "SELECT id, id_origin, has_key FROM saga WHERE key = ?"),
      erase_saga_(database, "DELETE FROM saga WHERE key = ?"),
      erase_input_(database, "DELETE FROM input WHERE saga = ?"),
      erase_key_(database, "DELETE FROM key WHERE hash = ? AND saga = ?"),
      forget_tombstones_(database,
                         "DELETE FROM tombstone WHERE hash IN"
                         " (SELECT hash FROM tombstone WHERE at < ? ORDER BY at LIMIT ?)") {
    Prepared meta(database, "SELECT value FROM meta WHERE name = ?");
    {
        Rows rows = meta.query(std::string("hash_key"));
        const std::string bytes = rows.next() ? rows.text(0) : std::string();
        std::copy_n(bytes.begin(), std::min(bytes.size(), hash_key_.size()), hash_key_.begin());
    }
    Rows rows = meta.query(std::string("hash_salts"));
    salts_ = rows.next() ? static_cast<std::uint32_t>(rows.integer(0)) : 1;
}

Result<StartOutcome> StartTable::write(const NewSaga& start) {
    const sagas::RequestKey* request = request_key(start.begun);
    std::optional<Slot> slot;
    if (request != nullptr) {
        auto found = find_key(*request);
        if (!found) {
            return tl::unexpected(found.error());
        }
        if (const auto* repeats = std::get_if<StartRepeats>(&*found)) {
            return *repeats;
        }
        slot = std::get<Slot>(*found);
    }
    const bool is_clients = start.id_origin == IdOrigin::Client;
    if (is_clients && is_buried(start)) {
        return StartIdUsed{};
    }
    const int rows = insert_saga_.run(
        start.key, start.id, start.definition, sagas::Status::Running, start.id_origin,
        std::uint32_t{request != nullptr}, start.started_at, start.deadline_at,
        labels_text(start.labels), is_clients ? std::optional{start.body_hash} : std::nullopt);
    if (rows == 0) {
        return repeated_id(start);
    }
    insert_input_.run(start.key, start.input ? start.input->dump() : std::string("null"));
    if (slot) {
        insert_key_.run(slot->hash, start.key);
        if (slot->salt > 0) {
            keep_salts_.run(slot->salt + 1);
            salts_ = std::max(salts_, slot->salt + 1);
        }
    }
    return StartWritten{};
}

/// Either the saga that has this key, or where the key may be put. Every salt that was ever needed
/// is looked at, for the key that made it necessary may be deleted since.
Result<std::variant<StartRepeats, StartTable::Slot>> StartTable::find_key(
    const sagas::RequestKey& request) {
    std::optional<Slot> free;
    for (std::uint32_t salt = 0; salt < salts_ || !free; ++salt) {
        const std::int64_t hash = hash_text(hash_key_, request.key, salt);
        const std::optional<std::int64_t> holder = find_saga(hash);
        if (!holder) {
            free = free ? free : Slot{hash, salt};
            continue;
        }
        auto stored = stored_key(SagaKey{*holder});
        if (!stored) {
            return tl::unexpected(stored.error());
        }
        if (stored->key == request.key) {
            Rows rows = id_of_.query(*holder);
            return StartRepeats{SagaKey{*holder}, rows.next() ? rows.text(0) : std::string(),
                                StartRepeats::By::RequestKey,
                                stored->body_hash == request.body_hash};
        }
    }
    return *free;
}

std::optional<std::int64_t> StartTable::find_saga(std::int64_t hash) {
    Rows rows = key_.query(hash);
    return rows.next() ? std::optional{rows.integer(0)} : std::nullopt;
}

Result<sagas::RequestKey> StartTable::stored_key(SagaKey saga) {
    Rows rows = begun_.query(saga, sagas::RecordType::Begun);
    if (rows.next()) {
        auto record = decode(sagas::RecordType::Begun, rows.time(0), rows.text(1));
        if (!record) {
            return tl::unexpected(record.error());
        }
        if (const sagas::RequestKey* request = request_key(*record)) {
            return *request;
        }
    }
    return sagas::fail(ErrorCode::Corruption,
                       "saga " + std::to_string(static_cast<std::int64_t>(saga)) +
                           ": its first journal row lacks the request key it was started with");
}

bool StartTable::is_buried(const NewSaga& start) {
    Rows rows = buried_at_.query(hash_text(hash_key_, start.id, 0));
    return rows.next() && start.started_at - rows.time(0) < kTombstoneKept;
}

StartRepeats StartTable::repeated_id(const NewSaga& start) {
    Rows rows = by_id_.query(start.id);
    rows.next();
    return StartRepeats{SagaKey{rows.integer(0)}, start.id, StartRepeats::By::Id,
                        !rows.is_null(1) && rows.text(1) == start.body_hash};
}

Result<void> StartTable::erase(SagaKey saga, Timestamp now) {
    std::string id;
    auto origin = IdOrigin::Ours;
    bool has_key = false;
    {
        Rows rows = to_erase_.query(saga);
        rows.next();
        id = rows.text(0);
        origin = static_cast<IdOrigin>(rows.integer(1));
        has_key = rows.integer(2) != 0;
    }
    if (has_key) {
        auto stored = stored_key(saga);
        if (!stored) {
            return tl::unexpected(stored.error());
        }
        for (std::uint32_t salt = 0; salt < salts_; ++salt) {
            erase_key_.run(hash_text(hash_key_, stored->key, salt), saga);
        }
    }
    if (origin == IdOrigin::Client) {
        insert_tombstone_.run(hash_text(hash_key_, id, 0), now);
    }
    erase_input_.run(saga);
    erase_saga_.run(saga);
    return {};
}

void StartTable::forget_tombstones(Timestamp before, std::uint32_t rows_max) {
    forget_tombstones_.run(before, rows_max);
}

}  // namespace skald::store::sqlite
