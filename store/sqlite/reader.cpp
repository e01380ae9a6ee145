#include "store/sqlite/reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sagas/check.h"
#include "store/sqlite/reading.h"
#include "store/sqlite/saga_rows.h"

namespace skald::store::sqlite {
namespace {

constexpr std::uint32_t kListMax = 200;

/// Adds every row of `rows` to `found`.
Result<void> take(Rows rows, std::vector<SagaRow>& found) {
    while (rows.next()) {
        auto row = saga_row(rows, WithInput::No);
        if (!row) {
            return tl::unexpected(row.error());
        }
        found.push_back(std::move(*row));
    }
    return {};
}

void keep_newest(std::vector<SagaRow>& found, std::uint32_t limit) {
    std::sort(found.begin(), found.end(),
              [](const SagaRow& a, const SagaRow& b) { return a.key > b.key; });
    if (found.size() > limit) {
        found.resize(limit);
    }
}

struct ListQuery {
    std::int64_t below;
    std::uint32_t statuses;  ///< A bit for each.
    const SagaFilter& filter;
};

constexpr std::uint32_t bit(sagas::Status status) { return 1u << static_cast<unsigned>(status); }

ListQuery list_query(const SagaFilter& filter) {
    std::uint32_t statuses = filter.statuses.empty() ? ~0u : 0u;
    for (const sagas::Status status : filter.statuses) {
        statuses |= bit(status);
    }
    const std::int64_t below = filter.before ? static_cast<std::int64_t>(*filter.before)
                                             : std::numeric_limits<std::int64_t>::max();
    return {below, statuses, filter};
}

/// Completed sagas are the many, and not in this index: each other status is walked by itself.
Result<std::vector<SagaRow>> list_by_status(ReaderConnection& connection, const ListQuery& query) {
    std::vector<SagaRow> found;
    for (std::int64_t status = 0; status <= static_cast<int>(sagas::Status::Abandoned); ++status) {
        if ((query.statuses >> status & 1u) == 0) {
            continue;
        }
        Result<void> taken = take(
            connection.list_of_status.query(
                query.below, query.statuses, query.filter.limit, status, query.filter.definition,
                query.filter.definition ? query.filter.version : std::nullopt),
            found);
        if (!taken) {
            return tl::unexpected(taken.error());
        }
    }
    keep_newest(found, query.filter.limit);
    return found;
}

Result<std::vector<SagaRow>> list_by_definition(ReaderConnection& connection,
                                                const ListQuery& query) {
    std::vector<std::int64_t> versions;
    {
        Rows rows = connection.versions_of_name.query(
            *query.filter.definition,
            query.filter.definition ? query.filter.version : std::nullopt);
        while (rows.next()) {
            versions.push_back(rows.integer(0));
        }
    }
    std::vector<SagaRow> found;
    for (const std::int64_t version : versions) {
        const bool is_full = found.size() == query.filter.limit;
        const std::int64_t above = is_full ? static_cast<std::int64_t>(found.back().key) : 0;
        Result<void> taken =
            take(connection.list_of_definition.query(query.below, query.statuses,
                                                     query.filter.limit, version, above),
                 found);
        if (!taken) {
            return tl::unexpected(taken.error());
        }
        keep_newest(found, query.filter.limit);
    }
    return found;
}

Result<std::vector<SagaRow>> list_all(ReaderConnection& connection, const ListQuery& query) {
    std::vector<SagaRow> found;
    Result<void> taken =
        take(connection.list_all.query(query.below, query.statuses, query.filter.limit), found);
    if (!taken) {
        return tl::unexpected(taken.error());
    }
    return found;
}

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

Result<std::vector<SagaRow>> SqliteReader::list(const SagaFilter& filter) const {
    SKALD_CHECK(filter.limit >= 1 && filter.limit <= kListMax);
    const ListQuery query = list_query(filter);
    return read<std::vector<SagaRow>>(
        pool_, "list sagas", [&](ReaderConnection& connection) -> Result<std::vector<SagaRow>> {
            const Snapshot snapshot(connection);
            if ((query.statuses & bit(sagas::Status::Completed)) == 0) {
                return list_by_status(connection, query);
            }
            return filter.definition ? list_by_definition(connection, query)
                                     : list_all(connection, query);
        });
}

Result<Counts> SqliteReader::counts() const {
    return read<Counts>(pool_, "count sagas", [](ReaderConnection& connection) -> Result<Counts> {
        Counts counts;
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
