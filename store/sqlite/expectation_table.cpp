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
    : has_(database,
           "SELECT 1 FROM expectation WHERE hash = ? AND saga = ? AND step = ? AND phase = ?"),
      insert_(database,
              "INSERT INTO expectation(hash, saga, step, phase) VALUES (?, ?, ?, ?)"
              " ON CONFLICT DO NOTHING"),
      erase_(database, "DELETE FROM expectation WHERE saga = ?"),
      find_(database, "SELECT saga, step, phase FROM expectation WHERE hash = ?"),
      has_hit_(database,
               "SELECT 1 FROM event_hit WHERE event = ? AND saga = ? AND step = ? AND phase = ?"),
      insert_hit_(database, "INSERT INTO event_hit(event, saga, step, phase) VALUES (?, ?, ?, ?)"),
      erase_hit_(database,
                 "DELETE FROM event_hit WHERE event = ? AND saga = ? AND step = ? AND phase = ?"),
      erase_hits_(database, "DELETE FROM event_hit WHERE saga = ?"),
      has_rows_(has_any_row(database, "expectation")),
      has_hits_(has_any_row(database, "event_hit")) {}

// ---- In memory ---------------------------------------------------------------------------------

bool ExpectationTable::InMemory::has(const Awaited& awaited) const {
    const auto& own = of(awaited.waiting.saga);
    return std::find(own.begin(), own.end(), awaited) != own.end();
}

void ExpectationTable::InMemory::add(const Awaited& awaited) {
    by_hash_.emplace(awaited.hash, awaited.waiting);
    by_saga_[awaited.waiting.saga].push_back(awaited);
}

void ExpectationTable::InMemory::erase(SagaKey saga) {
    const auto own = by_saga_.find(saga);
    if (own == by_saga_.end()) {
        return;
    }
    for (const Awaited& awaited : own->second) {
        const auto [first, last] = by_hash_.equal_range(awaited.hash);
        by_hash_.erase(std::find_if(
            first, last, [&](const auto& each) { return each.second == awaited.waiting; }));
    }
    by_saga_.erase(own);
}

void ExpectationTable::InMemory::merge(InMemory& other) {
    by_hash_.merge(other.by_hash_);
    by_saga_.merge(other.by_saga_);
    for (auto& [saga, more] : other.by_saga_) {  // Those that were here already.
        auto& own = by_saga_[saga];
        own.insert(own.end(), more.begin(), more.end());
    }
    other.clear();
}

void ExpectationTable::InMemory::clear() {
    by_hash_.clear();
    by_saga_.clear();
}

void ExpectationTable::InMemory::find(std::int64_t hash, std::vector<Waiting>& found) const {
    const auto [first, last] = by_hash_.equal_range(hash);
    for (auto each = first; each != last; ++each) {
        found.push_back(each->second);
    }
}

const std::vector<ExpectationTable::Awaited>& ExpectationTable::InMemory::of(SagaKey saga) const {
    static const std::vector<Awaited> kNone;
    const auto own = by_saga_.find(saga);
    return own == by_saga_.end() ? kNone : own->second;
}

// ---- Both --------------------------------------------------------------------------------------

void ExpectationTable::begin_transaction() {
    added_.clear();
    gone_.clear();
}

void ExpectationTable::committed() {
    waiting_.merge(added_);
    for (const SagaKey saga : gone_) {
        waiting_.erase(saga);
    }
    gone_.clear();
}

ExpectationTable::Entered ExpectationTable::enter(const Waiting& waiting, std::int64_t hash) {
    const Awaited awaited{waiting, hash};
    if (waiting_.has(awaited) || added_.has(awaited) || has_row(awaited)) {
        return Entered::WaitedAlready;
    }
    added_.add(awaited);
    return Entered::New;
}

bool ExpectationTable::has_row(const Awaited& awaited) {
    const Waiting& waiting = awaited.waiting;
    return has_rows_ && has_.query(awaited.hash, waiting.saga, waiting.step, waiting.phase).next();
}

void ExpectationTable::park(SagaKey saga) {
    for (const InMemory* memory : {&waiting_, &added_}) {
        for (const auto& [waiting, hash] : memory->of(saga)) {
            has_rows_ = true;
            insert_.run(hash, waiting.saga, waiting.step, waiting.phase);
        }
    }
    gone_.push_back(saga);
}

void ExpectationTable::leave(SagaKey saga) {
    if (has_rows_) {
        erase_.run(saga);
    }
    gone_.push_back(saga);
}

std::vector<Waiting> ExpectationTable::find(const std::vector<std::int64_t>& hashes) {
    std::vector<Waiting> found;
    for (const std::int64_t hash : hashes) {
        waiting_.find(hash, found);
        added_.find(hash, found);
        if (!has_rows_) {
            continue;
        }
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

// ---- Hits --------------------------------------------------------------------------------------

bool ExpectationTable::has_hit(EventKey event, const Waiting& waiting) {
    return has_hits_ && has_hit_.query(event, waiting.saga, waiting.step, waiting.phase).next();
}

void ExpectationTable::add_hit(EventKey event, const Waiting& waiting) {
    has_hits_ = true;
    insert_hit_.run(event, waiting.saga, waiting.step, waiting.phase);
}

void ExpectationTable::erase_hit(EventKey event, const Waiting& waiting) {
    erase_hit_.run(event, waiting.saga, waiting.step, waiting.phase);
}

void ExpectationTable::erase(SagaKey saga) {
    if (has_rows_) {
        erase_.run(saga);
    }
    waiting_.erase(saga);
    if (has_hits_) {
        erase_hits_.run(saga);
    }
}

}  // namespace skald::store::sqlite
