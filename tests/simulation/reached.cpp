#include "tests/simulation/reached.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/simulation/reached_deliveries.h"
#include "tests/simulation/reached_events.h"

namespace skald::simulation {
namespace {

using Rows = std::vector<JournalRow>;

class Reached {
 public:
    Reached(const History& history, Counters& counters) : history_(history), counters_(counters) {}

    void count() {
        for (const auto& [id, rows] : history_.journals) {
            for (std::size_t i = 0; i < rows.size(); ++i) count_row(id, rows, i);
        }
        for (const auto& [id, saga] : history_.sagas) count_end(saga);
        for (const Seen& seen : history_.seen) {
            if (const auto* sent = std::get_if<Sent>(&seen.what)) count_sent(*sent);
            if (const auto* started = std::get_if<Started>(&seen.what)) note(*started);
        }
    }

 private:
    void count_row(const std::string& id, const Rows& rows, std::size_t index) {
        const JournalRow& row = rows[index];
        counters_.count("row: " + row.type);
        if (row.parent) count_child(*row.parent);
        if (row.by == "parent") counters_.count("a child was cancelled by its parent");
        if (row.type == "parent_turned")
            counters_.count("a child was undone after it had completed");
        if (!row.ends_as.empty() && !rows[0].lock.empty() && !is_granted(rows)) {
            counters_.count("a saga gave up waiting for its lock");
        }
        if (row.type == "late" && is_put_off(rows, row)) {
            counters_.count("a late callback was journaled");
        }
        if (row.type == "due") count_due(id, rows, row);
    }

    void count_child(const ParentCall& call) {
        counters_.count(call.phase == Phase::Action ? "a child" : "a child ran as a compensation");
        if (call.item) counters_.count("a child of an element");
        if (call.attempt > 1) counters_.count("a call had a second child");
        const auto parent = history_.journals.find(call.saga);
        const bool is_grandchild = parent != history_.journals.end() && parent->second[0].parent;
        if (is_grandchild) counters_.count("a grandchild");
    }

    void count_due(const std::string& id, const Rows& rows, const JournalRow& row) {
        if (is_put_off(rows, row)) {
            counters_.count(row.phase == Phase::Action
                                ? "a callback did not come in time"
                                : "a callback of a compensation did not come in time");
        }
        const auto end = history_.sagas.find(id);
        if (end == history_.sagas.end() || !end->second.definition || !row.step) return;
        const DefinitionPlan& plan = history_.definitions[*end->second.definition];
        const bool is_wait = *row.step < plan.steps.size() &&
                             plan.steps[*row.step].kind == StepPlan::Kind::Wait &&
                             !plan.steps[*row.step].event;
        if (is_wait) counters_.count("a wait was over");
    }

    void count_end(const FinalSaga& saga) {
        if (saga.status == "stuck") counters_.count("stuck in the end");
        const bool is_left = saga.status == "running" || saga.status == "compensating";
        if (is_left) counters_.count("waits in the end for what is stuck");
        for (const std::string& step : saga.steps) counters_.count("step: " + step);
        for (const auto& elements : saga.elements) {
            for (const std::string& element : elements) counters_.count("element: " + element);
        }
    }

    void count_sent(const Sent& sent) {
        if (sent.call.attempt > 16) counters_.count("a try beyond the 16th");
        if (sent.call.item) counters_.count("a call of an element");
    }

    // ---- What a process found when it took up its work
    void note(const Started& started) {
        std::map<std::string, std::vector<const Rows*>> queues;
        for (const auto& [id, rows] : started.journals) {
            if (rows[0].parent) note_child(started, rows);
            if (rows[0].lock.empty()) continue;
            note_queued(id, rows);
            const auto end = history_.sagas.find(id);
            if (end == history_.sagas.end() || !end->second.definition) continue;
            const std::string& name = history_.definitions[*end->second.definition].name;
            queues[name + "/" + rows[0].lock].push_back(&rows);
        }
        for (auto& [lock, queue] : queues) note_queue(queue);
    }

    /// Its end is there, and its parent did not hear of it.
    void note_child(const Started& started, const Rows& rows) {
        const ParentCall& call = *rows[0].parent;
        const auto parent = started.journals.find(call.saga);
        if (!is_over(rows) || parent == started.journals.end() || is_over(parent->second)) return;
        const Phase phase = has_row(rows, "parent_turned") ? Phase::Undo : call.phase;
        const bool is_told =
            std::any_of(parent->second.begin(), parent->second.end(), [&](const JournalRow& row) {
                return row.type == "answered" && row.step == call.step && row.item == call.item &&
                       row.phase == phase && row.attempt == call.attempt;
            });
        if (!is_told) counters_.count("a crash between a child's end and its parent's row");
    }

    /// Who waited for a lock, and got it later.
    void note_queued(const std::string& id, const Rows& rows) {
        const auto end = history_.journals.find(id);
        const bool is_queued = !is_granted(rows) && !is_over(rows);
        if (!is_queued || end == history_.journals.end() || !is_granted(end->second)) return;
        if (noted_.insert(id).second) counters_.count("a lock was granted after a crash");
    }

    /// The one before has ended, and the next has not heard of it.
    void note_queue(std::vector<const Rows*>& queue) {
        std::sort(queue.begin(), queue.end(), [](const Rows* left, const Rows* right) {
            return (*left)[0].position < (*right)[0].position;
        });
        const auto next = std::find_if(queue.begin(), queue.end(),
                                       [](const Rows* rows) { return !is_over(*rows); });
        if (next == queue.begin() || next == queue.end() || is_granted(**next)) return;
        counters_.count("a crash between an end and the next grant");
    }

    static bool has_row(const Rows& rows, const char* type) {
        return std::any_of(rows.begin(), rows.end(),
                           [type](const JournalRow& row) { return row.type == type; });
    }
    static bool is_granted(const Rows& rows) { return has_row(rows, "lock_granted"); }

    /// Whether the try that `row` is about was answered with a 202 before.
    static bool is_put_off(const Rows& rows, const JournalRow& row) {
        return std::any_of(rows.begin(), rows.begin() + (row.seq - 1), [&row](const auto& before) {
            return before.type == "answered" && before.status == 202 && before.step == row.step &&
                   before.item == row.item && before.phase == row.phase &&
                   before.attempt == row.attempt;
        });
    }

    const History& history_;
    Counters& counters_;
    std::set<std::string> noted_;
};

}  // namespace

bool is_over(const std::vector<JournalRow>& journal) {
    for (auto row = journal.rbegin(); row != journal.rend(); ++row) {
        if (!row->ends_as.empty()) return true;
        if (row->type == "parent_turned") return false;
    }
    return false;
}

void count_reached(const History& history, Counters& counters) {
    Reached(history, counters).count();
    count_reached_events(history, counters);
    count_reached_deliveries(history, counters);
}

}  // namespace skald::simulation
