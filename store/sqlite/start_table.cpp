#include "store/sqlite/start_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sagas/json_text.h"
#include "store/retention_rules.h"
#include "store/sqlite/saga_rows.h"

namespace skald::store::sqlite {
namespace {

std::string input_text(const Value& input) {
    std::string text;
    if (input) {
        sagas::append_json(text, *input, sagas::NotUtf8::Replaced);
    } else {
        text = "null";
    }
    return text;
}

}  // namespace

StartTable::StartTable(SQLite::Database& database)
    : keys_(database),
      salts_(keys_.salts()),
      inputs_(database, "input(saga, json)"),
      insert_saga_(database,
                   "INSERT INTO saga(key, id, definition, status, id_origin, has_key, started_at,"
                   " deadline_at, labels, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT(id) DO NOTHING"),
      insert_key_(database, "INSERT INTO key(hash, saga) VALUES (?, ?)"),
      insert_tombstone_(database, "INSERT OR REPLACE INTO tombstone(hash, at) VALUES (?, ?)"),
      keep_salts_(database, "UPDATE meta SET value = max(value, ?) WHERE name = 'hash_salts'"),
      buried_at_(database, "SELECT at FROM tombstone WHERE hash = ?"),
      to_erase_(database, "SELECT id, id_origin, has_key FROM saga WHERE key = ?"),
      erase_saga_(database, "DELETE FROM saga WHERE key = ?"),
      erase_input_(database, "DELETE FROM input WHERE saga = ?"),
      erase_key_(database, "DELETE FROM key WHERE hash = ? AND saga = ?"),
      forget_tombstones_(database,
                         "DELETE FROM tombstone WHERE hash IN"
                         " (SELECT hash FROM tombstone WHERE at < ? ORDER BY at LIMIT ?)") {}

Result<StartOutcome> StartTable::write(const NewSaga& start) {
    const sagas::RequestKey* request = request_key(start.begun);
    std::optional<RequestKeys::Slot> slot;
    if (request != nullptr) {
        auto found = keys_.find(*request, salts_);
        if (!found) {
            return tl::unexpected(found.error());
        }
        if (const auto* repeats = std::get_if<StartRepeats>(&*found)) {
            return *repeats;
        }
        slot = std::get<RequestKeys::Slot>(*found);
    }
    const bool is_clients = start.id_origin == IdOrigin::Client;
    const bool is_replay = request != nullptr && is_replay_key(request->key);
    if ((is_clients && is_buried(start.id, start.started_at)) ||
        (is_replay && is_buried(request->key, start.started_at))) {
        return StartIdUsed{};
    }
    const int rows = insert_saga_.run(
        start.key, start.id, start.definition, sagas::Status::Running, start.id_origin,
        std::uint32_t{request != nullptr}, start.started_at, start.deadline_at,
        labels_text(start.labels), is_clients ? std::optional{start.body_hash} : std::nullopt);
    if (rows == 0) {
        return keys_.find_id(start.id, start.body_hash).value();
    }
    inputs_.add(start.key, input_text(start.input));
    if (slot) {
        insert_key_.run(slot->hash, start.key);
        if (slot->salt > 0) {
            keep_salts_.run(slot->salt + 1);
            salts_ = std::max(salts_, slot->salt + 1);
        }
    }
    return StartWritten{};
}

bool StartTable::is_buried(const std::string& text, Timestamp now) {
    Rows rows = buried_at_.query(hash_text(keys_.hash_key(), text, 0));
    return rows.next() && now - rows.time(0) < kTombstoneKept;
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
        auto stored = keys_.stored(saga);
        if (!stored) {
            return tl::unexpected(stored.error());
        }
        for (std::uint32_t salt = 0; salt < salts_; ++salt) {
            erase_key_.run(hash_text(keys_.hash_key(), stored->key, salt), saga);
        }
        if (is_replay_key(stored->key)) {
            insert_tombstone_.run(hash_text(keys_.hash_key(), stored->key, 0), now);
        }
    }
    if (origin == IdOrigin::Client) {
        insert_tombstone_.run(hash_text(keys_.hash_key(), id, 0), now);
    }
    erase_input_.run(saga);
    erase_saga_.run(saga);
    return {};
}

void StartTable::forget_tombstones(Timestamp before, std::uint32_t rows_max) {
    forget_tombstones_.run(before, rows_max);
}

}  // namespace skald::store::sqlite
