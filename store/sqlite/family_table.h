#pragma once

#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes whose child a saga is, and holds it back from retention while a saga above it is not
/// over: until then its end isn't final. Inside a transaction of the caller. Costs other sagas no
/// statement, as long as no child was ever met.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class FamilyTable {
 public:
    /// The database must be migrated.
    explicit FamilyTable(SQLite::Database& database);

    /// `start`, which has a parent, is written.
    void enter(const NewSaga& start);
    /// `saga` is over, as its row says.
    void release_children(SagaKey saga);

 private:
    Prepared enter_, first_child_, release_;
    bool has_children_;  ///< False: there are none. Else there may be some.
};

}  // namespace skald::store::sqlite
