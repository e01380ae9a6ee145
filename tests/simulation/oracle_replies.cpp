#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using Rows = std::vector<JournalRow>;
using To = Change::To;

/// So soon after an event is in the log it is told, also to a saga that has left memory.
constexpr std::int64_t kToldWithin = 1'000;

bool is_of(const JournalRow& row, const CallName& waits) {
    return row.step == waits.step && row.item == waits.item && row.phase == waits.phase;
}

/// What is known of events by when they were seen; engine time.
class Times {
 public:
    explicit Times(const History& history) {
        std::map<std::uint64_t, const EventsPosted*> posts;
        for (const Seen& seen : history.seen) {
            if (const auto* posted = std::get_if<EventsPosted>(&seen.what)) {
                posts[posted->number] = posted;
                for (const auto& event : posted->events) {
                    posted_.emplace(Identity{posted->topic, event.source, event.id},
                                    seen.engine_time);
                }
            } else if (const auto* answered = std::get_if<EventsAnswered>(&seen.what)) {
                const auto post = posts.find(answered->number);
                for (const auto& written : answered->written) {
                    if (post == posts.end()) continue;
                    durable_.emplace(EventName{post->second->topic, written.offset},
                                     seen.engine_time);
                }
            } else if (const auto* registered = std::get_if<Registered>(&seen.what)) {
                registered_.emplace(registered->definition, seen.engine_time);
            }
        }
    }

    /// The event was published first then; none: by nobody.
    std::optional<std::int64_t> posted(const std::string& topic, const LogEvent& event) const {
        const auto found = posted_.find({topic, event.source, event.id});
        return found == posted_.end() ? std::nullopt : std::optional(found->second);
    }
    /// The event was in the log for certain then; none: nobody was told.
    std::optional<std::int64_t> durable(const EventName& name) const {
        const auto found = durable_.find(name);
        return found == durable_.end() ? std::nullopt : std::optional(found->second);
    }
    /// From then on events are found by what sagas of the definition look for.
    std::int64_t registered(std::size_t definition) const {
        const auto found = registered_.find(definition);
        return found == registered_.end() ? std::numeric_limits<std::int64_t>::min()
                                          : found->second;
    }

 private:
    using Identity = std::tuple<std::string, std::string, std::string>;  ///< Topic, source, id.

    std::map<Identity, std::int64_t> posted_;
    std::map<EventName, std::int64_t> durable_;
    std::map<std::size_t, std::int64_t> registered_;
};

/// An event that is meant for one that waits, and says how it ended.
struct Candidate {
    EventName name;
    const LogEvent* event;
    Word word;
    std::optional<std::int64_t> posted_at;
};

/// One that waits for events, as its saga's journal tells of it.
class Waiter {
 public:
    Waiter(const History& history, const Times& times, const SagaFacts& saga, const Rows& rows,
           CallName waits, Breaches& breaches)
        : times_(times),
          saga_(saga),
          rows_(rows),
          plan_(saga.plan(waits.step)),
          waits_(std::move(waits)),
          breaches_(breaches) {
        const AwaitedPlan& awaits = *awaited(plan_, waits_.phase);
        const auto topic = history.log.find(awaits.topic);
        if (topic == history.log.end()) return;
        for (const LogEvent& event : topic->second) {
            const auto word = word_of(awaits, event.type);
            if (!word || !is_meant(topic->first, event, plan_, *saga.start, waits_)) continue;
            candidates_.push_back(
                {{topic->first, event.offset}, &event, *word, times.posted(topic->first, event)});
        }
    }

    void judge() {
        To last = To::Other;
        for (const JournalRow& row : rows_) {
            const bool is_own = is_of(row, waits_);
            if (is_own && row.type == "called_back") judge_settling(row, last);
            if (is_own && row.type == "late") judge_late(row);
            if (is_own && row.type == "due" && waiting_since_ && last == waiting()) {
                judge_given_up(row);
            }
            if (is_own && row.event) heard_.insert(*row.event);
            for (const Change& change : row.changes) {
                if (change.place != waits_.place()) continue;
                last = change.to;
                if (last != waiting()) continue;
                waiting_since_ = row.at;
                if (!first_waited_) first_waited_ = row.at;
            }
            // A child that completed, and is turned, hears no more of what it did.
            if (!row.ends_as.empty() && first_waited_ && !ended_at_) ended_at_ = row.at;
        }
        if (first_waited_) judge_unheard(last);
    }

 private:
    To waiting() const { return waits_.phase == Phase::Action ? To::Waits : To::UndoWaits; }

    void fault(const char* rule, const std::string& text) {
        CallName name = waits_;
        breaches_.add(rule, saga_.id, described(saga_, name) + " " + text);
    }
    static std::string described_event(const EventName& name) {
        return "event " + std::to_string(name.offset) + " of " + name.topic;
    }

