#include "examples/order/ledger.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

namespace order {

Ledger::Ledger(SQLite::Database& database) : database_(database) {
    database.exec(
        "CREATE TABLE IF NOT EXISTS ledger ("
        " id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,"
        " order_id TEXT NOT NULL,"
        " at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) STRICT;"
        "CREATE INDEX IF NOT EXISTS ledger_key ON ledger (key);"
        "CREATE INDEX IF NOT EXISTS ledger_order ON ledger (order_id)");
}

void Ledger::write(const LedgerRow& row) {
    SQLite::Statement insert(
        database_, "INSERT INTO ledger (key, kind, amount, order_id) VALUES (?, ?, ?, ?)");
    insert.bind(1, row.key);
    insert.bind(2, row.kind);
    insert.bind(3, row.amount);
    insert.bind(4, row.order_id);
    insert.exec();
}

std::optional<LedgerRow> Ledger::find(const std::string& key) const {
    SQLite::Statement select(database_,
                             "SELECT kind, amount, order_id FROM ledger WHERE key = ? LIMIT 1");
    select.bind(1, key);
    if (!select.executeStep()) {
        return std::nullopt;
    }
    return LedgerRow{key, select.getColumn(0).getString(), select.getColumn(1).getInt64(),
                     select.getColumn(2).getString()};
}

nlohmann::json Ledger::rows(const std::string& order_id) const {
    SQLite::Statement select(
        database_,
        "SELECT * FROM (SELECT id, key, kind, amount, order_id, at FROM ledger"
        " WHERE ?1 = '' OR order_id = ?1 ORDER BY id DESC LIMIT 1000) ORDER BY id");
    select.bind(1, order_id);
    auto rows = nlohmann::json::array();
    while (select.executeStep()) {
        rows.push_back({{"key", select.getColumn(1).getString()},
                        {"kind", select.getColumn(2).getString()},
                        {"amount", select.getColumn(3).getInt64()},
                        {"order_id", select.getColumn(4).getString()},
                        {"at", select.getColumn(5).getString()}});
    }
    return rows;
}

nlohmann::json Ledger::summary(const std::string& order_id) const {
    SQLite::Statement select(database_,
                             "SELECT kind, count(*), sum(amount) FROM ledger"
                             " WHERE ?1 = '' OR order_id = ?1 GROUP BY kind");
    select.bind(1, order_id);
    auto effects = nlohmann::json::object();
    std::int64_t balance = 0;
    while (select.executeStep()) {
        effects[select.getColumn(0).getString()] = select.getColumn(1).getInt64();
        balance += select.getColumn(2).getInt64();
    }
    return {{"effects", effects}, {"balance", balance}};
}

}  // namespace order
