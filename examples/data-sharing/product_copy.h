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

/// A reader's own copy of the products, kept up to date from the facts that the catalogue
/// publishes. A fact counts if its version is higher than the one that the copy has, and else
/// changes nothing: so facts may come twice, and late.
///
/// Threads: as the Database: one caller at a time. Errors: SQLite::Exception.
class ProductCopy {
 public:
    /// Makes the tables where they are missing. `database` must outlive the copy.
    explicit ProductCopy(SQLite::Database& database);

    enum class Came {
        News,      ///< The copy has it now.
        Again,     ///< The copy had it.
        Stale,     ///< The copy has a later one.
        NotForUs,  ///< Of a type that the copy doesn't know, or not to be understood.
    };
    /// Takes one event, inside of a transaction of the caller.
    Came take(const nlohmann::json& event);

    /// Takes events and notes how far the log was read, in one transaction: who dies in between
    /// reads on where the copy is.
    std::vector<Came> take(const std::vector<nlohmann::json>& events, std::uint64_t next);
    /// Behind which offset to read on; 0 at first.
    std::uint64_t next() const;

    /// {"sku", "version", "name", "price"}
    std::optional<nlohmann::json> find(const std::string& sku) const;
    nlohmann::json all() const;  ///< An array of these, by sku.
    /// How often each of it came: {"news", "again", "stale", "not_for_us"}.
    nlohmann::json counts() const;

 private:
    bool write(const nlohmann::json& data);
    void count(Came came);

    SQLite::Database& database_;
};

}  // namespace sharing
