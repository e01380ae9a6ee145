#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/sqlite/sqlite_store.h"

/// A database file of a test, and looks at it from beside the store.
namespace skald::store::sample {

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string file(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

/// For a store in `folder`.
SqliteOptions options_in(const TemporaryFolder& folder);
/// Fails the test when it can't be opened.
std::unique_ptr<Store> open_or_fail(const SqliteOptions& options);

/// Runs SQL on the file by a connection of its own. Only while no store is open in this process,
/// unless it reads.
void run_sql(const std::string& path, const std::string& sql);
/// The rows of a query, columns joined by "|", texts as they are, blobs in hex.
std::vector<std::string> query_sql(const std::string& path, const std::string& sql);

/// Everything that must hold of any file that a store left: integrity_check, foreign_key_check,
/// journals without gaps, counts as they are, everything of a saga that is there, queues as the
/// journals say, children held as their parents say, events without gaps and found by nothing that
/// is gone, sagas that are there waiting for them until their ends, and subscriptions and bridges
/// with all their documents, their owners, and nothing that belongs to none.
std::vector<std::string> problems(const std::string& path);

}  // namespace skald::store::sample
