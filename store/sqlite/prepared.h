#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "store/store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace skald::store::sqlite {

class Rows;

/// One SQL statement, prepared once on its connection and kept. Values are bound in the order of
/// the arguments: integers, enums (as their numbers), Timestamps (milliseconds), texts (with any
/// bytes in them), and optionals of these (none: NULL).
///
/// Threads: as its connection. Every member may throw SQLite::Exception.
class Prepared {
 public:
    Prepared(SQLite::Database& database, const std::string& sql);
    ~Prepared();
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    /// Runs a statement that gives no rows; returns how many rows it changed.
    template <typename... Values>
    int run(const Values&... values) {
        bind_from(1, values...);
        return run_bound();
    }

    /// The same in pieces, where there are many values: the first of `values` is the parameter
    /// `first`, from 1. Texts must live until `run_bound`.
    template <typename... Values>
    void bind_from(int first, const Values&... values) {
        (bind(first++, values, Text::Borrowed), ...);
    }
    int run_bound();

    /// Starts a statement that gives rows. One at a time.
    template <typename... Values>
    Rows query(const Values&... values);

 private:
    friend class Rows;
    enum class Text : std::uint8_t { Borrowed, Copied };

    void bind(int index, std::int64_t value, Text) { bind_integer(index, value); }
    void bind(int index, std::uint64_t value, Text) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    void bind(int index, std::uint32_t value, Text) { bind_integer(index, value); }
    void bind(int index, std::nullopt_t, Text) { bind_null(index); }
    void bind(int index, Timestamp value, Text) {
        bind_integer(index, value.time_since_epoch().count());
    }
    void bind(int index, const std::string& value, Text text) { bind_text(index, value, text); }
    template <typename Enum>
    requires std::is_enum_v<Enum>
    void bind(int index, Enum value, Text) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    template <typename Value>
    void bind(int index, const std::optional<Value>& value, Text text) {
        value ? bind(index, *value, text) : bind_null(index);
    }

    void bind_integer(int index, std::int64_t value);
    void bind_text(int index, const std::string& value, Text text);
    void bind_null(int index);

    std::unique_ptr<SQLite::Statement> statement_;
};

/// The rows of a query that is being stepped through; its end resets the statement, so that no
/// snapshot stays pinned. Outlived by its Prepared.
class Rows {
 public:
    explicit Rows(Prepared& prepared) : statement_(prepared.statement_.get()) {}
    ~Rows();
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    /// To the next row (the first one, at first); false: there is none.
    bool next();
    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::string text(int column) const;

    Timestamp time(int column) const { return Timestamp{Milliseconds{integer(column)}}; }
    std::optional<Timestamp> optional_time(int column) const {
        return is_null(column) ? std::nullopt : std::optional{time(column)};
    }

 private:
    SQLite::Statement* statement_;
};

template <typename... Values>
Rows Prepared::query(const Values&... values) {
    int index = 0;
    (bind(++index, values, Text::Copied), ...);
    return Rows(*this);
}

}  // namespace skald::store::sqlite
