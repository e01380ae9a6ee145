#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace SQLite {
class Database;
}

namespace order {

/// One effect of a participant: stock reserved or released, money taken or given back.
struct LedgerRow {
    std::string key;          ///< The idempotency key of the call that had this effect.
    std::string kind;         ///< "reserved", "refunded", …
    std::int64_t amount = 0;  ///< What undoes an effect has the same amount, below zero.
    std::string order_id;
};

/// The participant's own book of what it really did, so that anyone can check what Skald says.
/// Nothing in it keeps a second row with the same key out: if an effect happened twice, it shows.
///
/// Threads: as the Database: one caller at a time. Errors: SQLite::Exception.
class Ledger {
 public:
    /// Makes the table where it is missing. `database` must outlive the ledger.
    explicit Ledger(SQLite::Database& database);

    void write(const LedgerRow& row);
    /// The effect of the call with this key, or none.
    std::optional<LedgerRow> find(const std::string& key) const;

    /// The newest 1,000 rows, oldest first: `[{key, kind, amount, order_id, at}]`. Of one order, or
    /// of all where `order_id` is empty.
    nlohmann::json rows(const std::string& order_id) const;
    /// `{"effects": {"reserved": 1, "released": 1}, "balance": 0}`: how often each kind happened,
    /// and the sum of all amounts.
    nlohmann::json summary(const std::string& order_id) const;

 private:
    SQLite::Database& database_;
};

}  // namespace order
