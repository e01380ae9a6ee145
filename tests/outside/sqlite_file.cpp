#include "tests/outside/sqlite_file.h"

#include <sqlite3.h>

namespace skald::outside {

std::string ask(const std::filesystem::path& database, const std::string& sql,
                const std::string& vfs) {
    sqlite3* opened = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::string answer;
    const int flags = vfs.empty() ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const char* const by = vfs.empty() ? nullptr : vfs.c_str();
    if (sqlite3_open_v2(database.c_str(), &opened, flags, by) == SQLITE_OK &&
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

}  // namespace skald::outside
