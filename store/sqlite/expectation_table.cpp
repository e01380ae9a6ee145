#include "store/sqlite/expectation_table.h"

#include <algorithm>
#include <string>

namespace skald::store::sqlite {

// Their numbers are stored.
static_assert(static_cast<std::uint32_t>(sagas::element_of(sagas::StepIndex{7}, 2)) == 0x307);
static_assert(static_cast<int>(sagas::Phase::Action) == 0);
static_assert(static_cast<int>(sagas::Phase::Compensation) == 1);

namespace {

bool has_any_row(SQLite::Database& database, const std::string& table) {
    Prepared any(database, "SELECT 1 FROM " + table + " LIMIT 1");
    return any.query().next();
}

}  // namespace

ExpectationTable::ExpectationTable(SQLite::Database& database)
    : insert_(database,
              "INSERT INTO expectation(hash, saga, step, phase) VALUES (?, ?, ?, ?)"
              " ON CONFLICT DO NOTHING"),
      erase_(database, "DELETE FROM expectation WHERE saga = ?"),
      find_(database, "SELECT saga, step, phase FROM expectation WHERE hash = ?"),
      insert_hit_(database,
                  "INSERT INTO event_hit(event, saga, step, phase) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT DO NOTHING"),
      erase_hit_(database,
                 "DELETE FROM event_hit WHERE event = ? AND saga = ? AND step = ? AND phase = ?"),
      erase_hits_(database, "DELETE FROM event_hit WHERE saga = ?"),
      has_rows_(has_any_row(database, "expectation")),
      has_hits_(has_any_row(database, "event_hit")) {}

ExpectationTable::Entered ExpectationTable::enter(const Waiting& waiting, std::int64_t hash) {
    has_rows_ = true;
    const int rows = insert_.run(hash, waiting.saga, waiting.step, waiting.phase);
    return rows == 0 ? Entered::WaitedAlready : Entered::New;
}

void ExpectationTable::leave(SagaKey saga) {
    if (has_rows_) {
        erase_.run(saga);
    }
}

std::vector<Waiting> ExpectationTable::find(const std::vector<std::int64_t>& hashes) {
    std::vector<Waiting> found;
    if (!has_rows_) {
        return found;
    }
    for (const std::int64_t hash : hashes) {
        for (Rows rows = find_.query(hash); rows.next();) {
            found.push_back({SagaKey{rows.integer(0)},
                             sagas::StepIndex{static_cast<std::uint32_t>(rows.integer(1))},
                             static_cast<sagas::Phase>(rows.integer(2))});
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

ExpectationTable::Hit ExpectationTable::add_hit(EventKey event, const Waiting& waiting) {
    has_hits_ = true;
    const int rows = insert_hit_.run(event, waiting.saga, waiting.step, waiting.phase);
    return rows == 0 ? Hit::ThereAlready : Hit::New;
}

void ExpectationTable::erase_hit(EventKey event, const Waiting& waiting) {
    erase_hit_.run(event, waiting.saga, waiting.step, waiting.phase);
}

void ExpectationTable::erase(SagaKey saga) {
    leave(saga);
    if (has_hits_) {
        erase_hits_.run(saga);
    }
}

}  // namespace skald::store::sqlite
