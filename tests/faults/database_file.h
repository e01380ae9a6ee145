#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

/// What a test does with a database file while no skald has it open.
namespace skald::faults {

/// Copies a database with its -wal, and without its -shm, into the folder.
std::filesystem::path copy_database(const std::filesystem::path& database,
                                    const std::filesystem::path& folder);

/// What each row of its journal is: what came, of which definition and story, of which step (or
/// element) and phase, and with which outcome ("answered plain/refused step 2 failure"); in order.
/// Looks at a copy, so that the files stay as they are.
std::vector<std::string> journal_of(const std::filesystem::path& database);
/// How many sagas have left memory, as a copy tells.
std::size_t parked_in(const std::filesystem::path& database);
/// The journal's name of the type of such a row.
std::string type_of(const std::string& row);
/// Those of all types that there are.
std::set<std::string> all_types();

/// The bytes of the database and its -wal by name, empty where there is none: SQLite makes an empty
/// -wal by looking.
std::map<std::string, std::string> bytes_of(const std::filesystem::path& database);

/// `PRAGMA integrity_check` and `foreign_key_check`; "ok" where both are.
std::string integrity_of(const std::filesystem::path& database);

}  // namespace skald::faults
