#include "tests/simulation/harvest.h"

#include <limits>
#include <utility>

#include "sagas/record.h"
#include "store/codec.h"
#include "store/restore.h"
#include "tests/simulation/log_reading.h"
#include "tests/simulation/onlooker.h"
#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

constexpr std::uint32_t kAll = std::numeric_limits<std::int32_t>::max();

Phase phase_of(sagas::Phase phase) {
    return phase == sagas::Phase::Action ? Phase::Action : Phase::Undo;
}

std::string key_of(const std::optional<sagas::RequestKey>& key) { return key ? key->key : ""; }

Place place_of(sagas::StepIndex step) {
    Place place{sagas::to_size(step)};
    if (const auto item = sagas::item_of(step)) place.item = static_cast<std::uint32_t>(*item);
    return place;
}

void set_place(JournalRow& row, sagas::StepIndex step) {
    row.step = place_of(step).step;
    row.item = place_of(step).item;
}

Word word_of(sagas::Outcome outcome) {
    switch (outcome) {
        case sagas::Outcome::Success:
            return Word::Success;
        case sagas::Outcome::Failure:
            return Word::Failure;
        case sagas::Outcome::Retry:
            return Word::Retry;
        case sagas::Outcome::Unknown:
            break;
    }
    return Word::Unknown;
}

/// What the cause says of itself, in the oracle's words.
struct DescribeCause {
    JournalRow& row;

    void operator()(const sagas::Begin& cause) const {
        row.request_key = key_of(cause.request);
        row.lock = cause.lock.value_or("");
        if (!cause.parent) return;
        const Place place = place_of(cause.parent->step);
        row.parent = ParentCall{cause.parent->saga, place.step, phase_of(cause.parent->phase),
                                cause.parent->attempt, place.item};
    }
    void operator()(const sagas::Retry& cause) const {
        by(cause.who);
        if (cause.step) set_place(row, *cause.step);
    }
    void operator()(const sagas::Resolve& cause) const {
        by(cause.who);
        set_place(row, cause.step);
    }
    template <typename Which>
    void operator()(const Which& which) const {
        if constexpr (requires { which.phase; }) {
            set_place(row, which.step);
            row.phase = phase_of(which.phase);
            row.attempt = which.attempt;
        }
        if constexpr (requires { which.outcome; }) row.word = word_of(which.outcome);
        if constexpr (requires { which.http_status; }) row.status = which.http_status;
        if constexpr (requires { which.event; }) {
            if (which.event) row.event = EventName{which.event->topic, which.event->offset};
        }
        if constexpr (requires { which.who; }) by(which.who);
    }

 private:
    void by(const sagas::Operator& who) const {
        row.by = who.by;
        row.request_key = key_of(who.request);
    }
};

/// What a place came to, in the oracle's words.
struct DescribeChange {
    Change& change;

    void operator()(const sagas::AwaitingCallback& state) const { set(Change::To::Waits, state); }
    void operator()(const sagas::BackingOff& state) const { set(Change::To::BacksOff, state); }
    void operator()(const sagas::StuckAction& state) const { set(Change::To::Stuck, state); }
    void operator()(const sagas::CompensationAwaitingCallback& state) const {
        set(Change::To::UndoWaits, state);
    }
    void operator()(const sagas::CompensationBackingOff& state) const {
        set(Change::To::UndoBacksOff, state);
    }
    void operator()(const sagas::StuckCompensation& state) const {
        set(Change::To::UndoStuck, state);
    }
    void operator()(const sagas::Succeeded&) const { change.to = Change::To::Done; }
    void operator()(const sagas::Compensated& state) const {
        if (state.by == sagas::UndoneBy::Call) change.to = Change::To::Undone;
    }
    template <typename Other>
    void operator()(const Other&) const {}

 private:
    template <typename State>
    void set(Change::To to, const State& state) const {
        change.to = to;
        change.attempt = state.attempt;
    }
};

void describe_decision(const sagas::Decision& decision, JournalRow& row) {
    row.turns = decision.turned.has_value();
    if (decision.end) row.ends_as = sagas::to_text(decision.end->status);
    for (const sagas::StepChange& change : decision.steps) {
        row.changes.push_back({place_of(change.step), Change::To::Other});
        std::visit(DescribeChange{row.changes.back()}, change.state);
        const auto* undoing = std::get_if<sagas::Compensating>(&change.state);
        if (undoing == nullptr || undoing->attempt > 1) continue;
        row.undoing.push_back(place_of(change.step));
    }
}

}  // namespace

