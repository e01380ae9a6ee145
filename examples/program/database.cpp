#include "examples/program/database.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "examples/program/arguments.h"

namespace program {

SQLite::Database open_database(const Arguments& arguments) {
    const std::string file = arguments.text("--db");
    try {
        SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.setBusyTimeout(5'000);
        database.exec("PRAGMA journal_mode = WAL");
        database.exec("PRAGMA synchronous = FULL");
        return database;
    } catch (const SQLite::Exception& error) {
        arguments.explain_and_exit("open " + file + ": " + error.what());
    }
}

}  // namespace program