    const Candidate* candidate(const EventName& name) const {
        const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                        [&name](const auto& each) { return each.name == name; });
        return found == candidates_.end() ? nullptr : &*found;
    }

    /// invented-reply: what a row says to have come by an event did, and was meant for this step.
    void judge_reference(const JournalRow& row) {
        const Candidate* heard = row.event ? candidate(*row.event) : nullptr;
        if (!row.event) {
            fault("invented-reply", "was settled by no event");
        } else if (heard == nullptr) {
            fault("invented-reply", "heard " + described_event(*row.event) + ", which is not its");
        } else if (heard->word != row.word) {
            fault("invented-reply",
                  "took " + described_event(*row.event) + " for what it does not say");
        }
        // settled-once: each event is told once.
        if (row.event && heard_.contains(*row.event)) {
            fault("settled-once", "heard " + described_event(*row.event) + " twice");
        }
    }

    /// settled-once: of all replies the first settles it; what had settled before is not changed.
    void judge_settling(const JournalRow& row, To last) {
        judge_reference(row);
        const bool is_action = waits_.phase == Phase::Action;
        const bool is_open = last == waiting() ||
                             last == (is_action ? To::BacksOff : To::UndoBacksOff) ||
                             last == (is_action ? To::Stuck : To::UndoStuck);
        if (!is_open) fault("settled-once", "was settled once more");
    }

    /// settled-once: the others change nothing.
    void judge_late(const JournalRow& row) {
        judge_reference(row);
        if (!row.changes.empty() || row.turns || !row.ends_as.empty()) {
            fault("settled-once", "was changed by what came late");
        }
    }

    /// Whether the step can be found by it: not by a value, where it came before the definition;
    /// nor by what came too long ago.
    bool is_findable(const Candidate& each) const {
        constexpr std::int64_t kDay = 24 * 3'600'000;
        const bool is_by_value = awaited(plan_, waits_.phase)->by != MatchBy::Saga;
        return each.posted_at && *each.posted_at + kDay > *first_waited_ &&
               (!is_by_value || *each.posted_at > times_.registered(saga_.definition));
    }

    /// no-lost-reply: whoever is given up has no event that was there before.
    void judge_given_up(const JournalRow& due) {
        for (const Candidate& each : candidates_) {
            const auto durable = times_.durable(each.name);
            const bool is_there = durable && !heard_.contains(each.name) && is_findable(each);
            if (!is_there || due.at < std::max(*durable, *waiting_since_) + kToldWithin) continue;
            fault("no-lost-reply", "was given up " + std::to_string(due.at - *durable) +
                                       " ms after " + described_event(each.name) +
                                       " was in the log");
        }
    }

    /// no-lost-reply: at rest, all that came while the saga was there has been heard, and nobody
    /// waits for what came before.
    void judge_unheard(To last) {
        for (const Candidate& each : candidates_) {
            if (heard_.contains(each.name) || !is_findable(each)) continue;
            const bool is_waiting = last == waiting() && !ended_at_;
            const bool is_between = *each.posted_at > *first_waited_ &&
                                    (!ended_at_ || each.event->at + kToldWithin < *ended_at_);
            if (!is_waiting && !is_between) continue;
            fault("no-lost-reply",
                  (is_waiting ? "still waits for " : "never heard ") + described_event(each.name));
        }
    }

    const Times& times_;
    const SagaFacts& saga_;
    const Rows& rows_;
    const StepPlan& plan_;
    const CallName waits_;
    Breaches& breaches_;
    std::vector<Candidate> candidates_;
    std::set<EventName> heard_;
    std::optional<std::int64_t> first_waited_, waiting_since_, ended_at_;
};

/// invented-reply: nor does anything else hear events.
void judge_deaf(const SagaFacts& saga, const Rows& rows, Breaches& breaches) {
    for (const JournalRow& row : rows) {
        if (!row.event || !row.step || !row.phase) continue;
        const bool is_known = saga.has({*row.step, row.item});
        if (is_known && awaited(saga.plan(*row.step), *row.phase) != nullptr) continue;
        breaches.add("invented-reply", saga.id,
                     "row " + std::to_string(row.seq) + " came by an event, and waits for none");
    }
}

/// no-lost-reply: at rest nothing is left to be told.
void judge_untold(const History& history, Breaches& breaches) {
    if (history.untold_events == 0) return;
    breaches.add(
        "no-lost-reply", "",
        std::to_string(history.untold_events) + " events were not told to whom they reached");
}

}  // namespace

void judge_replies(const History& history, const Facts& facts, Breaches& breaches) {
    judge_untold(history, breaches);
    const Times times(history);
    for (const SagaFacts& saga : facts.sagas()) {
        const auto rows = history.journals.find(std::string(saga.id));
        if (rows == history.journals.end()) continue;
        judge_deaf(saga, rows->second, breaches);
        for (const Place place : saga.places()) {
            for (const Phase phase : {Phase::Action, Phase::Undo}) {
                if (awaited(saga.plan(place.step), phase) == nullptr) continue;
                CallName waits{std::string(saga.id), place.step, phase, 0, place.item};
                Waiter(history, times, saga, rows->second, std::move(waits), breaches).judge();
            }
        }
    }
}

}  // namespace skald::simulation::oracle