JournalRow row_of(const store::JournalRow& from) {
    JournalRow row;
    row.seq = from.seq;
    row.at = from.record.at.time_since_epoch().count();
    row.type = sagas::to_text(sagas::type(from.record.cause));
    row.bytes = store::encode(from.record);
    row.position = static_cast<std::uint64_t>(from.position);
    std::visit(DescribeCause{row}, from.record.cause);
    describe_decision(from.record.decision, row);
    return row;
}

namespace {

/// How the saga stands, as its journal says.
FinalSaga end_of(const sagas::Saga& saga, sagas::Status summary) {
    FinalSaga end;
    end.status = sagas::to_text(summary);
    end.is_suspended = saga.suspension == sagas::Suspension::Suspended;
    end.summary_agrees = sagas::status(saga) == summary;
    for (const sagas::StepRun& step : saga.steps) {
        end.steps.emplace_back(sagas::status_text(step.state));
        std::vector<std::string>& elements = end.elements.emplace_back();
        for (const sagas::StepRun& element : step.elements) {
            elements.emplace_back(sagas::status_text(element.state));
        }
    }
    return end;
}

std::optional<std::size_t> index_of(const std::vector<DefinitionPlan>& plans,
                                    const store::SagaRow& row) {
    const DefinitionPlan* plan = plan_of(plans, row.definition, row.version);
    if (plan == nullptr) return std::nullopt;
    return static_cast<std::size_t>(plan - plans.data());
}

/// Calls `each` for every saga there is, with its row for lists; stops at the first error.
template <typename Each>
sagas::Result<void> for_each_saga(const store::Reader& reader, const Each& each) {
    store::SagaRange range;
    range.limit = 200;
    do {
        auto list = reader.list({}, range);
        if (!list) return tl::unexpected(list.error());
        for (store::SagaRow& row : list->rows) {
            if (sagas::Result<void> done = each(row); !done) return done;
        }
        range.before = list->next;
    } while (range.before);
    return {};
}

}  // namespace

sagas::Result<Journals> read_journals(const store::Reader& reader, const Journals& known) {
    Journals journals;
    const auto read = [&](const store::SagaRow& saga) -> sagas::Result<void> {
        std::vector<JournalRow>& rows = journals[saga.id];
        if (const auto before = known.find(saga.id); before != known.end()) rows = before->second;
        const auto journal =
            reader.journal(saga.key, static_cast<std::uint32_t>(rows.size()), kAll);
        if (!journal) return tl::unexpected(journal.error());
        for (const store::JournalRow& row : *journal) rows.push_back(row_of(row));
        return {};
    };
    if (const auto done = for_each_saga(reader, read); !done) return tl::unexpected(done.error());
    return journals;
}

sagas::Result<void> read_end(Process& process, History& history) {
    const store::Reader& reader = process.reader();
    auto log = read_log(reader);
    if (!log) return tl::unexpected(log.error());
    history.log = std::move(*log);
    auto view = read_saga_view(process.topics());
    if (!view) return tl::unexpected(view.error());
    history.saga_view = std::move(*view);
    EventIds ids;
    auto stands = read_stands(reader, ids);
    if (!stands) return tl::unexpected(stands.error());
    history.stands = std::move(*stands);
    const auto untold = process.recovery().event_hits();
    if (!untold) return tl::unexpected(untold.error());
    history.untold_events = untold->size();
    const auto counts = reader.counts();
    if (!counts) return tl::unexpected(counts.error());
    for (const auto& [status, count] : counts->by_status) {
        history.counts[std::string(sagas::to_text(status))] = count;
    }
    const auto read = [&](const store::SagaRow& row) -> sagas::Result<void> {
        const auto journal = reader.journal(row.key, 0, kAll);
        if (!journal) return tl::unexpected(journal.error());
        for (const store::JournalRow& each : *journal) {
            history.journals[row.id].push_back(row_of(each));
        }
        const auto version = process.catalog().of(row.definition_key);
        if (!version) return tl::unexpected(version.error());
        auto whole = reader.saga(row.key);  // Lists leave the input out.
        if (!whole) return tl::unexpected(whole.error());
        const auto saga = store::restore((*version)->definition, *whole, *journal);
        if (!saga) return tl::unexpected(saga.error());
        FinalSaga& end = history.sagas[row.id];
        end = end_of(*saga, row.summary.status);
        end.definition = index_of(history.definitions, row);
        return {};
    };
    return for_each_saga(reader, read);
}

}  // namespace skald::simulation
