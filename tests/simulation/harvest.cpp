#include "tests/simulation/harvest.h"

#include <limits>
#include <utility>

#include "sagas/record.h"
#include "store/codec.h"
#include "store/restore.h"

namespace skald::simulation {
namespace {

constexpr std::uint32_t kAll = std::numeric_limits<std::int32_t>::max();

Phase phase_of(sagas::Phase phase) {
    return phase == sagas::Phase::Action ? Phase::Action : Phase::Undo;
}

std::string key_of(const std::optional<sagas::RequestKey>& key) { return key ? key->key : ""; }

/// What the cause says of itself, in the oracle's words.
void describe_cause(const sagas::Cause& cause, JournalRow& row) {
    std::visit(
        [&row](const auto& which) {
            if constexpr (requires { which.phase; }) {
                row.step = sagas::to_size(which.step);
                row.phase = phase_of(which.phase);
                row.attempt = which.attempt;
            }
            if constexpr (requires { which.who; }) row.request_key = key_of(which.who.request);
            if constexpr (requires { which.request; }) row.request_key = key_of(which.request);
        },
        cause);
    if (const auto* retry = std::get_if<sagas::Retry>(&cause); retry != nullptr && retry->step) {
        row.step = sagas::to_size(*retry->step);
    }
    if (const auto* resolve = std::get_if<sagas::Resolve>(&cause)) {
        row.step = sagas::to_size(resolve->step);
    }
}

JournalRow row_of(const store::JournalRow& from) {
    JournalRow row{from.seq,
                   from.record.at.time_since_epoch().count(),
                   std::string(sagas::to_text(sagas::type(from.record.cause))),
                   {},
                   {},
                   0,
                   {},
                   store::encode(from.record)};
    describe_cause(from.record.cause, row);
    return row;
}

/// Calls `each` for every saga there is; stops at the first error.
template <typename Each>
sagas::Result<void> for_each_saga(const store::Reader& reader, const Each& each) {
    store::SagaRange range;
    range.limit = 200;
    do {
        auto list = reader.list({}, range);
        if (!list) return tl::unexpected(list.error());
        for (store::SagaRow& row : list->rows) {
            auto journal = reader.journal(row.key, 0, kAll);
            if (!journal) return tl::unexpected(journal.error());
            if (sagas::Result<void> done = each(row, *journal); !done) return done;
        }
        range.before = list->next;
    } while (range.before);
    return {};
}

}  // namespace

sagas::Result<Journals> read_journals(const store::Reader& reader) {
    Journals journals;
    const auto done = for_each_saga(
        reader,
        [&journals](const store::SagaRow& saga,
                    const std::vector<store::JournalRow>& journal) -> sagas::Result<void> {
            std::vector<JournalRow>& rows = journals[saga.id];
            for (const store::JournalRow& row : journal) rows.push_back(row_of(row));
            return {};
        });
    if (!done) return tl::unexpected(done.error());
    return journals;
}

sagas::Result<void> read_end(Process& process, History& history) {
    const store::Reader& reader = process.reader();
    auto journals = read_journals(reader);
    if (!journals) return tl::unexpected(journals.error());
    history.journals = std::move(*journals);
    const auto counts = reader.counts();
    if (!counts) return tl::unexpected(counts.error());
    for (const auto& [status, count] : counts->by_status) {
        history.counts[std::string(sagas::to_text(status))] = count;
    }
    return for_each_saga(reader,
                         [&](store::SagaRow& row,
                             const std::vector<store::JournalRow>& journal) -> sagas::Result<void> {
                             const auto version = process.catalog().of(row.definition_key);
                             if (!version) return tl::unexpected(version.error());
                             auto whole = reader.saga(row.key);  // Lists leave the input out.
                             if (!whole) return tl::unexpected(whole.error());
                             const auto saga =
                                 store::restore((*version)->definition, *whole, journal);
                             if (!saga) return tl::unexpected(saga.error());
                             FinalSaga& end = history.sagas[row.id];
                             end.status = sagas::to_text(row.summary.status);
                             end.is_suspended = saga->suspension == sagas::Suspension::Suspended;
                             end.summary_agrees = sagas::status(*saga) == row.summary.status;
                             for (const sagas::StepRun& step : saga->steps) {
                                 end.steps.emplace_back(sagas::status_text(step.state));
                             }
                             return {};
                         });
}

}  // namespace skald::simulation
