#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sqlite/event_key.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes topics, their documents and how far each of them is; inside a transaction of the caller.
/// Remembers the topics that events come for.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class TopicTable {
 public:
    /// No other connection writes, as long as this lives.
    explicit TopicTable(SQLite::Database& database);

    /// At the start of a transaction: unless the one before is known as committed, all that is
    /// remembered is forgotten, for it may have been rolled back.
    void begin_transaction();
    /// At its end: how far the topics are that got events.
    void finish();
    /// After the commit.
    void committed() { is_committed_ = true; }

    TopicOutcome write(const PutTopic& put);

    /// As the transaction sees it; valid until the next one begins.
    struct Topic {
        TopicKey key;
        Offset last;
        Timestamp last_at;  ///< Of the latest event; no later one is older.
        // Of this transaction.
        bool has_new = false;
        std::uint64_t new_bytes = 0;
    };
    /// Null: there is none of this name.
    Topic* find(const std::string& name);
    /// Made at `at`, where there is none.
    Topic& find_or_make(const std::string& name, Timestamp at);

    /// The next offset of `topic` is taken, by an event of so many bytes. Gives its time.
    Timestamp add_event(Topic& topic, Timestamp at, std::size_t bytes);

 private:
    /// About so many topics are remembered; then it begins anew.
    static constexpr std::size_t kKnownMax = 4'096;

    Prepared find_, insert_, advance_, latest_, set_document_, insert_document_;
    std::unordered_map<std::string, Topic> known_;
    std::vector<Topic*> changed_;
    bool is_committed_ = false;
};

}  // namespace skald::store::sqlite
