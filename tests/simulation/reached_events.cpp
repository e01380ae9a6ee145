#include "tests/simulation/reached_events.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/simulation/oracle_event_plans.h"

namespace skald::simulation {
namespace {

using Rows = std::vector<JournalRow>;
using To = Change::To;

class ReachedEvents {
 public:
    ReachedEvents(const History& history, Counters& counters)
        : history_(history), counters_(counters) {}

    void count() {
        for (const auto& [id, rows] : history_.journals) {
            const auto end = history_.sagas.find(id);
            if (end == history_.sagas.end() || !end->second.definition) continue;
            const DefinitionPlan& plan = history_.definitions[*end->second.definition];
            bool is_over = false;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                count_row(plan, rows, i);
                if (rows[i].event) count_heard(id, rows[i], is_over);
                is_over = is_over || !rows[i].ends_as.empty();
            }
        }
        for (const auto& [name, sagas] : settled_) {
            if (sagas.size() > 1) counters_.count("an event settled several sagas");
        }
    }

 private:
    void count_row(const DefinitionPlan& plan, const Rows& rows, std::size_t index) {
        const JournalRow& row = rows[index];
        for (const Change& change : row.changes) {
            if (change.place.step < plan.steps.size()) {
                count_change(plan.steps[change.place.step], row, change);
            }
        }
        if (!row.step || !row.phase || *row.step >= plan.steps.size()) return;
        const StepPlan& step = plan.steps[*row.step];
        const AwaitedPlan* awaited = oracle::awaited(step, *row.phase);
        if (awaited == nullptr) return;
        if (row.type == "called_back" && row.event) count_settled(step, *awaited, rows, index);
        if (row.type == "due" && !begins(row, {*row.step, row.item}, *row.phase)) {
            const bool is_wait = oracle::published(step, *row.phase) == nullptr;
            counters_.count(is_wait                      ? "an event of a wait did not come"
                            : row.phase == Phase::Action ? "a reply did not come in time"
                                                         : "a reply of a compensation did not "
                                                           "come in time");
        }
    }

    void count_change(const StepPlan& step, const JournalRow& row, const Change& change) {
        const bool is_action = change.to == To::Waits || change.to == To::Done;
        const bool is_undo = change.to == To::UndoWaits || change.to == To::Undone;
        if (!is_action && !is_undo) return;
        const Phase phase = is_action ? Phase::Action : Phase::Undo;
        const bool is_alone = oracle::expects_no_reply(step, phase);
        const bool waits = change.to == To::Waits || change.to == To::UndoWaits;
        if (oracle::published(step, phase) == nullptr || is_alone == waits) return;
        counters_.count(is_action ? "an event of a step" : "an event of a compensation");
        if (is_alone) counters_.count("an event without a reply");
        if (change.place.item) counters_.count("an event of an element");
        if (change.attempt > 1) counters_.count("an event was asked for again");
        if (row.type == "resumed") counters_.count("an event was held back by a suspension");
    }

    void count_settled(const StepPlan& step, const AwaitedPlan& awaited, const Rows& rows,
                       std::size_t index) {
        const JournalRow& row = rows[index];
        const bool is_wait = oracle::published(step, *row.phase) == nullptr;
        counters_.count(is_wait                      ? "a wait for an event was over"
                        : row.phase == Phase::Action ? "a reply settled a step"
                                                     : "a reply settled a compensation");
        if (row.word == Word::Failure) counters_.count("a reply was a refusal");
        const bool is_by_value = awaited.by == MatchBy::Order || awaited.by == MatchBy::Number;
        if (is_by_value) counters_.count("a reply was found by a value");
        const LogEvent* event = find(*row.event);
        const auto begun = std::find_if(rows.begin(), rows.end(), [&row](const JournalRow& each) {
            return begins(each, {*row.step, row.item}, *row.phase);
        });
        const bool was_there = event != nullptr && begun != rows.end() && event->at < begun->at;
        if (was_there) counters_.count("an event was there before its wait");
    }

    void count_heard(const std::string& saga, const JournalRow& row, bool is_over) {
        if (row.type == "late") counters_.count("a late event was journaled");
        if (row.type == "late" && is_over) counters_.count("an event was journaled after the end");
        if (row.type == "called_back") settled_[*row.event].insert(saga);
        const bool is_left =
            std::any_of(history_.seen.begin(), history_.seen.end(), [&](const Seen& seen) {
                const auto* started = std::get_if<Started>(&seen.what);
                return started != nullptr && is_between(*started, saga, row);
            });
        if (is_left) counters_.count("a crash between an event and the row of it");
    }

    /// The event is there, and the row of it is not; its saga waited then.
    static bool is_between(const Started& started, const std::string& saga, const JournalRow& row) {
        const auto topic = started.log.find(row.event->topic);
        const auto journal = started.journals.find(saga);
        return topic != started.log.end() && journal != started.journals.end() &&
               topic->second.size() >= static_cast<std::size_t>(row.event->offset) &&
               journal->second.size() < row.seq &&
               std::any_of(journal->second.begin(), journal->second.end(), [&](const auto& each) {
                   return begins(each, {*row.step, row.item}, *row.phase);
               });
    }

    static bool begins(const JournalRow& row, Place place, Phase phase) {
        const To to = phase == Phase::Action ? To::Waits : To::UndoWaits;
        return std::any_of(row.changes.begin(), row.changes.end(), [&](const Change& change) {
            return change.to == to && change.place == place;
        });
    }

    const LogEvent* find(const EventName& name) const {
        const auto topic = history_.log.find(name.topic);
        const auto offset = static_cast<std::size_t>(name.offset);
        const bool is_there =
            topic != history_.log.end() && offset > 0 && offset <= topic->second.size();
        return is_there ? &topic->second[offset - 1] : nullptr;
    }

    const History& history_;
    Counters& counters_;
    std::map<EventName, std::set<std::string>> settled_;
};

}  // namespace

void count_reached_events(const History& history, Counters& counters) {
    ReachedEvents(history, counters).count();
}

}  // namespace skald::simulation
