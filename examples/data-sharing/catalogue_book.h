#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace sharing {

/// What the catalogue says of a product. Each change gives it the next version, from 1 on.
struct Product {
    std::string sku;
    std::int64_t version;
    nlohmann::json facts;  ///< Such as {"name", "price"}: the catalogue's callers know.

    friend bool operator==(const Product&, const Product&) = default;
};
/// {"sku", "version", …facts}
nlohmann::json to_json(const Product& product);

/// The products, and the facts about them that are still to be published. Both are one transaction:
/// a change that was made will be told, and none is told that was not made.
///
/// Threads: as the Database: one caller at a time. Errors: SQLite::Exception.
class CatalogueBook {
 public:
    /// Makes the tables where they are missing. `database` must outlive the book.
    explicit CatalogueBook(SQLite::Database& database);

    /// Changes a product that has the version `known` (0: one that there is not yet). Gives it as
    /// it is now; or none: it has another version, because somebody else was quicker. Then nothing
    /// was changed, and whoever asks must look again.
    std::optional<Product> change(const std::string& sku, std::int64_t known,
                                  const nlohmann::json& facts);

    std::optional<Product> find(const std::string& sku) const;
    std::vector<Product> all() const;

    /// Facts that are to be published, as CloudEvents, in the order of the changes.
    struct Outbox {
        nlohmann::json events = nlohmann::json::array();
        std::int64_t last = 0;  ///< For `published`.
    };
    Outbox outbox(int limit) const;
    std::int64_t outbox_size() const;
    /// All up to this one are published. Who dies before it publishes them again, under the same
    /// ids; so they are in the log once.
    void published(std::int64_t last);

 private:
    SQLite::Database& database_;
};

}  // namespace sharing
