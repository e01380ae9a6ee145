#include "tests/faults/database_file.h"
#include "tests/outside/sqlite_file.h"

#include <sqlite3.h>

#include <array>
#include <fstream>
#include <iterator>

#include "tests/crash/surroundings.h"

namespace skald::faults {
namespace {

namespace fs = std::filesystem;

/// In the order of sagas::RecordType, from 1.
constexpr std::array kTypes = {"begun",           "answered",  "unsendable", "due",
                               "deadline_passed", "cancelled", "retried",    "resolved",
                               "abandoned",       "suspended", "resumed",    "late"};

constexpr const char* kJournal = R"sql(
SELECT journal.type || ' ' || json_extract(input.json, '$.story')
       || coalesce(' step ' || json_extract(data, '$.s'), '')
       || CASE json_extract(data, '$.p') WHEN 1 THEN ' compensation' ELSE '' END
       || coalesce(' ' || json_extract(data, '$.o'), '')
FROM journal JOIN input ON input.saga = journal.saga ORDER BY pos
)sql";

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

fs::path copy_database(const fs::path& database, const fs::path& folder) {
    fs::create_directories(folder);
    fs::path copy = folder / database.filename();
    for (const char* suffix : {"", "-wal"}) {
        fs::remove(copy.string() + suffix);
        if (fs::exists(database.string() + suffix)) {
            fs::copy_file(database.string() + suffix, copy.string() + suffix);
        }
    }
    fs::remove(copy.string() + "-shm");
    return copy;
}

std::vector<std::string> journal_of(const fs::path& database) {
    const fs::path copy = copy_database(database, database.parent_path() / "copy");
    std::vector<std::string> rows;
    sqlite3* opened = nullptr;
    sqlite3_stmt* statement = nullptr;
    sqlite3_open_v2(copy.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_prepare_v2(opened, kJournal, -1, &statement, nullptr);
    while (statement != nullptr && sqlite3_step(statement) == SQLITE_ROW) {
        const std::string row = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        const std::size_t blank = row.find(' ');
        rows.push_back(kTypes.at(std::stoul(row.substr(0, blank)) - 1) + row.substr(blank));
    }
    sqlite3_finalize(statement);
    sqlite3_close(opened);
    return rows;
}

std::string type_of(const std::string& row) { return row.substr(0, row.find(' ')); }

std::set<std::string> all_types() { return {kTypes.begin(), kTypes.end()}; }

std::map<std::string, std::string> bytes_of(const fs::path& database) {
    std::map<std::string, std::string> bytes;
    for (const char* suffix : {"", "-wal"}) {
        const fs::path file = database.string() + suffix;
        bytes[file.filename()] = read_file(file);
    }
    return bytes;
}

std::string integrity_of(const fs::path& database) {
    std::string integrity = outside::ask(database, "PRAGMA integrity_check");
    if (integrity != "ok") return integrity;
    const std::string keys =
        outside::ask(database, "SELECT count(*) FROM pragma_foreign_key_check");
    return keys == "0" ? "ok" : keys + " rows name others that are not there";
}

}  // namespace skald::faults
