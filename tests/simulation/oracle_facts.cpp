#include "tests/simulation/oracle_facts.h"

#include <algorithm>

namespace skald::simulation::oracle {

// ---- What follows from the facts ---------------------------------------------------------------

bool StepFacts::may_be_resolved() const {
    return std::any_of(resolves.begin(), resolves.end(),
                       [](const Command* command) { return command->may_have_worked(); });
}

bool StepFacts::may_be_resolved(std::string_view as) const {
    return std::any_of(resolves.begin(), resolves.end(), [as](const Command* command) {
        return command->may_have_worked() && command->asked->as == as;
    });
}

bool SagaFacts::is_skipped(std::size_t step) const {
    const auto& when = plan(step).when;
    if (!when) return false;
    const auto member = start->input.find(*when);
    return member != start->input.end() && !member->second;
}

bool SagaFacts::may_be_retried_since(std::size_t step, std::size_t seen_at) const {
    return std::max(retry_asked_at, steps[step].retry_asked_at) > seen_at;
}

std::uint32_t SagaFacts::retries_of(std::size_t step) const {
    return static_cast<std::uint32_t>(
        std::count_if(retries.begin(), retries.end(), [step](const Command* command) {
            const auto& of = command->asked->step;
            return command->may_have_worked() && (!of || *of == step);
        }));
}

/// By an answer, or by an operator's word.
bool SagaFacts::has_ended_well(std::size_t step) const {
    const StepFacts& facts = steps[step];
    if (facts.may_be_resolved("succeeded") || facts.may_be_resolved("skipped")) return true;
    const auto& told = facts.action.told;
    if (!told) return false;
    if (!plan(step).is_optional) {
        return told->outcome == Outcome::Success && !plan(step).output_fails;
    }
    const auto& limit = plan(step).tries_max;
    return !goes_on(told->outcome) || (limit && told->attempt >= *limit);
}

std::vector<bool> SagaFacts::settled_well(std::size_t count) const {
    std::vector<bool> well(count);
    for (std::size_t step = 0; step < count; ++step) {
        const auto& after = plan(step).after;
        // `when` is asked, and a request made, when the step's turn has come.
        const bool needs_no_call =
            is_skipped(step) || (plan(step).cannot_be_made && plan(step).is_optional);
        well[step] = has_ended_well(step) ||
                     (needs_no_call && std::all_of(after.begin(), after.end(),
                                                   [&](std::size_t i) { return well[i]; }));
    }
    return well;
}

// ---- Facts -------------------------------------------------------------------------------------

Facts::Facts(const History& history) : history_(history) {
    for (const DefinitionPlan& plan : history.definitions) graphs_.emplace_back(plan);
    for (const StartPlan& start : history.starts) {
        if (!start.request_key.empty()) by_key_.emplace(start.request_key, &start);
        if (start.is_id_of_client) by_id_.emplace(start.id, &start);
    }
    sagas_.reserve(history.journals.size());
    for (const auto& [id, journal] : history.journals) {
        const StartPlan* start = plan_of(id, journal);
        if (start == nullptr) continue;
        SagaFacts& saga = sagas_.emplace_back();
        saga.id = id;
        saga.start = start;
        saga.graph = &graphs_[start->definition];
        saga.steps.resize(saga.graph->size());
        by_saga_.emplace(id, &saga);
    }
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

SagaFacts* Facts::find(std::string_view id) {
    const auto found = by_saga_.find(id);
    return found == by_saga_.end() ? nullptr : found->second;
}

StepFacts* Facts::find(const CallName& call) {
    SagaFacts* saga = find(call.saga);
    return saga == nullptr || call.step >= saga->steps.size() ? nullptr : &saga->steps[call.step];
}

void Facts::touch(const CallName& call) {
    SagaFacts* saga = find(call.saga);
    CallFacts& facts = saga->steps[call.step].call(call.phase);
    if (facts.is_touched) return;
    facts.is_touched = true;
    touched_.push_back({saga, call.step, call.phase});
}

// ---- Calls -------------------------------------------------------------------------------------

void Facts::add(const Sent& sent) {
    StepFacts* step = find(sent.call);
    if (step == nullptr) return;
    SagaFacts& saga = *find(sent.call.saga);
    touch(sent.call);
    CallFacts& call = step->call(sent.call.phase);
    if (!call.is_sent_in_life) rely_on_predecessors(saga, sent.call);
    // A step is retried when it is stuck, so between two tries.
    if (saga.may_be_retried_since(sent.call.step, call.sent_at)) {
        call.budget_from = sent.call.attempt;
    }
    const bool is_numbered = tries_max(saga.plan(sent.call.step), sent.call.phase).has_value() ||
                             sent.call.attempt <= kJournaledTries + 1;
    if (is_numbered) call.relied_on = std::max(call.relied_on, sent.call.attempt - 1);
    if (call.key.empty()) call.key = sent.key;
    call.attempt = sent.call.attempt;
    call.sent_at = now_;
    call.is_open = call.is_sent_in_life = true;
    if (sent.call.phase == Phase::Undo) saga.is_undoing = true;
    if (sent.call.phase == Phase::Action) {
        step->is_denied = false;
        if (saga.graph->is_after_pivot(sent.call.step)) saga.is_past_pivot_sent = true;
    }
}

/// A call was sent: what had to be settled before it was durable by then.
void Facts::rely_on_predecessors(SagaFacts& saga, const CallName& name) {
    const bool is_action = name.phase == Phase::Action;
    const auto& before =
        is_action ? saga.graph->ancestors(name.step) : saga.graph->descendants(name.step);
    const auto rely = [](CallFacts& call) {
        if (call.is_told(Outcome::Success)) {
            call.relied_on = std::max(call.relied_on, call.told->attempt);
        }
    };
    for (const std::size_t step : before) rely(saga.steps[step].call(name.phase));
    if (!is_action) rely(saga.steps[name.step].action);
}

void Facts::add(const Told& told, std::int64_t engine_time) {
    StepFacts* step = find(told.call);
    if (step == nullptr) return;
    touch(told.call);
    const StepPlan& plan = find(told.call.saga)->plan(told.call.step);
    CallFacts& call = step->call(told.call.phase);
    const Outcome what = outcome(plan, told.call.phase, told);
    const std::uint32_t n =
        told.call.attempt >= call.budget_from ? told.call.attempt - call.budget_from + 1 : 1;
    call.is_open = false;
    call.told = {told.call.attempt, what, call.sent_at,
                 engine_time + least_wait(plan, n, told).count()};
    call.was_told_bad |= what != Outcome::Success;
    call.was_told_failure |= is_failure(what);
    call.was_told_unknown |= what == Outcome::Unknown;
    if (told.call.phase == Phase::Undo) return;
    if (what == Outcome::Unknown) step->is_doubtful = true;
    if (what == Outcome::FailureByRule) step->is_doubtful = false;
    const bool is_definite = is_failure(what) || what == Outcome::Retry;
    if (is_definite && told.what == Told::What::Reply && !step->is_doubtful) {
        step->is_denied = true;
    }
}

void Facts::add(const Handled& handled) {
    StepFacts* step = find(handled.call);
    if (step == nullptr || handled.did != Handled::Did::Effect) return;
    step->call(handled.call.phase).has_effect = true;
}

// ---- Operators ---------------------------------------------------------------------------------

void Facts::add(const Asked& asked) {
    Command& command = commands_.try_emplace(asked.number, Command{&asked, now_}).first->second;
    ++command.posts;
    SagaFacts* saga = find(asked.saga);
    if (saga == nullptr || (asked.step && *asked.step >= saga->steps.size())) return;
    if (asked.verb == Verb::Resume) {
        saga->is_suspended = false;
        saga->resume_asked_at = now_ + 1;
    }
    if (asked.verb == Verb::Retry) {
        (asked.step ? saga->steps[*asked.step].retry_asked_at : saga->retry_asked_at) = now_ + 1;
    }
    if (command.posts > 1) return;
    if (asked.verb == Verb::Retry) saga->retries.push_back(&command);
    if (asked.verb == Verb::Abandon) saga->abandons.push_back(&command);
    if (asked.verb == Verb::Resolve && asked.step) {
        saga->steps[*asked.step].resolves.push_back(&command);
    }
}

void Facts::add(const Answered& answered) {
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

void Facts::add(const RestTold& rest) {
    SagaFacts* saga = find(rest.saga);
    if (saga != nullptr && rest.status != "stuck" && saga->ended_as.empty()) {
        saga->ended_as = rest.status;
    }
}

// ---- Lives -------------------------------------------------------------------------------------

void Facts::add(const Crashed&) {
    is_alive_ = false;
    for (const TouchedCall& touched : touched_) touched.facts().is_open = false;
}

void Facts::read(const Journals& journals) {
    for (const auto& [id, rows] : journals) {
        SagaFacts* saga = find(id);
        if (saga == nullptr) continue;
        saga->outlived_crash = saga->outlived_crash || now_ < history_.seen.size();
        for (; saga->rows_read < rows.size(); ++saga->rows_read) {
            const JournalRow& row = rows[saga->rows_read];
            if (row.type == "abandoned" && saga->ended_as.empty()) saga->ended_as = "abandoned";
            const bool is_answer = row.type == "answered" || row.type == "unsendable";
            if (!is_answer || !row.step || !row.phase || *row.step >= saga->steps.size()) continue;
            CallFacts& call = saga->steps[*row.step].call(*row.phase);
            call.journaled = std::max(call.journaled, row.attempt);
        }
    }
}

void Facts::begin_life() {
    is_alive_ = true;
    for (const TouchedCall& touched : touched_) {
        CallFacts& call = touched.facts();
        StepFacts& step = touched.saga->steps[touched.step];
        if (touched.phase == Phase::Action && call.attempt > call.journaled) {
            step.is_doubtful = true;
            step.is_denied = false;
        }
        // What others relied on counts as durable: that it is not was a breach of its own.
        call.journaled = std::max(call.journaled, call.relied_on);
        if (call.told && call.told->attempt > call.journaled) call.told.reset();
        call.is_open = call.is_sent_in_life = call.is_touched = false;
    }
    touched_.clear();
}

}  // namespace skald::simulation::oracle
