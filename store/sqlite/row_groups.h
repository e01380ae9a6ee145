#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/sqlite/prepared.h"

namespace skald::store::sqlite {

/// What becomes of a row that is there already: an error, or nothing.
enum class OnConflict : std::uint8_t { Fail, Ignore };

/// Inserts rows into a table, kGroup of them with one statement: that takes a third less than
/// kGroup statements.
///
/// Threads: as its connection. Members may throw SQLite::Exception; then some of the rows may be
/// there, and the caller must roll back.
template <typename... Columns>
class RowGroups {
 public:
    /// `into`: the table and its columns, as "input(saga, json)".
    RowGroups(SQLite::Database& database, const std::string& into,
              OnConflict on_conflict = OnConflict::Fail)
        : insert_(database, insert_sql(into, 1, on_conflict)),
          insert_group_(database, insert_sql(into, kGroup, on_conflict)) {
        waiting_.reserve(kGroup);
    }

    /// At the start of a transaction: forgets what the one before did not finish.
    void begin() { waiting_.clear(); }
    /// The row is there after `finish`, if not before.
    void add(Columns... row) {
        hold(std::move(row)...);
        if (waiting_.size() == kGroup) finish();
    }
    /// The row is there after `finish`.
    void hold(Columns... row) { waiting_.emplace_back(std::move(row)...); }
    void finish() {
        std::size_t next = 0;
        for (; next + kGroup <= waiting_.size(); next += kGroup) {
            int first = 1;
            for (std::size_t i = next; i < next + kGroup; ++i) {
                bind(insert_group_, waiting_[i], first);
                first += kColumns;
            }
            insert_group_.run_bound();
        }
        for (; next < waiting_.size(); ++next) {
            bind(insert_, waiting_[next], 1);
            insert_.run_bound();
        }
        waiting_.clear();
    }

 private:
    using Row = std::tuple<Columns...>;
    static constexpr int kColumns = sizeof...(Columns);
    static constexpr std::size_t kGroup = 8;

    /// OR FAIL: SQLite keeps no way back from a statement of many rows, for the whole transaction
    /// is rolled back.
    static std::string insert_sql(const std::string& into, std::size_t rows,
                                  OnConflict on_conflict) {
        std::string row = "(?";
        for (int column = 1; column < kColumns; ++column) {
            row += ", ?";
        }
        row += ")";
        const std::string verb =
            on_conflict == OnConflict::Fail ? "INSERT OR FAIL INTO " : "INSERT OR IGNORE INTO ";
        std::string sql = verb + into + " VALUES " + row;
        for (std::size_t i = 1; i < rows; ++i) {
            sql += ", " + row;
        }
        return sql;
    }
    static void bind(Prepared& insert, const Row& row, int first) {
        std::apply([&](const auto&... values) { insert.bind_from(first, values...); }, row);
    }

    Prepared insert_, insert_group_;
    std::vector<Row> waiting_;
};

}  // namespace skald::store::sqlite
