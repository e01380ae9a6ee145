#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "store/event_rules.h"
#include "store/sqlite/event_key.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// What waits for which events, by the hashes of their keys: of parked sagas as rows, of others in
/// memory alone, for whoever has them in memory says it again after a restart. And which events are
/// there and not told yet, as rows. Inside a transaction of the caller. Costs other sagas no
/// statement, as long as none that waits for an event was ever parked.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class ExpectationTable {
 public:
    /// The database must be migrated.
    explicit ExpectationTable(SQLite::Database& database);

    /// At the start of a transaction: forgets what the one before did, if it is not known as
    /// committed.
    void begin_transaction();
    /// After the commit.
    void committed();

    enum class Entered : std::uint8_t { New, WaitedAlready };
    Entered enter(const Waiting& waiting, std::int64_t hash);
    /// What `saga` waits for gets its rows.
    void park(SagaKey saga);
    /// Nothing of `saga` waits any more; hits stay.
    void leave(SagaKey saga);
    /// What waits for any of `hashes`, each once, in their order.
    std::vector<Waiting> find(const std::vector<std::int64_t>& hashes);

    bool has_hit(EventKey event, const Waiting& waiting);
    void add_hit(EventKey event, const Waiting& waiting);
    void erase_hit(EventKey event, const Waiting& waiting);

    /// `saga` is deleted.
    void erase(SagaKey saga);

 private:
    struct Awaited {
        Waiting waiting;
        std::int64_t hash;
        bool operator==(const Awaited&) const = default;
    };
    /// Found by hash and by saga.
    class InMemory {
     public:
        bool has(const Awaited& awaited) const;
        void add(const Awaited& awaited);
        void erase(SagaKey saga);
        void merge(InMemory& other);
        void clear();
        void find(std::int64_t hash, std::vector<Waiting>& found) const;
        const std::vector<Awaited>& of(SagaKey saga) const;

     private:
        std::unordered_multimap<std::int64_t, Waiting> by_hash_;
        std::unordered_map<SagaKey, std::vector<Awaited>> by_saga_;
    };
    bool has_row(const Awaited& awaited);

    Prepared has_, insert_, erase_, find_;
    Prepared has_hit_, insert_hit_, erase_hit_, erase_hits_;
    bool has_rows_, has_hits_;   ///< False: there are none. Else there may be some.
    InMemory added_;             ///< In this transaction.
    InMemory waiting_;           ///< Before it.
    std::vector<SagaKey> gone_;  ///< From memory, with this transaction.
};

}  // namespace skald::store::sqlite
