#include <algorithm>

#include "tests/simulation/oracle_event_plans.h"
#include "tests/simulation/oracle_facts.h"

/// Facts about tries that are events, and waits for one. A try is in the journal and in the log by
/// one commit, and so is what settled it: so all is known from the rows, as they become durable,
/// and a crash takes nothing of it.
namespace skald::simulation::oracle {
namespace {

/// The phase of which the change begins a try, if it does.
std::optional<Phase> begun_phase(const StepPlan& plan, const JournalRow& row,
                                 const Change& change) {
    const bool is_by_hand =
        row.type == "resolved" && row.step == change.place.step && row.item == change.place.item;
    switch (change.to) {
        case Change::To::Waits:
            if (awaited(plan, Phase::Action) != nullptr) return Phase::Action;
            break;
        case Change::To::UndoWaits:
            if (awaited(plan, Phase::Undo) != nullptr) return Phase::Undo;
            break;
        case Change::To::Done:
            if (expects_no_reply(plan, Phase::Action) && !is_by_hand) return Phase::Action;
            break;
        case Change::To::Undone:
            if (expects_no_reply(plan, Phase::Undo)) return Phase::Undo;
            break;
        default:
            break;
    }
    return std::nullopt;
}

}  // namespace

std::vector<CallName> begun_by(const SagaFacts& saga, const JournalRow& row) {
    std::vector<CallName> begun;
    for (const Change& change : row.changes) {
        if (!saga.has(change.place)) continue;
        const auto phase = begun_phase(saga.plan(change.place.step), row, change);
        if (!phase) continue;
        begun.push_back(
            {std::string(saga.id), change.place.step, *phase, change.attempt, change.place.item});
    }
    return begun;
}

void Facts::settle(const Journaled& journaled) {
    const JournalRow& row = journaled.row;
    SagaFacts* saga = find(journaled.saga);
    const bool is_of_place =
        saga != nullptr && row.step && row.phase && saga->has({*row.step, row.item});
    if (!is_of_place) return;
    const CallName name{journaled.saga, *row.step, *row.phase, row.attempt, row.item};
    const bool speaks = speaks_events(saga->plan(name.step), name.phase);
    if (row.type == "called_back" && row.word) {
        speaks ? hear(*saga, name, row) : take_ahead(*saga, name, row);
    } else if (speaks && row.type == "due") {
        miss(*saga, name, row);
    }
}

/// An event says how it ended.
void Facts::hear(SagaFacts& saga, const CallName& name, const JournalRow& row) {
    StepFacts& step = saga.at(name.place());
    CallFacts& call = step.call(name.phase);
    const Outcome what = outcome(*row.word);
    call.told = {row.attempt, what, call.sent_at, row.at, row.at};
    call.was_told_bad |= what != Outcome::Success;
    call.was_told_failure |= is_failure(what);
    if (name.phase == Phase::Undo || !is_failure(what)) return;
    step.is_doubtful = step.may_be_doubtful = false;
    step.is_denied = true;
}

/// No event came in time: of a try, nobody knows; of a wait, it failed. Of a try that was not
/// waited for it is the time of the next one.
void Facts::miss(SagaFacts& saga, const CallName& name, const JournalRow& row) {
    const StepPlan& plan = saga.plan(name.step);
    if (awaited(plan, name.phase) == nullptr) return;
    StepFacts& step = saga.at(name.place());
    CallFacts& call = step.call(name.phase);
    const bool is_try = published(plan, name.phase) != nullptr;
    if (is_try && !call.is_told(Outcome::PutOff)) return;
    const Outcome what = is_try ? Outcome::Unknown : Outcome::Failure;
    const std::uint32_t n = call.number_of(row.attempt);
    call.told = {row.attempt, what, call.sent_at, row.at,
                 row.at + least_wait(plan, n, std::nullopt).count()};
    call.was_told_bad = true;
    call.was_told_failure |= is_failure(what);
    call.was_told_unknown |= is_try;
    if (name.phase == Phase::Action && is_try && !step.is_doubtful) {
        step.is_doubtful = true;
        step.doubtful_at = now_;
    }
}

/// Of a callback: what follows from it may be in the log before it is answered.
void Facts::take_ahead(SagaFacts& saga, const CallName& name, const JournalRow& row) {
    touch(name);
    CallFacts& call = saga.at(name.place()).call(name.phase);
    for (CallFacts::Out& out : call.out) out.is_over = true;
    call.is_called_back = true;
    ++call.taken_ahead;
    take(saga, name, *row.word, {std::max(row.attempt, call.attempt), row.at, row.at});
}

void Facts::begin(const Journaled& journaled, const CallName& begun) {
    SagaFacts& saga = *find(journaled.saga);
    StepFacts& step = saga.at(begun.place());
    CallFacts& call = step.call(begun.phase);
    const StepPlan& plan = saga.plan(begun.step);
    const std::int64_t at = journaled.row.at;
    touch(begun);
    saga.rely_on_predecessors(begun);
    const std::uint32_t attempt = begun.attempt != 0 ? begun.attempt : call.attempt + 1;
    if (saga.may_be_retried_since(begun.place(), call.sent_at)) call.budget_from = attempt;
    call.attempt = call.journaled = attempt;
    call.sent_at = now_;
    call.is_sent_in_life = true;
    call.told.reset();
    if (expects_no_reply(plan, begun.phase)) {
        call.told = {attempt, Outcome::Success, now_, at, at};
    } else if (published(plan, begun.phase) != nullptr) {
        const std::int64_t over = at + callback_timeout(plan, begun.phase).count();
        const auto wait = least_wait(plan, call.number_of(attempt), std::nullopt);
        call.told = {attempt, Outcome::PutOff, now_, at, over + wait.count()};
        call.was_told_unknown = true;
    }
    if (begun.phase == Phase::Action) step.is_denied = false;
    if (begun.phase == Phase::Undo && !saga.is_undoing) saga.undo_published_at = now_ + 1;
    saga.note_way(begun);
}

}  // namespace skald::simulation::oracle
