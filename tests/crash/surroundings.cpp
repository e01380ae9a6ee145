#include "tests/crash/surroundings.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <cstdlib>
#include <iostream>

namespace skald::crash {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::stoull(value);
}

std::filesystem::path binary() {
    const char* chosen = std::getenv("SKALD_BINARY");
    return chosen == nullptr ? SKALD_BINARY : chosen;
}

Folder::Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "skald-crash-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
}

Folder::~Folder() {
    if (::testing::Test::HasFailure()) {
        std::cout << "The database and log are in " << path_ << '\n';
    } else {
        std::filesystem::remove_all(path_);
    }
}

std::string ask(const std::filesystem::path& database, const std::string& sql) {
    sqlite3* opened = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::string answer;
    if (sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
        sqlite3_prepare_v2(opened, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const unsigned char* text = sqlite3_column_text(statement, 0);
        answer = text == nullptr ? "" : reinterpret_cast<const char*>(text);
    } else {
        answer = sqlite3_errmsg(opened);
    }
    sqlite3_finalize(statement);
    sqlite3_close(opened);
    return answer;
}

}  // namespace skald::crash
