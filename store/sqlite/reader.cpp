#include "store/sqlite/reader.h"

#include <utility>

#include "store/lock_rules.h"
#include "store/sqlite/reading.h"
#include "store/sqlite/saga_rows.h"

namespace skald::store::sqlite {
namespace {

/// Of stored text in one piece of the feed: parsed, it is some times that.
constexpr std::size_t kFeedBytesMax = 1u << 20;

Result<SagaRow> one_saga(Rows rows, const std::string& which) {
    if (!rows.next()) {
        return sagas::fail(ErrorCode::NotFound, "saga " + which + ": no such saga");
    }
    return saga_row(rows, WithInput::Yes);
}

Result<DefinitionRow> one_definition(Rows rows, const std::string& which) {
    if (!rows.next()) {
        return sagas::fail(ErrorCode::NotFound, "definition " + which + ": no such definition");
    }
    return definition_row(rows);
}

}  // namespace

Result<SagaRow> SqliteReader::saga(std::string_view id) const {
    const std::string text(id);
    return read<SagaRow>(pool_, "read a saga", [&](ReaderConnection& connection) {
        return one_saga(connection.saga_by_id.query(text), text);
    });
}

Result<SagaRow> SqliteReader::saga(SagaKey key) const {
    return read<SagaRow>(pool_, "read a saga", [&](ReaderConnection& connection) {
        return one_saga(connection.saga_by_key.query(key),
                        "number " + std::to_string(static_cast<std::int64_t>(key)));
    });
}

Result<std::vector<JournalRow>> SqliteReader::journal(SagaKey saga, std::uint32_t after,
                                                      std::uint32_t limit) const {
    return read<std::vector<JournalRow>>(
        pool_, "read a journal",
        [&](ReaderConnection& connection) { return read_journal(connection, saga, after, limit); });
}

Result<StartRepeats> SqliteReader::repeated_start(const StartIdentity& start) const {
    return read<StartRepeats>(
        pool_, "look for a start", [&](ReaderConnection& connection) -> Result<StartRepeats> {
            const Snapshot snapshot(connection);
            RequestKeys& keys = connection.request_keys;
            if (start.request) {
                auto found = keys.find(*start.request, keys.salts());
                if (!found) {
                    return tl::unexpected(found.error());
                }
                if (const auto* repeats = std::get_if<StartRepeats>(&*found)) {
                    return *repeats;
                }
            }
            if (start.id) {
                if (auto repeats = keys.find_id(*start.id, start.body_hash)) {
                    return std::move(*repeats);
                }
            }
            return sagas::fail(ErrorCode::NotFound, "no saga was started with this key or id");
        });
}

Result<Counts> SqliteReader::counts() const {
    return read<Counts>(pool_, "count sagas", [](ReaderConnection& connection) -> Result<Counts> {
        Counts counts = no_sagas();
        for (Rows rows = connection.counts.query(); rows.next();) {
            const auto status = status_of(rows.integer(0));
            if (!status) {
                return tl::unexpected(status.error());
            }
            counts.by_status[*status] = static_cast<std::uint64_t>(rows.integer(1));
        }
        return counts;
    });
}

Result<FeedPage> SqliteReader::feed(Position after, std::uint32_t limit) const {
    return read<FeedPage>(pool_, "read the journal",
                          [&](ReaderConnection& connection) -> Result<FeedPage> {
                              FeedPage page;
                              std::size_t bytes = 0;
                              for (Rows rows = connection.feed.query(after, limit); rows.next();) {
                                  bytes += rows.text(kJournalDataColumn).size();
                                  auto saga = saga_row(rows, WithInput::No, kJournalColumnCount);
                                  if (!saga) {
                                      return tl::unexpected(saga.error());
                                  }
                                  auto row = journal_row(rows, saga->key);
                                  if (!row) {
                                      return tl::unexpected(row.error());
                                  }
                                  page.rows.push_back({std::move(*row), std::move(*saga)});
                                  page.is_cut = page.rows.size() == limit || bytes >= kFeedBytesMax;
                                  if (page.is_cut) {
                                      break;
                                  }
                              }
                              return page;
                          });
}

Result<Position> SqliteReader::last_position() const {
    return read<Position>(pool_, "read the journal's end", [](ReaderConnection& connection) {
        Rows rows = connection.last_position.query();
        rows.next();
        return Result<Position>(Position{rows.integer(0)});
    });
}

Result<std::vector<Park>> SqliteReader::parked(Timestamp until, std::uint32_t limit) const {
    return read<std::vector<Park>>(
        pool_, "read the parked sagas",
        [&](ReaderConnection& connection) -> Result<std::vector<Park>> {
            std::vector<Park> found;
            for (Rows rows = connection.parked.query(until, limit); rows.next();) {
                found.push_back({SagaKey{rows.integer(0)}, rows.optional_time(1)});
            }
            return found;
        });
}

Result<LockPlace> SqliteReader::lock_place(SagaKey saga) const {
    return read<LockPlace>(
        pool_, "read a queue for a lock", [&](ReaderConnection& connection) -> Result<LockPlace> {
            Rows rows = connection.lock_place.query(saga, kLockPlaceMax);
            if (!rows.next()) {
                return sagas::fail(ErrorCode::NotFound,
                                   "saga number " +
                                       std::to_string(static_cast<std::int64_t>(saga)) +
                                       ": it queues for no lock");
            }
            return LockPlace{rows.text(0), static_cast<std::uint64_t>(rows.integer(1))};
        });
}

Result<DefinitionRow> SqliteReader::definition(std::string_view name,
                                               std::optional<std::uint32_t> version) const {
    const std::string text(name);
    return read<DefinitionRow>(pool_, "read a definition", [&](ReaderConnection& connection) {
        return version ? one_definition(connection.definition_version.query(text, *version),
                                        text + " version " + std::to_string(*version))
                       : one_definition(connection.definition_latest.query(text), text);
    });
}

Result<DefinitionRow> SqliteReader::definition(DefinitionKey key) const {
    return read<DefinitionRow>(pool_, "read a definition", [&](ReaderConnection& connection) {
        return one_definition(connection.definition_by_key.query(key),
                              "number " + std::to_string(static_cast<std::int64_t>(key)));
    });
}

Result<std::vector<DefinitionRow>> SqliteReader::definitions(std::string_view after,
                                                             std::uint32_t limit) const {
    return read<std::vector<DefinitionRow>>(
        pool_, "list definitions",
        [&](ReaderConnection& connection) -> Result<std::vector<DefinitionRow>> {
            std::vector<DefinitionRow> found;
            for (Rows rows = connection.definitions.query(std::string(after),
                                                          DefinitionRow::State::Active, limit);
                 rows.next();) {
                found.push_back(definition_row(rows));
            }
            return found;
        });
}

Result<std::vector<JournalRow>> read_journal(ReaderConnection& connection, SagaKey saga,
                                             std::uint32_t after, std::uint32_t limit) {
    std::vector<JournalRow> journal;
    for (Rows rows = connection.journal.query(saga, after, limit); rows.next();) {
        auto row = journal_row(rows, saga);
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (row->seq != ++after) {
            return sagas::fail(ErrorCode::Corruption,
                               "saga " + std::to_string(static_cast<std::int64_t>(saga)) +
                                   ": journal row " + std::to_string(after) + " is missing");
        }
        journal.push_back(std::move(*row));
    }
    return journal;
}

}  // namespace skald::store::sqlite
