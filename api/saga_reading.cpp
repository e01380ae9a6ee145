#include "api/saga_reading.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "api/saga_view.h"
#include "sagas/child_id.h"
#include "store/restore.h"

namespace skald::api {
namespace {

bool is_saga_id_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == '-';
}

sagas::Result<std::vector<store::JournalRow>> read_journal(const store::Reader& reader,
                                                           store::SagaKey saga) {
    std::vector<store::JournalRow> journal;
    while (true) {
        const std::uint32_t last = journal.empty() ? 0 : journal.back().seq;
        auto page = read_again([&] { return reader.journal(saga, last, kJournalPage); });
        if (!page) return tl::unexpected(page.error());
        std::move(page->begin(), page->end(), std::back_inserter(journal));
        if (page->size() < kJournalPage) return journal;
    }
}

}  // namespace

sagas::Result<StoredSaga> read_saga(const Services& services, std::string_view id) {
    auto row = read_again([&] { return services.reader.saga(id); });
    if (!row) return tl::unexpected(row.error());
    auto version = read_again([&] { return services.catalog.of(row->definition_key); });
    if (!version) return tl::unexpected(version.error());

    const auto journal = read_journal(services.reader, row->key);
    if (!journal) return tl::unexpected(journal.error());
    auto saga = store::restore((*version)->definition, *row, *journal);
    if (!saga) return tl::unexpected(saga.error());
    // Retention may take a saga away between two reads; what is left of it would be a lie.
    if (journal->empty() || (sagas::is_terminal(row->summary.status) && !saga->end)) {
        return sagas::fail(sagas::ErrorCode::NotFound, "saga " + row->id + ": was deleted");
    }
    return StoredSaga{std::move(*version), std::move(*saga), std::move(row->labels)};
}

std::string saga_text(const Services& services, const StoredSaga& stored) {
    return saga_text(*stored.version, stored.saga, stored.labels,
                     look_around(services, *stored.version, stored.saga));
}

std::string saga_text(const Services& services, const engine::Rest& rest) {
    return saga_text(*rest.version, rest.saga, rest.labels,
                     look_around(services, *rest.version, rest.saga));
}

bool is_at_rest(sagas::Status status) {
    return sagas::is_terminal(status) || status == sagas::Status::Stuck;
}

bool is_saga_id(std::string_view id) {
    return !id.empty() && id.size() <= sagas::kSagaIdBytesMax && id != "." && id != ".." &&
           id != "batch" && std::all_of(id.begin(), id.end(), is_saga_id_character);
}

Problem no_such_saga(std::string_view id) {
    if (!is_saga_id(id)) {
        return {ProblemType::InvalidRequest, "saga id: " + std::string(kSagaIdRule), {}, nullptr};
    }
    return {ProblemType::SagaNotFound,
            "There is no saga " + std::string(id) +
                "; it was never started, or it ended and was deleted by age.",
            {},
            nullptr};
}

}  // namespace skald::api
