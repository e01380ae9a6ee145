#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

// ---- published-once ----------------------------------------------------------------------------

/// A try that the journal begun.
struct Try {
    const StepPlan* plan;
    std::int64_t at;
    bool is_published = false;
    bool is_missed = false;  ///< Said already.
};

/// Where it publishes without a reply, the row does not say which try it is.
CallName name_of(const StepPlan& plan, CallName name) {
    if (expects_no_reply(plan, name.phase)) name.attempt = 0;
    return name;
}

/// published-once: a try that the journal begun has its event in the log, once, by the commit of
/// its row: whenever somebody looks, both are there or neither; and a suspended saga begins none.
/// I17, of keys.
class Publications {
 public:
    Publications(const Facts& facts, Breaches& breaches) : facts_(facts), breaches_(breaches) {}

    void look(const Journals& journals, const Log& log) {
        for (const auto& [saga, rows] : journals) {
            std::size_t& read = rows_read_[saga];
            const SagaFacts* known = facts_.saga(saga);
            for (; read < rows.size(); ++read) {
                if (known != nullptr) begin(*known, rows[read]);
            }
        }
        for (const auto& [topic, events] : log) {
            std::size_t& read = events_read_[topic];
            for (; read < events.size(); ++read) {
                if (is_of_saga(events[read])) publish(topic, events[read]);
            }
        }
        for (auto& [name, each] : tries_) {
            if (each.is_published || std::exchange(each.is_missed, true)) continue;
            fault(name, "is in the journal, and its event is not in the log");
        }
    }

 private:
    void fault(const CallName& name, const std::string& text, const char* rule = "published-once") {
        const SagaFacts* saga = facts_.saga_with(name);
        breaches_.add(rule, name.saga,
                      (saga == nullptr ? "an event" : described(*saga, name)) + " " + text);
    }

    void begin(const SagaFacts& saga, const JournalRow& row) {
        if (row.type == "resumed") suspended_.erase(saga.id);
        const bool is_suspended = suspended_.contains(saga.id);
        for (const CallName& begun : begun_by(saga, row)) {
            const StepPlan& plan = saga.plan(begun.step);
            if (published(plan, begun.phase) == nullptr) continue;
            tries_.emplace(name_of(plan, begun), Try{&plan, row.at});
            if (is_suspended) fault(begun, "was published while its saga was suspended");
        }
        if (row.type == "suspended") suspended_.insert(saga.id);
    }

    void publish(const std::string& topic, const LogEvent& event) {
        const SagaFacts* saga = event.call ? facts_.saga_with(*event.call) : nullptr;
        if (saga == nullptr) {
            breaches_.add("published-once", event.call ? event.call->saga : "",
                          event.id + " is of no saga that there is");
            return;
        }
        const CallName& name = *event.call;
        const StepPlan& plan = saga->plan(name.step);
        const auto found = tries_.find(name_of(plan, name));
        if (found == tries_.end()) {
            fault(name, "is in the log, and the journal knows nothing of it");
            return;
        }
        Try& begun = found->second;
        if (begun.is_published) fault(name, "is in the log twice");
        begun.is_published = true;
        const EventPlan& wanted = *published(plan, name.phase);
        if (wanted.topic != topic || wanted.type != event.type) {
            fault(name, "is " + event.type + " on " + topic);
        }
        if (event.time != begun.at) fault(name, "is not of the commit of its row");
        judge_key(name, event);
    }

    /// Each try has the key of its call, and an id of its own.
    void judge_key(const CallName& name, const LogEvent& event) {
        const CallName call{name.saga, name.step, name.phase, 0, name.item};
        const auto [of_call, is_first] = keys_.emplace(call, event.key);
        const auto [of_key, is_new] = calls_.emplace(event.key, call);
        if (event.key.empty() || of_call->second != event.key || of_key->second != call) {
            fault(name, "has the key \"" + event.key + "\"", "I17");
        }
        if (event.id != event.key + "/" + std::to_string(name.attempt)) {
            fault(name, "has the id " + event.id, "I17");
        }
    }

    const Facts& facts_;
    Breaches& breaches_;
    std::map<CallName, Try> tries_;
    std::map<CallName, std::string> keys_;
    std::map<std::string, CallName> calls_;
    std::set<std::string_view> suspended_;
    std::map<std::string, std::size_t> rows_read_, events_read_;
};

// ---- acknowledged-event ------------------------------------------------------------------------

using Identity = std::tuple<std::string, std::string, std::string>;  ///< Topic, source, id.

/// acknowledged-event: what was answered, or read by somebody, is in the log at its offset for
/// ever; offsets have no gaps; what is published again has the offset that it had; and nothing is
/// there that nobody published.
class Acknowledgements {
 public:
    explicit Acknowledgements(Breaches& breaches) : breaches_(breaches) {}

    void add(const EventsPosted& posted) {
        posts_[posted.number] = &posted;
        for (const EventsPosted::Event& event : posted.events) {
            posted_.insert({posted.topic, event.source, event.id});
        }
    }

