#include "store/sqlite/lock_table.h"

#include <algorithm>

#include "store/lock_rules.h"

namespace skald::store::sqlite {
namespace {

bool has_any_lock(SQLite::Database& database) {
    Prepared any(database, "SELECT 1 FROM lock LIMIT 1");
    return any.query().next();
}

}  // namespace

LockTable::LockTable(SQLite::Database& database, const HashKey& key)
    : key_(key),
      definition_name_(database, "SELECT name FROM definition WHERE key = ?"),
      insert_(database, "INSERT INTO lock(hash, saga, is_granted) VALUES (?, ?, 0)"),
      grant_(database,
             "UPDATE lock SET is_granted = 1"
             " WHERE saga = ?1 AND hash = (SELECT hash FROM lock WHERE saga = ?1)"),
      hash_of_(database, "SELECT hash FROM lock WHERE saga = ?"),
      erase_(database, "DELETE FROM lock WHERE hash = ? AND saga = ?"),
      head_(database, "SELECT saga FROM lock WHERE hash = ? ORDER BY saga LIMIT 1"),
      has_rows_(has_any_lock(database)) {}

void LockTable::enter(const NewSaga& start, const std::string& value) {
    std::string definition;
    {
        Rows rows = definition_name_.query(start.definition);
        rows.next();
        definition = rows.text(0);
    }
    const std::int64_t hash = hash_text(key_, lock_name(definition, value), 0);
    remember_head(hash);
    insert_.run(hash, start.key);
    has_rows_ = true;
}

void LockTable::grant(SagaKey saga) { grant_.run(saga); }

void LockTable::leave(SagaKey saga) {
    if (!has_rows_) {
        return;
    }
    std::int64_t hash = 0;
    {
        Rows rows = hash_of_.query(saga);
        if (!rows.next()) {
            return;
        }
        hash = rows.integer(0);
    }
    remember_head(hash);
    erase_.run(hash, saga);
}

std::vector<SagaKey> LockTable::new_heads() {
    std::vector<SagaKey> heads;
    for (const auto& [hash, before] : heads_before_) {
        const std::optional<SagaKey> now = head(hash);
        if (now && now != before) {
            heads.push_back(*now);
        }
    }
    std::sort(heads.begin(), heads.end());
    return heads;
}

std::optional<SagaKey> LockTable::head(std::int64_t hash) {
    Rows rows = head_.query(hash);
    return rows.next() ? std::optional{SagaKey{rows.integer(0)}} : std::nullopt;
}

void LockTable::remember_head(std::int64_t hash) {
    if (!heads_before_.contains(hash)) {
        heads_before_.emplace(hash, head(hash));
    }
}

}  // namespace skald::store::sqlite
