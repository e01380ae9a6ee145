#include "store/sqlite/family_table.h"

namespace skald::store::sqlite {
namespace {

bool has_any_child(SQLite::Database& database) {
    Prepared any(database,
                 "SELECT 1 FROM saga INDEXED BY saga_parent WHERE parent IS NOT NULL LIMIT 1");
    return any.query().next();
}

}  // namespace

// 3, 4 and 5: the terminal statuses (saga_rows.cpp).
FamilyTable::FamilyTable(SQLite::Database& database)
    : enter_(database,
             "UPDATE saga SET parent = ?2, held = (SELECT 1 FROM saga AS above"
             " WHERE above.key = ?2 AND (above.held = 1 OR above.status NOT IN (3, 4, 5)))"
             " WHERE key = ?1"),
      first_child_(database, "SELECT 1 FROM saga INDEXED BY saga_parent WHERE parent = ? LIMIT 1"),
      // A child that is over lets its own children go too. Keys: children start after parents.
      release_(database,
               "WITH RECURSIVE over(key) AS ("
               "SELECT key FROM saga WHERE key = ? AND held IS NULL"
               " UNION ALL SELECT child.key FROM over"
               " CROSS JOIN saga AS child INDEXED BY saga_parent ON child.parent = over.key"
               " WHERE child.key > over.key AND child.status IN (3, 4, 5))"
               " UPDATE saga INDEXED BY saga_parent SET held = NULL"
               " WHERE held = 1 AND parent IN (SELECT key FROM over)"),
      has_children_(has_any_child(database)) {}

void FamilyTable::enter(const NewSaga& start) {
    enter_.run(start.key, start.parent);
    has_children_ = true;
}

void FamilyTable::release_children(SagaKey saga) {
    if (has_children_ && first_child_.query(saga).next()) {
        release_.run(saga);
    }
}

}  // namespace skald::store::sqlite
