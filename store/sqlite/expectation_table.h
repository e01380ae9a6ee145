#pragma once

#include <cstdint>
#include <vector>

#include "store/event_rules.h"
#include "store/sqlite/event_key.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes what waits for which events, by the hashes of their keys, and which of them are there and
/// not told yet; inside a transaction of the caller. Costs other sagas no statement, as long as
/// none that waits for an event was ever met.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class ExpectationTable {
 public:
    /// The database must be migrated.
    explicit ExpectationTable(SQLite::Database& database);

    enum class Entered : std::uint8_t { New, WaitedAlready };
    Entered enter(const Waiting& waiting, std::int64_t hash);
    /// Nothing of `saga` waits any more; hits stay.
    void leave(SagaKey saga);
    /// What waits for any of `hashes`, each once, in their order.
    std::vector<Waiting> find(const std::vector<std::int64_t>& hashes);

    enum class Hit : std::uint8_t { New, ThereAlready };
    Hit add_hit(EventKey event, const Waiting& waiting);
    void erase_hit(EventKey event, const Waiting& waiting);

    /// `saga` is deleted.
    void erase(SagaKey saga);

 private:
    Prepared insert_, erase_, find_;
    Prepared insert_hit_, erase_hit_, erase_hits_;
    bool has_rows_, has_hits_;  ///< False: there are none. Else there may be some.
};

}  // namespace skald::store::sqlite
