#include "tests/faults/database_file.h"

#include <sqlite3.h>

#include <array>
#include <fstream>
#include <iterator>
#include <variant>

#include "sagas/record.h"
#include "tests/crash/surroundings.h"
#include "tests/outside/sqlite_file.h"

namespace skald::faults {
namespace {

namespace fs = std::filesystem;

/// In the order of sagas::RecordType, from 1.
constexpr std::array kTypes = {"begun",           "answered",    "unsendable",   "due",
                               "deadline_passed", "cancelled",   "retried",      "resolved",
                               "abandoned",       "suspended",   "resumed",      "late",
                               "lock_granted",    "called_back", "parent_turned"};
// Whoever adds a type has the scenes write it, too.
static_assert(kTypes.size() == std::variant_size_v<sagas::Cause>);

constexpr const char* kJournal = R"sql(
SELECT journal.type || ' ' || definition.name || '/' || json_extract(input.json, '$.story')
       || CASE WHEN saga.parent IS NULL THEN '' ELSE ' child' END
       || coalesce(' step ' || json_extract(data, '$.s'), '')
       || CASE json_extract(data, '$.p') WHEN 1 THEN ' compensation' ELSE '' END
       || coalesce(' ' || json_extract(data, '$.o'), '')
FROM journal JOIN input ON input.saga = journal.saga JOIN saga ON saga.key = journal.saga
     JOIN definition ON definition.key = saga.definition
ORDER BY pos
)sql";
constexpr const char* kParked = "SELECT count(*) FROM parked";

/// The first column; empty where there is no such table yet.
std::vector<std::string> query_copy(const fs::path& database, const char* sql) {
    const fs::path copy = copy_database(database, database.parent_path() / "copy");
    std::vector<std::string> rows;
    sqlite3* opened = nullptr;
    sqlite3_stmt* statement = nullptr;
    sqlite3_open_v2(copy.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_prepare_v2(opened, sql, -1, &statement, nullptr);
    while (statement != nullptr && sqlite3_step(statement) == SQLITE_ROW) {
        rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    sqlite3_close(opened);
    return rows;
}

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
    std::vector<std::string> rows;
    for (const std::string& row : query_copy(database, kJournal)) {
        const std::size_t blank = row.find(' ');
        rows.push_back(kTypes.at(std::stoul(row.substr(0, blank)) - 1) + row.substr(blank));
    }
    return rows;
}

std::size_t parked_in(const fs::path& database) {
    const std::vector<std::string> counts = query_copy(database, kParked);
    return counts.empty() ? 0 : std::stoul(counts.front());
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
