#include "engine/rehearsal/books.h"

#include <utility>
#include <variant>

#include "sagas/check.h"
#include "store/restore.h"

namespace skald::rehearsal {

void Books::enter(const store::Batch& batch, const store::Committed& committed,
                  std::uint32_t number) {
    SKALD_CHECK(batch.starts.size() == committed.starts.size());
    for (std::size_t i = 0; i < batch.starts.size(); ++i) {
        const bool is_written = std::holds_alternative<store::StartWritten>(committed.starts[i]);
        if (is_written) enter_start(batch.starts[i], number);
    }
    for (const store::Append& row : batch.rows) enter_record(row.saga, row.record, number);
}

void Books::enter_start(const store::NewSaga& start, std::uint32_t commit) {
    const auto& begin = std::get<sagas::Begin>(start.begun.cause);
    SagaNumber number = kTopmost;
    if (begin.parent) {
        const auto parent = stage_.cast().find(begin.parent->saga);
        auto version = stage_.catalog().of(start.definition);
        SKALD_CHECK(parent && version);
        number = stage_.cast().add(start.id, std::move(*version),
                                   {{*parent, begin.parent->step}, begin.parent->phase},
                                   begin.parent->attempt);
    }
    size_ += stage_.cast().role(number).definition().steps.size();
    sagas_.emplace(start.key, Entered{number, commit, 0, start.deadline_at.has_value()});
    enter_record(start.key, start.begun, commit);
}

void Books::enter_record(store::SagaKey key, const sagas::Record& record, std::uint32_t commit) {
    const auto found = sagas_.find(key);
    if (found == sagas_.end()) return;
    Entered& entered = found->second;
    for (const auto& [step, items] : record.decision.items) {
        elements_[{entered.number, step}] = items->size();
        size_ += items->size();
    }
    for (const sagas::StepChange& change : record.decision.steps) {
        const Spot spot{entered.number, change.step};
        const bool is_undone = std::holds_alternative<sagas::Compensated>(change.state);
        if (is_undone && !elements_.contains(spot)) undone_.push_back(spot);
    }
    if (record.decision.end) enter_end(entered, record.decision.end->status, commit);
}

/// The end of a child is what its parent's step does, or undoes.
void Books::enter_end(Entered& entered, sagas::Status status, std::uint32_t commit) {
    entered.to = commit;
    const auto& caller = stage_.cast().role(entered.number).caller;
    if (!caller) return;
    const bool is_action = caller->phase == Phase::Action;
    if (status == sagas::Status::Completed && is_action) {
        ledger_.act(caller->spot, Ledger::Manner::Agrees);
    } else if (status == sagas::Status::Completed || (status == sagas::Status::Compensated &&
                                                      is_action && ledger_.stands(caller->spot))) {
        ledger_.undo(caller->spot, Ledger::Manner::Agrees);
    }
}

// ---- What is told ------------------------------------------------------------------------------

std::string Books::text_of(const store::Batch& batch) const {
    std::string text;
    for (const store::NewSaga& started : batch.starts) add_text(started.key, started.begun, text);
    for (const store::Append& row : batch.rows) add_text(row.saga, row.record, text);
    const auto add = [&](store::SagaKey key, const char* what) {
        const auto found = sagas_.find(key);
        if (found == sagas_.end()) return;
        const std::string& path = stage_.cast().role(found->second.number).path;
        text.append(text.empty() ? "" : ", ").append(path.empty() ? "the saga" : path).append(what);
    };
    for (const store::NewEvent& event : batch.events) {
        text.append(text.empty() ? "" : ", ").append("an event of ").append(event.topic);
    }
    for (const store::SagaKey key : batch.unparks) add(key, " is back in memory");
    for (const store::Park& park : batch.parks) add(park.saga, " leaves memory");
    return text.empty() ? "nothing changes" : text;
}

void Books::add_text(store::SagaKey key, const sagas::Record& record, std::string& text) const {
    const auto found = sagas_.find(key);
    if (found == sagas_.end()) return;
    const SagaNumber number = found->second.number;
    const Cast& cast = stage_.cast();
    const auto add = [&text](const std::string& what) {
        text.append(text.empty() ? "" : ", ").append(what);
    };
    const std::string& path = cast.role(number).path;
    for (const auto& [step, items] : record.decision.items) {
        const std::size_t count = items->size();
        add(cast.name(Spot{number, step}) + " has " + std::to_string(count) +
            (count == 1 ? " element" : " elements"));
    }
    for (const sagas::StepChange& change : record.decision.steps) {
        add(cast.name(Spot{number, change.step}) + " is " +
            std::string(sagas::status_text(change.state)));
    }
    if (record.decision.turned) add((path.empty() ? "it" : path) + " turns");
    if (record.decision.end) {
        add("the saga " + (path.empty() ? "" : path + " ") + "is " +
            std::string(sagas::to_text(record.decision.end->status)));
    }
}

// ---- What came of it ---------------------------------------------------------------------------

std::vector<Left> Books::sagas(const store::Reader& reader) const {
    std::vector<Left> sagas;
    for (const auto& [key, entered] : sagas_) {
        auto row = reader.saga(key);
        SKALD_CHECK(row);
        const auto journal = reader.journal(key, 0, 1u << 30);
        SKALD_CHECK(journal);
        const Cast::Role& role = stage_.cast().role(entered.number);
        auto saga = store::restore(role.definition(), *row, *journal);
        SKALD_CHECK(saga);
        sagas.push_back({entered.number, std::move(*saga)});
    }
    return sagas;
}

std::vector<Deadlined> Books::deadlines(std::uint32_t commits) const {
    std::vector<Deadlined> deadlines;
    for (const auto& [key, entered] : sagas_) {
        if (!entered.has_deadline) continue;
        const bool is_open = entered.to == 0 || entered.number == kTopmost;
        deadlines.push_back({entered.number, entered.from, is_open ? commits : entered.to});
    }
    return deadlines;
}

bool Books::is_at_edge(Place place) const {
    if (const auto item = sagas::item_of(place.spot.step)) {
        const Spot step{place.spot.saga, sagas::step_of(place.spot.step)};
        const auto count = elements_.find(step);
        SKALD_CHECK(count != elements_.end());
        if (*item != 0 && *item + 1 != count->second) return false;
    }
    const auto& caller = stage_.cast().role(place.spot.saga).caller;
    return !caller || is_at_edge(*caller);
}

}  // namespace skald::rehearsal
