#include <algorithm>
#include <map>
#include <tuple>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using Rows = std::vector<JournalRow>;
/// What is said of one call: rows and posts of the same are told apart by nothing else.
using Saying = std::tuple<std::string, Place, Phase, Word>;

Saying saying_of(const CallbackPosted& posted) {
    return {posted.call.saga, posted.call.place(), posted.call.phase, posted.word};
}

bool is_of(const JournalRow& row, Place place, Phase phase) {
    return row.step == place.step && row.item == place.item && row.phase == phase;
}

std::size_t rows_of(const Journals& journals, const Saying& saying) {
    const auto& [saga, place, phase, word] = saying;
    const auto journal = journals.find(saga);
    if (journal == journals.end()) return 0;
    return static_cast<std::size_t>(
        std::count_if(journal->second.begin(), journal->second.end(),
                      [place = place, phase = phase, word = word](const JournalRow& row) {
                          return row.type == "called_back" && !row.event &&
                                 is_of(row, place, phase) && row.word == word;
                      }));
}

std::string text_of(const Facts& facts, const Saying& saying) {
    static constexpr const char* kWords[] = {"success", "failure", "retry", "unknown"};
    const auto& [saga, place, phase, word] = saying;
    const CallName call{saga, place.step, phase, 0, place.item};
    const SagaFacts* known = facts.saga_with(call);
    return std::string("the callback of ") + kWords[static_cast<std::size_t>(word)] + " for " +
           (known == nullptr ? "nobody" : described(*known, call));
}

/// acknowledged-callback: each callback that was answered as taken is in the journal, and none that
/// nobody sent; a saga that made a call is there to be called back, and takes what it waits for.
class Acknowledged {
 public:
    Acknowledged(const History& history, const Facts& facts, Breaches& breaches)
        : history_(history), facts_(facts), breaches_(breaches) {}

    void judge() {
        for (const Seen& seen : history_.seen) {
            if (const auto* posted = std::get_if<CallbackPosted>(&seen.what)) {
                posted_.emplace(posted->number, Posted{posted, seen.engine_time});
                ++posts_[saying_of(*posted)];
            } else if (const auto* answered = std::get_if<CallbackAnswered>(&seen.what)) {
                answer(seen, *answered);
            } else if (const auto* started = std::get_if<Started>(&seen.what)) {
                judge_kept(started->journals);
            }
        }
        judge_kept(history_.journals);
        judge_invented();
    }

 private:
    struct Posted {
        const CallbackPosted* posted;
        std::int64_t at;
    };

    void fault(const Saying& saying, const std::string& text) {
        breaches_.add("acknowledged-callback", std::get<0>(saying),
                      text_of(facts_, saying) + " " + text);
    }

    void answer(const Seen& seen, const CallbackAnswered& answered) {
        using How = CallbackAnswered::How;
        const auto found = posted_.find(answered.number);
        if (found == posted_.end()) {
            breaches_.add("acknowledged-callback", "", "what nobody posted was answered");
            return;
        }
        const Saying saying = saying_of(*found->second.posted);
        if (answered.how == How::Taken) ++taken_[saying];
        if (answered.how == How::NotFound) fault(saying, "was told that there is no such saga");
        if (answered.how == How::NotTaken &&
            is_awaited(saying, found->second.at, seen.engine_time)) {
            fault(saying, "was not taken, while it was waited for");
        }
    }

    void judge_kept(const Journals& journals) {
        for (const auto& [saying, taken] : taken_) {
            if (rows_of(journals, saying) < taken) {
                fault(saying, "was taken, and is not in the journal");
            }
        }
    }

    void judge_invented() {
        for (const auto& [saga, rows] : history_.journals) {
            for (const JournalRow& row : rows) {
                const bool is_whole =
                    row.type == "called_back" && !row.event && row.step && row.phase && row.word;
                if (!is_whole) continue;
                const Saying saying{saga, Place{*row.step, row.item}, *row.phase, *row.word};
                const auto posts = posts_.find(saying);
                const std::size_t most = posts == posts_.end() ? 0 : posts->second;
                if (rows_of(history_.journals, saying) > most) {
                    fault(saying, "is in the journal more often than it was posted");
                }
            }
        }
    }

