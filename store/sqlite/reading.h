#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "store/sqlite/reader_pool.h"
#include "store/store.h"

/// What reader.cpp and recovery.cpp share.
namespace skald::store::sqlite {

/// What `body(connection)` gives, on a leased connection.
template <typename T, typename Body>
Result<T> read(ReaderPool& pool, const char* doing, const Body& body) {
    std::optional<Result<T>> result;
    const Result<void> done =
        pool.run(doing, [&](ReaderConnection& connection) { result = body(connection); });
    return done ? std::move(*result) : tl::unexpected(done.error());
}

/// One snapshot for several queries, by one that is left unfinished meanwhile. That also keeps an
/// interrupt, which SQLite forgets when no query is running.
class Snapshot {
 public:
    explicit Snapshot(ReaderConnection& connection) : pin_(connection.pin) { pin_.next(); }

 private:
    Rows pin_;
};

/// Rows with seq > `after`; checks that none is missing.
Result<std::vector<JournalRow>> read_journal(ReaderConnection& connection, SagaKey saga,
                                             std::uint32_t after, std::uint32_t limit);

}  // namespace skald::store::sqlite
