#include "store/sqlite/request_keys.h"

#include <algorithm>

#include "store/codec.h"

namespace skald::store::sqlite {

RequestKeys::RequestKeys(SQLite::Database& database)
    : meta_(database, "SELECT value FROM meta WHERE name = ?"),
      key_(database, "SELECT saga FROM key WHERE hash = ?"),
      begun_(database, "SELECT at, data FROM journal WHERE saga = ? AND seq = 1 AND type = ?"),
      id_of_(database, "SELECT id FROM saga WHERE key = ?"),
      by_id_(database, "SELECT key, body_hash FROM saga WHERE id = ?") {}

const HashKey& RequestKeys::hash_key() {
    if (!hash_key_) {
        Rows rows = meta_.query(std::string("hash_key"));
        const std::string bytes = rows.next() ? rows.text(0) : std::string();
        hash_key_.emplace();
        std::copy_n(bytes.begin(), std::min(bytes.size(), hash_key_->size()), hash_key_->begin());
    }
    return *hash_key_;
}

std::uint32_t RequestKeys::salts() {
    Rows rows = meta_.query(std::string("hash_salts"));
    return rows.next() ? static_cast<std::uint32_t>(rows.integer(0)) : 1;
}

Result<std::variant<StartRepeats, RequestKeys::Slot>> RequestKeys::find(
    const sagas::RequestKey& request, std::uint32_t salts) {
    std::optional<Slot> free;
    for (std::uint32_t salt = 0; salt < salts || !free; ++salt) {
        const std::int64_t hash = hash_text(hash_key(), request.key, salt);
        const std::optional<std::int64_t> holder = holder_of(hash);
        if (!holder) {
            free = free ? free : Slot{hash, salt};
            continue;
        }
        auto key = stored(SagaKey{*holder});
        if (!key) {
            return tl::unexpected(key.error());
        }
        if (key->key == request.key) {
            Rows rows = id_of_.query(*holder);
            return StartRepeats{SagaKey{*holder}, rows.next() ? rows.text(0) : std::string(),
                                StartRepeats::By::RequestKey, key->body_hash == request.body_hash};
        }
    }
    return *free;
}

std::optional<StartRepeats> RequestKeys::find_id(const std::string& id,
                                                 const std::string& body_hash) {
    Rows rows = by_id_.query(id);
    if (!rows.next()) {
        return std::nullopt;
    }
    return StartRepeats{SagaKey{rows.integer(0)}, id, StartRepeats::By::Id,
                        !rows.is_null(1) && rows.text(1) == body_hash};
}

Result<sagas::RequestKey> RequestKeys::stored(SagaKey saga) {
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

std::optional<std::int64_t> RequestKeys::holder_of(std::int64_t hash) {
    Rows rows = key_.query(hash);
    return rows.next() ? std::optional{rows.integer(0)} : std::nullopt;
}

}  // namespace skald::store::sqlite
