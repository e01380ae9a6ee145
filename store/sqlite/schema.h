#pragma once

#include <cstdint>

#include "store/sqlite/transactions.h"
#include "store/store.h"

/// The stored format. journal.data has its grammar in store/codec.cpp; the numbers of statuses,
/// record types and states are those of the enums.
namespace skald::store::sqlite {

/// "Skld", in the file's header (sqlite.org/fileformat2.html, 1.3.15).
inline constexpr std::int64_t kApplicationId = 0x536b6c64;

/// Errors: InvalidArgument: the file is neither empty nor ours, or is of a newer version. May throw
/// SQLite::Exception.
Result<void> check_ours(SQLite::Database& database, const std::string& doing);

/// Brings the schema up to date, each step in a transaction of its own. Errors: as Transactions.
/// May throw.
Result<void> migrate(SQLite::Database& database, Transactions& transactions,
                     const std::string& doing);

}  // namespace skald::store::sqlite