    void add(const EventsAnswered& answered) {
        const auto post = posts_.find(answered.number);
        const std::size_t most = post == posts_.end() ? 0 : post->second->events.size();
        if (!answered.written.empty() && answered.written.size() != most) {
            fault("an answer is not to what was posted");
            return;
        }
        for (std::size_t i = 0; i < answered.written.size(); ++i) {
            const EventsPosted::Event& event = post->second->events[i];
            add({post->second->topic, event.source, event.id}, answered.written[i]);
        }
    }

    void add(const EventRead& read) {
        unseen_.push_back({{read.name.topic, read.source, read.id}, read.name.offset});
    }

    /// The log, as somebody finds it.
    void look(const Log& log) {
        judge_growth(log);
        for (const auto& [identity, offset] : unseen_) {
            const auto topic = log.find(std::get<0>(identity));
            const bool is_there = topic != log.end() && offset > 0 &&
                                  static_cast<std::size_t>(offset) <= topic->second.size();
            if (is_there && is_same(topic->second[static_cast<std::size_t>(offset - 1)], identity))
                continue;
            fault(std::get<2>(identity) + " was at offset " + std::to_string(offset) + " of " +
                  std::get<0>(identity) + ", and is not there");
        }
        unseen_.clear();  // What was there once is the growth's to keep.
        before_ = &log;
    }

 private:
    void fault(const std::string& text) { breaches_.add("acknowledged-event", "", text); }

    static bool is_same(const LogEvent& event, const Identity& identity) {
        return event.source == std::get<1>(identity) && event.id == std::get<2>(identity);
    }

    void add(const Identity& identity, const EventsAnswered::Written& written) {
        const auto [first, is_first] = offsets_.emplace(identity, written.offset);
        const std::string& id = std::get<2>(identity);
        if (first->second != written.offset) {
            fault(id + " was answered with offset " + std::to_string(written.offset) +
                  ", before with " + std::to_string(first->second));
        }
        if (!is_first && !written.is_repeat) fault(id + " was taken for new a second time");
        unseen_.push_back({identity, written.offset});
    }

    void judge_growth(const Log& log) {
        if (before_ != nullptr) {
            for (const auto& [topic, events] : *before_) {
                const auto now = log.find(topic);
                const std::size_t kept = now == log.end() ? 0 : now->second.size();
                for (std::size_t i = 0; i < events.size(); ++i) {
                    if (i < kept && now->second[i] == events[i]) continue;
                    fault("offset " + std::to_string(i + 1) + " of " + topic + " is gone, or was " +
                          "changed");
                }
            }
        }
        for (const auto& [topic, events] : log) judge_new(topic, events);
    }

    void judge_new(const std::string& topic, const std::vector<LogEvent>& events) {
        for (std::size_t& i = looked_at_[topic]; i < events.size(); ++i) {
            const LogEvent& event = events[i];
            if (i > 0 && event.at < events[i - 1].at)
                fault(event.id + " is older than what it follows");
            if (event.offset != static_cast<std::int64_t>(i + 1)) {
                fault("offset " + std::to_string(event.offset) + " of " + topic + " follows " +
                      std::to_string(i));
            }
            const Identity identity{topic, event.source, event.id};
            if (!there_.insert(identity).second) fault(event.id + " is in " + topic + " twice");
            if (!is_of_saga(event) && !posted_.contains(identity)) {
                fault(event.id + " is in " + topic + ", and nobody published it");
            }
        }
    }

    Breaches& breaches_;
    std::map<std::uint64_t, const EventsPosted*> posts_;
    std::set<Identity> posted_, there_;
    std::map<Identity, std::int64_t> offsets_;
    std::vector<std::pair<Identity, std::int64_t>> unseen_;  ///< Since the log was last looked at.
    std::map<std::string, std::size_t> looked_at_;
    const Log* before_ = nullptr;
};

}  // namespace

void judge_begun(const Facts& facts, const Journaled& journaled, const CallName& begun,
                 Breaches& breaches) {
    const std::int64_t now = journaled.row.at;
    const SagaFacts& saga = *facts.saga(begun.saga);
    judge_rest(facts, now, begun, breaches);
    if (published(saga.plan(begun.step), begun.phase) != nullptr) {
        CallName numbered = begun;
        if (numbered.attempt == 0) {
            numbered.attempt = saga.at(begun.place()).call(begun.phase).attempt + 1;
        }
        judge_try(facts, now, numbered, breaches);
    }
    (begun.phase == Phase::Action ? judge_action : judge_undo)(facts, now, begun, breaches);
}

void judge_log(const History& history, const Facts& facts, Breaches& breaches) {
    Publications publications(facts, breaches);
    Acknowledgements acknowledgements(breaches);
    for (const Seen& seen : history.seen) {
        if (const auto* posted = std::get_if<EventsPosted>(&seen.what)) {
            acknowledgements.add(*posted);
        } else if (const auto* answered = std::get_if<EventsAnswered>(&seen.what)) {
            acknowledgements.add(*answered);
        } else if (const auto* read = std::get_if<EventRead>(&seen.what)) {
            acknowledgements.add(*read);
        } else if (const auto* started = std::get_if<Started>(&seen.what)) {
            publications.look(started->journals, started->log);
            acknowledgements.look(started->log);
        }
    }
    publications.look(history.journals, history.log);
    acknowledgements.look(history.log);
}

}  // namespace skald::simulation::oracle
