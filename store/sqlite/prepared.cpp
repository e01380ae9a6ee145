#include "store/sqlite/prepared.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

namespace skald::store::sqlite {

Prepared::Prepared(SQLite::Database& database, const std::string& sql)
    : statement_(std::make_unique<SQLite::Statement>(database, sql)) {}
Prepared::~Prepared() = default;

void Prepared::bind_integer(int index, std::int64_t value) { statement_->bind(index, value); }

void Prepared::bind_text(int index, const std::string& value, Text text) {
    if (text == Text::Borrowed) {
        statement_->bindNoCopy(index, value);
    } else {
        statement_->bind(index, value);
    }
}

void Prepared::bind_null(int index) { statement_->bind(index); }

int Prepared::run_bound() {
    Rows end(*this);  // Resets, also when it throws: a statement that isn't reset can't be bound.
    return statement_->exec();
}

Rows::~Rows() { statement_->tryReset(); }
bool Rows::next() { return statement_->executeStep(); }
bool Rows::is_null(int column) const { return statement_->getColumn(column).isNull(); }
std::int64_t Rows::integer(int column) const { return statement_->getColumn(column).getInt64(); }
std::string Rows::text(int column) const { return statement_->getColumn(column).getString(); }

}  // namespace skald::store::sqlite
