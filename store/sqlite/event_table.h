#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/event_index.h"
#include "store/sqlite/event_key.h"
#include "store/sqlite/key_hash.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/row_groups.h"
#include "store/sqlite/topic_table.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes events, and by what each is known and found; inside a transaction of the caller.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class EventTable {
 public:
    /// `key`: of the hashes. `index` lives longer.
    EventTable(SQLite::Database& database, const HashKey& key, const EventRules& rules,
               EventIndex& index);

    /// At the start of a transaction.
    void begin_transaction() { rows_.begin(); }
    /// At its end: what is not yet written.
    void finish() { rows_.finish(); }

    struct Written {
        EventKey key;
        bool is_repeat;
    };
    /// An event of a topic in `topics`. `hashes`: of its keys, each once. Until `finish` it borrows
    /// the text of `event`.
    Written write(const NewEvent& event, TopicTable& topics,
                  const std::vector<std::int64_t>& hashes);

    struct Earlier {
        std::string topic;
        Timestamp at;
        EventKey key;
        std::string event;
    };
    /// Events of earlier transactions, written at `since` or later, that can be found by `hash`:
    /// the oldest kEarlierEventsMax of them, in their order.
    std::vector<Earlier> find(std::int64_t hash, Timestamp since);

 private:
    std::optional<EventKey> repeated(const NewEvent& event, TopicKey topic, std::int64_t hash);
    bool is_another(EventKey key, const NewEvent& event, TopicKey topic);

    const HashKey key_;
    const EventRules rules_;
    EventIndex& index_;
    RowGroups<EventKey, Timestamp, std::reference_wrapper<const std::string>> rows_;
    Prepared json_, whole_;
};

}  // namespace skald::store::sqlite
