#include <algorithm>
#include <limits>
#include <utility>

#include "store/sqlite/reader.h"
#include "store/sqlite/reading.h"
#include "store/sqlite/saga_rows.h"

namespace skald::store::sqlite {
namespace {

constexpr std::uint32_t kWholeJournal = std::numeric_limits<std::int32_t>::max();

/// Keys alone: a million of them are 8 MB, and sorting whole rows would hold them all.
std::vector<std::int64_t> live_keys(ReaderConnection& connection) {
    std::vector<std::int64_t> keys;
    for (const sagas::Status status :
         {sagas::Status::Running, sagas::Status::Compensating, sagas::Status::Stuck}) {
        for (Rows rows = connection.live_keys.query(status); rows.next();) {
            keys.push_back(rows.integer(0));
        }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
}

Result<SagaRow> saga_of(ReaderConnection& connection, std::int64_t key) {
    Rows rows = connection.saga_by_key.query(key);
    if (!rows.next()) {
        return sagas::fail(ErrorCode::Corruption,
                           "saga " + std::to_string(key) + ": its definition or input is missing");
    }
    return saga_row(rows, WithInput::Yes);
}

struct Live {
    SagaRow saga;
    std::vector<JournalRow> journal;
};

Result<Live> live_of(ReaderConnection& connection, std::int64_t key) {
    const Snapshot snapshot(connection);
    auto saga = saga_of(connection, key);
    if (!saga) {
        return tl::unexpected(saga.error());
    }
    auto journal = read_journal(connection, SagaKey{key}, 0, kWholeJournal);
    if (!journal) {
        return tl::unexpected(journal.error());
    }
    return Live{std::move(*saga), std::move(*journal)};
}

}  // namespace

Result<LastKeys> SqliteReader::last_keys() const {
    return read<LastKeys>(pool_, "read the last keys", [](ReaderConnection& connection) {
        Rows rows = connection.last_keys.query();
        rows.next();
        const bool has_rows = rows.integer(1) > 0;
        return Result<LastKeys>(
            LastKeys{SagaKey{rows.integer(0)}, has_rows ? rows.optional_time(2) : std::nullopt});
    });
}

Result<std::vector<SagaKey>> SqliteReader::lock_heads() const {
    return read<std::vector<SagaKey>>(
        pool_, "read the heads of queues",
        [](ReaderConnection& connection) -> Result<std::vector<SagaKey>> {
            std::vector<SagaKey> heads;
            for (Rows rows = connection.lock_heads.query(); rows.next();) {
                heads.push_back(SagaKey{rows.integer(0)});
            }
            std::sort(heads.begin(), heads.end());
            return heads;
        });
}

/// Each saga by a read of its own, so that `each` may read too. They agree with each other, for
/// nothing writes yet.
Result<void> SqliteReader::live_sagas(
    const std::function<Result<void>(SagaRow, std::vector<JournalRow>)>& each) const {
    constexpr const char* kDoing = "read the live sagas";
    const auto keys = read<std::vector<std::int64_t>>(
        pool_, kDoing, [](ReaderConnection& connection) -> Result<std::vector<std::int64_t>> {
            const Snapshot snapshot(connection);
            return live_keys(connection);
        });
    if (!keys) {
        return tl::unexpected(keys.error());
    }
    for (const std::int64_t key : *keys) {
        auto live = read<Live>(pool_, kDoing, [key](ReaderConnection& connection) {
            return live_of(connection, key);
        });
        if (!live) {
            return tl::unexpected(live.error());
        }
        if (Result<void> done = each(std::move(live->saga), std::move(live->journal)); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace skald::store::sqlite
