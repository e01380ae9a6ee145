#include "examples/data-sharing/product_copy.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace sharing {

namespace {

using nlohmann::json;

const char* name_of(ProductCopy::Came came) {
    switch (came) {
        case ProductCopy::Came::News:
            return "news";
        case ProductCopy::Came::Again:
            return "again";
        case ProductCopy::Came::Stale:
            return "stale";
        case ProductCopy::Came::NotForUs:
            return "not_for_us";
    }
    return "";
}

json product_in(const SQLite::Statement& row) {
    return {{"sku", row.getColumn(0).getString()},
            {"version", row.getColumn(1).getInt64()},
            {"name", row.getColumn(2).getString()},
            {"price", row.getColumn(3).getInt64()}};
}

}  // namespace

ProductCopy::ProductCopy(SQLite::Database& database) : database_(database) {
    database.exec(
        "CREATE TABLE IF NOT EXISTS product_copy ("
        " sku TEXT PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL,"
        " price INTEGER NOT NULL) STRICT;"
        "CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT");
}

bool ProductCopy::write(const json& data) {
    SQLite::Statement upsert(
        database_,
        "INSERT INTO product_copy (sku, version, name, price) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (sku) DO UPDATE SET version = ?2, name = ?3, price = ?4 WHERE version < ?2");
    upsert.bind(1, data.at("sku").get<std::string>());
    upsert.bind(2, data.at("version").get<std::int64_t>());
    upsert.bind(3, data.at("name").get<std::string>());
    upsert.bind(4, data.at("price").get<std::int64_t>());
    return upsert.exec() == 1;
}

ProductCopy::Came ProductCopy::take(const json& event) {
    Came came = Came::NotForUs;
    try {
        if (event.at("type") == "product.changed") {
            const json& data = event.at("data");
            if (write(data)) {
                came = Came::News;
            } else {
                const bool is_same = find(data.at("sku"))->at("version") == data.at("version");
                came = is_same ? Came::Again : Came::Stale;
            }
        }
    } catch (const json::exception&) {
        came = Came::NotForUs;
    }
    count(came);
    return came;
}

std::vector<ProductCopy::Came> ProductCopy::take(const std::vector<json>& events,
                                                 std::uint64_t next) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    std::vector<Came> came;
    for (const json& event : events) {
        came.push_back(take(event));
    }
    SQLite::Statement note(database_, "INSERT OR REPLACE INTO number VALUES ('next', ?)");
    note.bind(1, static_cast<std::int64_t>(next));
    note.exec();
    transaction.commit();
    return came;
}

std::uint64_t ProductCopy::next() const {
    SQLite::Statement select(database_, "SELECT value FROM number WHERE name = 'next'");
    return select.executeStep() ? static_cast<std::uint64_t>(select.getColumn(0).getInt64()) : 0;
}

void ProductCopy::count(Came came) {
    SQLite::Statement add(database_,
                          "INSERT INTO number VALUES (?, 1)"
                          " ON CONFLICT (name) DO UPDATE SET value = value + 1");
    add.bind(1, name_of(came));
    add.exec();
}

json ProductCopy::counts() const {
    json counts = {{"news", 0}, {"again", 0}, {"stale", 0}, {"not_for_us", 0}};
    SQLite::Statement select(database_, "SELECT name, value FROM number WHERE name <> 'next'");
    while (select.executeStep()) {
        counts[select.getColumn(0).getString()] = select.getColumn(1).getInt64();
    }
    return counts;
}

std::optional<json> ProductCopy::find(const std::string& sku) const {
    SQLite::Statement select(database_,
                             "SELECT sku, version, name, price FROM product_copy WHERE sku = ?");
    select.bind(1, sku);
    if (!select.executeStep()) {
        return std::nullopt;
    }
    return product_in(select);
}

json ProductCopy::all() const {
    SQLite::Statement select(database_,
                             "SELECT sku, version, name, price FROM product_copy ORDER BY sku");
    auto products = json::array();
    while (select.executeStep()) {
        products.push_back(product_in(select));
    }
    return products;
}

}  // namespace sharing