    /// Whether the journal says that the step waited for it all the time between `from` and `to`.
    bool is_awaited(const Saying& saying, std::int64_t from, std::int64_t to) const {
        const auto& [saga, place, phase, word] = saying;
        const SagaFacts* known = facts_.saga(saga);
        const auto journal = history_.journals.find(saga);
        if (known == nullptr || journal == history_.journals.end()) return false;
        const StepPlan& plan = known->plan(place.step);
        bool is_waiting = false, has_turned = false;
        for (const JournalRow& row : journal->second) {
            if (row.at > to) break;
            has_turned = has_turned || row.turns;
            const bool is_own = is_of(row, place, phase);
            const bool ends = !row.ends_as.empty() || row.type == "resolved" ||
                              row.type == "abandoned" || (has_turned && phase == Phase::Action);
            const bool is_put_off = is_own && row.type == "answered" && row.status == 202 &&
                                    row.word == Word::Success && calls_back(plan, phase);
            if (is_put_off && !ends && row.at < from) {
                is_waiting = true;
            } else if (ends || is_own) {
                is_waiting = false;
            }
        }
        return is_waiting;
    }

    const History& history_;
    const Facts& facts_;
    Breaches& breaches_;
    std::map<std::uint64_t, Posted> posted_;
    std::map<Saying, std::size_t> posts_, taken_;
};

/// The row by which that place came to what it was in row `index`; null: by none.
const JournalRow* came_to(const Rows& rows, std::size_t index, Place place, Change::To to) {
    for (std::size_t i = index; i-- > 0;) {
        const auto& changes = rows[i].changes;
        const auto last = std::find_if(changes.rbegin(), changes.rend(),
                                       [&](const Change& change) { return change.place == place; });
        if (last != changes.rend()) return last->to == to ? &rows[i] : nullptr;
    }
    return nullptr;
}

/// The same of an event: of what was waited for last. Else it is the time of a next try.
void judge_due_event(const SagaFacts& saga, const Rows& rows, std::size_t index,
                     Breaches& breaches) {
    const JournalRow& due = rows[index];
    const Phase phase = *due.phase;
    const Change::To to = phase == Phase::Action ? Change::To::Waits : Change::To::UndoWaits;
    const JournalRow* begun = came_to(rows, index, {*due.step, due.item}, to);
    const auto timeout = callback_timeout(saga.plan(*due.step), phase);
    if (begun != nullptr && due.at < begun->at + timeout.count()) {
        breaches.add("callback-timeout", saga.id,
                     "the event for " +
                         described(saga, {"", *due.step, phase, due.attempt, due.item}) +
                         " was given up too early");
    }
}

/// callback-timeout: nobody is given up before his time. wait: and no wait is over before it.
void judge_due(const SagaFacts& saga, const Rows& rows, std::size_t index, Breaches& breaches) {
    const JournalRow& due = rows[index];
    if (due.type != "due" || !due.step || !due.phase || !saga.has({*due.step, due.item})) return;
    const Place place{*due.step, due.item};
    const StepPlan& plan = saga.plan(place.step);
    if (speaks_events(plan, *due.phase)) return judge_due_event(saga, rows, index, breaches);
    if (plan.kind == StepPlan::Kind::Wait) {
        const auto until =
            plan.wait_until ? saga.start->times.find(*plan.wait_until) : saga.start->times.end();
        const std::int64_t over = until == saga.start->times.end()
                                      ? saga.begun_at + plan.wait_for.count()
                                      : until->second;
        if (due.at < over) breaches.add("wait", saga.id, plan.name + " was over too early");
        return;
    }
    for (std::size_t i = 0; i < index; ++i) {
        const JournalRow& row = rows[i];
        const bool is_put_off = row.type == "answered" && is_of(row, place, *due.phase) &&
                                row.attempt == due.attempt && row.status == 202;
        if (is_put_off && due.at < row.at + callback_timeout(plan, *due.phase).count()) {
            breaches.add("callback-timeout", saga.id,
                         "the callback for " +
                             described(saga, {"", place.step, *due.phase, due.attempt, due.item}) +
                             " was given up too early");
        }
    }
}

}  // namespace

void judge_callbacks(const History& history, const Facts& facts, Breaches& breaches) {
    Acknowledged(history, facts, breaches).judge();
    for (const auto& [id, rows] : history.journals) {
        const SagaFacts* saga = facts.saga(id);
        for (std::size_t i = 0; saga != nullptr && i < rows.size(); ++i) {
            judge_due(*saga, rows, i, breaches);
        }
    }
}

}  // namespace skald::simulation::oracle
