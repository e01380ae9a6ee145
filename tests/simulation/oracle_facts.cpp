#include "tests/simulation/oracle_facts.h"

#include <algorithm>

namespace skald::simulation::oracle {

// ---- Whose sagas -------------------------------------------------------------------------------

Facts::Facts(const History& history) : history_(history) {
    for (const DefinitionPlan& plan : history.definitions) graphs_.emplace_back(plan);
    for (const StartPlan& start : history.starts) {
        if (!start.request_key.empty()) by_key_.emplace(start.request_key, &start);
        if (start.is_id_of_client) by_id_.emplace(start.id, &start);
    }
    sagas_.reserve(history.journals.size());
    for (const auto& [id, journal] : history.journals) add_saga(id);
}

/// After its parents. Null: nobody started it.
SagaFacts* Facts::add_saga(std::string_view id) {
    if (const auto known = by_saga_.find(id); known != by_saga_.end()) return known->second;
    const auto journal = history_.journals.find(std::string(id));
    if (journal == history_.journals.end() || journal->second.empty()) return nullptr;
    const JournalRow& begun = journal->second[0];
    SagaFacts saga;
    saga.id = journal->first;
    by_saga_.emplace(saga.id, nullptr);  // Whoever is his own parent is nobody's.
    if (begun.parent) {
        saga.parent = add_saga(begun.parent->saga);
        saga.parent_call = &*begun.parent;
        const auto end = history_.sagas.find(journal->first);
        const bool is_known = end != history_.sagas.end() && end->second.definition;
        if (saga.parent == nullptr || !is_known || !saga.parent->has(begun.parent->place())) {
            return nullptr;
        }
        saga.start = saga.parent->start;
        saga.definition = *end->second.definition;
    } else {
        saga.start = plan_of(id, journal->second);
        if (saga.start == nullptr) return nullptr;
        const auto end = history_.sagas.find(journal->first);
        const bool is_any_version = saga.start->event && end != history_.sagas.end();
        saga.definition = is_any_version && end->second.definition ? *end->second.definition
                                                                   : saga.start->definition;
    }
    saga.graph = &graphs_[saga.definition];
    saga.begun_at = begun.at;
    for (const JournalRow& row : journal->second) {
        if (row.type == "lock_granted" && !saga.granted_at) saga.granted_at = row.at;
        if (row.type == "parent_turned") saga.turned_by_parent_at = row.at;
    }
    saga.steps.resize(saga.graph->size());
    saga.elements.resize(saga.graph->size());
    for (std::size_t step = 0; step < saga.steps.size(); ++step) {
        const auto& items = saga.plan(step).items;
        const auto length = items ? saga.start->items.find(*items) : saga.start->items.end();
        if (length != saga.start->items.end()) saga.elements[step].resize(length->second);
    }
    SagaFacts& kept = sagas_.emplace_back(std::move(saga));
    by_saga_[kept.id] = &kept;
    if (kept.parent != nullptr) {
        StepFacts& caller = kept.parent->at(kept.parent_call->place());
        auto& called =
            kept.parent_call->phase == Phase::Action ? caller.children : caller.undo_children;
        const auto later = std::find_if(called.begin(), called.end(), [&kept](const auto* other) {
            return other->parent_call->attempt > kept.parent_call->attempt;
        });
        called.insert(later, &kept);
    }
    return &kept;
}

const StartPlan* Facts::plan_of(std::string_view id, const std::vector<JournalRow>& journal) const {
    if (!journal.empty() && !journal[0].request_key.empty()) {
        const auto found = by_key_.find(journal[0].request_key);
        return found == by_key_.end() ? nullptr : found->second;
    }
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

const SagaFacts* Facts::saga(std::string_view id) const {
    const auto found = by_saga_.find(id);
    return found == by_saga_.end() ? nullptr : found->second;
}

const SagaFacts* Facts::saga_with(const CallName& call) const {
    const SagaFacts* known = saga(call.saga);
    return known != nullptr && known->has(call.place()) ? known : nullptr;
}

SagaFacts* Facts::find(std::string_view id) {
    const auto found = by_saga_.find(id);
    return found == by_saga_.end() ? nullptr : found->second;
}

StepFacts* Facts::find(const CallName& call) {
    SagaFacts* known = find(call.saga);
    return known == nullptr || !known->has(call.place()) ? nullptr : &known->at(call.place());
}

void Facts::touch(const CallName& call) {
    SagaFacts* known = find(call.saga);
    CallFacts& facts = known->at(call.place()).call(call.phase);
    if (facts.is_touched) return;
    facts.is_touched = true;
    touched_.push_back({known, call.place(), call.phase});
}

/// Rows of one commit are seen one after the other.
void Facts::move_on() {
    const bool is_row = std::holds_alternative<Journaled>(history_.seen[now_].what);
    if (is_row && !was_row_) last_commit_ = now_;
    was_row_ = is_row;
    ++now_;
}

// ---- Calls -------------------------------------------------------------------------------------

void Facts::add(const Seen& seen, const Sent& sent) {
    StepFacts* step = find(sent.call);
    if (step == nullptr) return;
    SagaFacts& saga = *find(sent.call.saga);
    touch(sent.call);
    CallFacts& call = step->call(sent.call.phase);
    if (!call.is_sent_in_life) saga.rely_on_predecessors(sent.call);
    // A step is retried when it is stuck, so between two tries.
    if (saga.may_be_retried_since(sent.call.place(), call.sent_at)) {
        call.budget_from = sent.call.attempt;
    }
    const bool is_numbered = tries_max(saga.plan(sent.call.step), sent.call.phase).has_value() ||
                             sent.call.attempt <= kJournaledTries + 1;
    if (is_numbered) call.relied_on = std::max(call.relied_on, sent.call.attempt - 1);
    if (call.key.empty()) {
        call.key = sent.key;
        call.callback = sent.callback;
    }
    call.attempt = sent.call.attempt;
    call.sent_at = now_;
    call.sent_time = seen.at;
    call.out.push_back({sent.call.attempt});
    call.is_sent_in_life = true;
    call.is_called_back = false;
    if (sent.call.phase == Phase::Action) step->is_denied = false;
    if (sent.call.phase == Phase::Undo) saga.undo_published_at = 0;
    saga.note_way(sent.call);
}

void Facts::add(const Seen& seen, const Told& told) {
    StepFacts* step = find(told.call);
    if (step == nullptr) return;
    touch(told.call);
    const StepPlan& plan = find(told.call.saga)->plan(told.call.step);
    const Phase phase = told.call.phase;
    CallFacts& call = step->call(phase);
    const auto out = std::find_if(call.out.begin(), call.out.end(), [&told](const auto& each) {
        return each.attempt == told.call.attempt;
    });
    const bool is_over = out != call.out.end() && out->is_over;
    if (out != call.out.end()) call.out.erase(out);
    if (is_over || (told.is_taken_back && call.is_called_back)) return;
    call.is_called_back = false;
    const Outcome what = outcome(plan, phase, told);
    const std::uint32_t n = call.number_of(told.call.attempt);
    std::int64_t next = seen.engine_time + least_wait(plan, n, told.retry_after).count();
    if (what == Outcome::PutOff) next += callback_timeout(plan, phase).count();
    call.told = {told.call.attempt, what, call.sent_at, seen.engine_time, next};
    call.was_told_bad |= what != Outcome::Success;
    call.was_told_failure |= is_failure(what);
    // A callback that does not come leaves as much in doubt.
    call.was_told_unknown |= what == Outcome::Unknown || what == Outcome::PutOff;
    if (phase == Phase::Undo) return;
    if (what == Outcome::Unknown && !step->is_doubtful) {
        step->is_doubtful = true;
        step->doubtful_at = now_;
    }
    if (what == Outcome::FailureByRule) step->is_doubtful = false;
    const bool is_definite = is_failure(what) || what == Outcome::Retry;
    if (is_definite && told.what == Told::What::Reply && !step->is_doubtful) {
        step->is_denied = true;
    }
}

void Facts::add(const Seen&, const Handled& handled) {
    StepFacts* step = find(handled.call);
    if (step == nullptr || handled.did != Handled::Did::Effect) return;
    step->call(handled.call.phase).has_effect = true;
}

// ---- Callbacks ---------------------------------------------------------------------------------

void Facts::add(const Seen& seen, const CallbackPosted& posted) {
    callbacks_.emplace(posted.number, Callback{&posted, now_, seen.engine_time});
    StepFacts* step = find(posted.call);
    if (step == nullptr || posted.word != Word::Retry) return;
    Time& decided_at = step->call(posted.call.phase).retry_decided_at;
    decided_at = std::max(decided_at, posted.decided_at);
}

/// One that was taken answers whichever try is open; it was read when it was posted, or later.
void Facts::add(const Seen& seen, const CallbackAnswered& answered) {
    const auto found = callbacks_.find(answered.number);
    if (found == callbacks_.end() || answered.how != CallbackAnswered::How::Taken) return;
    const CallbackPosted& posted = *found->second.posted;
    StepFacts* step = find(posted.call);
    if (step == nullptr) return;
    touch(posted.call);
    CallFacts& call = step->call(posted.call.phase);
    for (CallFacts::Out& out : call.out) out.is_over = true;
    call.is_called_back = true;
    // A reply that came meanwhile found the try settled, perhaps.
    if (step->is_doubtful && step->doubtful_at > found->second.posted_at) {
        step->is_doubtful = false;
        step->may_be_doubtful = true;
    }
    if (call.taken_ahead > 0) {
        --call.taken_ahead;
    } else {
        take(*find(posted.call.saga), posted.call, posted.word,
             {call.attempt, found->second.engine_time, seen.engine_time});
    }
    if (call.told) call.told->is_acknowledged = true;
}

void Facts::take(SagaFacts& saga, const CallName& name, Word word, TakenAt taken) {
    StepFacts& step = saga.at(name.place());
    CallFacts& call = step.call(name.phase);
    const StepPlan& plan = saga.plan(name.step);
    const Outcome what = outcome(word);
    const std::uint32_t n = call.number_of(taken.attempt);
    std::int64_t next = taken.at + least_wait(plan, n, std::nullopt).count();
    // One that comes between two tries moves neither of them.
    const bool is_after_first = call.attempt > 1 || (call.told && goes_on(call.told->outcome));
    const bool is_between = call.told && goes_on(call.told->outcome) && call.out.empty();
    if (is_between) next = std::min(next, call.told->next_not_before);
    const bool may_be_of_next = is_between && taken.until >= call.told->next_not_before;
    const bool is_known = call.told && call.told->attempt == taken.attempt;
    const std::size_t sent_at = is_known ? call.told->sent_at : call.sent_at;
    const bool is_overdue = call.is_told(Outcome::PutOff) &&
                            taken.at >= call.told->at + callback_timeout(plan, name.phase).count();
    call.told = {taken.attempt, what, sent_at, taken.at, next, may_be_of_next};
    call.was_told_bad |= what != Outcome::Success;
    call.was_told_failure |= is_failure(what);
    call.was_told_unknown |= what == Outcome::Unknown;
    if (name.phase == Phase::Undo) return;
    if (what == Outcome::Unknown) step.is_doubtful = true;
    // It may be a copy of one that spoke of an earlier try.
    if (what == Outcome::Retry && (is_after_first || is_overdue)) step.may_be_doubtful = true;
    if (what == Outcome::FailureByRule) {
        step.is_doubtful = step.may_be_doubtful = false;
        step.is_denied = true;
    }
    const bool is_fresh = call.retry_decided_at > call.sent_time;
    if (what == Outcome::Retry && is_fresh && !step.is_doubtful) step.is_denied = true;
}

// ---- Operators ---------------------------------------------------------------------------------

void Facts::add(const Seen&, const Asked& asked) {
    Command& command = commands_.try_emplace(asked.number, Command{&asked, now_}).first->second;
    ++command.posts;
    SagaFacts* saga = find(asked.saga);
    if (saga == nullptr) return;
    StepFacts* step = nullptr;
    if (asked.step) {
        if (*asked.step >= saga->steps.size()) return;
        const Place place{*asked.step, asked.item};
        if (asked.item && !saga->has(place)) return;
        step = &saga->at(place);
    }
    if (asked.verb == Verb::Resume) {
        saga->is_suspended = false;
        saga->resume_asked_at = now_ + 1;
    }
    if (asked.verb == Verb::Retry) {
        (step != nullptr ? step->retry_asked_at : saga->retry_asked_at) = now_ + 1;
    }
    if (command.posts > 1) return;
    if (asked.verb == Verb::Retry) saga->retries.push_back(&command);
    if (asked.verb == Verb::Abandon) saga->abandons.push_back(&command);
    if (asked.verb == Verb::Resolve && step != nullptr) step->resolves.push_back(&command);
}

void Facts::add(const Seen&, const Answered& answered) {
    const auto found = commands_.find(answered.number);
    if (found == commands_.end()) return;
    Command& command = found->second;
    if (answered.how != Answered::How::Applied) {
        ++command.noes;
        return;
    }
    command.is_applied = true;
    SagaFacts* saga = find(command.asked->saga);
    if (saga == nullptr) return;
    switch (command.asked->verb) {
        case Verb::Cancel:
            saga->is_cancelled = true;
            break;
        case Verb::Abandon:
            if (saga->ended_as.empty()) saga->ended_as = "abandoned";
            break;
        case Verb::Suspend:
            // A repeat may be answered as applied long after the saga was resumed.
            saga->is_suspended = saga->resume_asked_at <= command.asked_at;
            break;
        default:
            break;
    }
}

void Facts::add(const Seen&, const RestTold& rest) {
    SagaFacts* saga = find(rest.saga);
    if (saga == nullptr) return;
    const bool is_turned_child = saga->turned_by_parent_at && saga->ended_as == "completed";
    if (rest.status != "stuck" && (saga->ended_as.empty() || is_turned_child)) {
        saga->ended_as = rest.status;
    }
}

// ---- Lives -------------------------------------------------------------------------------------

void Facts::add(const Seen&, const Crashed&) {
    is_alive_ = false;
    for (const TouchedCall& touched : touched_) {
        touched.facts().out.clear();
        touched.facts().taken_ahead = 0;
    }
}

void Facts::read(const Journals& journals) {
    for (const auto& [id, rows] : journals) {
        SagaFacts* saga = find(id);
        if (saga == nullptr) continue;
        saga->outlived_crash = saga->outlived_crash || now_ < history_.seen.size();
        for (; saga->rows_read < rows.size(); ++saga->rows_read) {
            read_row(*saga, rows[saga->rows_read]);
        }
    }
}

void Facts::read_row(SagaFacts& saga, const JournalRow& row) {
    if (!row.ends_as.empty()) saga.ended_as = row.ends_as;
    if (row.type == "parent_turned") saga.ended_as = {};
    const bool is_callback = row.type == "called_back";
    const bool is_answer = row.type == "answered" || row.type == "unsendable" || is_callback;
    if (!is_answer || !row.step || !row.phase || !saga.has({*row.step, row.item})) return;
    if (speaks_events(saga.plan(*row.step), *row.phase)) return;  // See `settle`.
    CallFacts& call = saga.at({*row.step, row.item}).call(*row.phase);
    call.journaled = std::max(call.journaled, row.attempt);
    // Whose answer a crash took, perhaps. It is the last word on its try.
    if (is_callback && row.word && (!call.told || call.told->attempt <= row.attempt)) {
        touch({std::string(saga.id), *row.step, *row.phase, row.attempt, row.item});
        take(saga, {std::string(saga.id), *row.step, *row.phase, row.attempt, row.item}, *row.word,
             {row.attempt, row.at, row.at});
    }
}

void Facts::begin_life() {
    is_alive_ = true;
    for (const TouchedCall& touched : touched_) {
        CallFacts& call = touched.facts();
        StepFacts& step = touched.saga->at(touched.place);
        if (touched.phase == Phase::Action && call.attempt > call.journaled) {
            step.is_doubtful = true;
            step.is_denied = false;
        }
        // What others relied on counts as durable: that it is not was a breach of its own.
        call.journaled = std::max(call.journaled, call.relied_on);
        const bool is_kept = call.told && call.told->is_acknowledged;
        if (!is_kept && call.told && call.told->attempt > call.journaled) call.told.reset();
        call.out.clear();
        call.is_sent_in_life = call.is_touched = false;
    }
    touched_.clear();
}

}  // namespace skald::simulation::oracle
