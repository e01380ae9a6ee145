#include "examples/data-sharing/catalogue_book.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace sharing {

namespace {

using nlohmann::json;

Product product_of(const SQLite::Statement& row) {
    return {row.getColumn(0).getString(), row.getColumn(1).getInt64(),
            json::parse(row.getColumn(2).getString())};
}

json fact_of(const Product& product) {
    return {{"specversion", "1.0"},   {"id", product.sku + "/" + std::to_string(product.version)},
            {"source", "/catalogue"}, {"type", "product.changed"},
            {"subject", product.sku}, {"data", to_json(product)}};
}

}  // namespace

json to_json(const Product& product) {
    json data = product.facts;
    data["sku"] = product.sku;
    data["version"] = product.version;
    return data;
}

CatalogueBook::CatalogueBook(SQLite::Database& database) : database_(database) {
    database.exec(
        "CREATE TABLE IF NOT EXISTS product ("
        " sku TEXT PRIMARY KEY, version INTEGER NOT NULL, facts TEXT NOT NULL) STRICT;"
        "CREATE TABLE IF NOT EXISTS outbox ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT");
}

std::optional<Product> CatalogueBook::change(const std::string& sku, std::int64_t known,
                                             const json& facts) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    // The version is asked for by the change itself: nobody comes in between.
    SQLite::Statement change(
        database_, known == 0 ? "INSERT INTO product (facts, sku, version) VALUES (?1, ?2, 1 + ?3)"
                                " ON CONFLICT (sku) DO NOTHING"
                              : "UPDATE product SET facts = ?1, version = 1 + ?3"
                                " WHERE sku = ?2 AND version = ?3");
    change.bind(1, facts.dump());
    change.bind(2, sku);
    change.bind(3, known);
    if (change.exec() == 0) {
        return std::nullopt;
    }
    const Product changed{sku, known + 1, facts};
    SQLite::Statement tell(database_, "INSERT INTO outbox (event) VALUES (?)");
    tell.bind(1, fact_of(changed).dump());
    tell.exec();
    transaction.commit();
    return changed;
}

std::optional<Product> CatalogueBook::find(const std::string& sku) const {
    SQLite::Statement select(database_, "SELECT sku, version, facts FROM product WHERE sku = ?");
    select.bind(1, sku);
    if (!select.executeStep()) {
        return std::nullopt;
    }
    return product_of(select);
}

std::vector<Product> CatalogueBook::all() const {
    SQLite::Statement select(database_, "SELECT sku, version, facts FROM product ORDER BY sku");
    std::vector<Product> products;
    while (select.executeStep()) {
        products.push_back(product_of(select));
    }
    return products;
}

CatalogueBook::Outbox CatalogueBook::outbox(int limit) const {
    SQLite::Statement select(database_, "SELECT number, event FROM outbox ORDER BY number LIMIT ?");
    select.bind(1, limit);
    Outbox outbox;
    while (select.executeStep()) {
        outbox.last = select.getColumn(0).getInt64();
        outbox.events.push_back(json::parse(select.getColumn(1).getString()));
    }
    return outbox;
}

std::int64_t CatalogueBook::outbox_size() const {
    return database_.execAndGet("SELECT count(*) FROM outbox").getInt64();
}

void CatalogueBook::published(std::int64_t last) {
    SQLite::Statement forget(database_, "DELETE FROM outbox WHERE number <= ?");
    forget.bind(1, last);
    forget.exec();
}

}  // namespace sharing
