#include <algorithm>
#include <utility>

#include "tests/simulation/oracle_delivery_facts.h"
#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using As = LeasesAsked::As;
using What = ChangeAsked::What;
using PlanHow = SubscriptionPlan::How;

/// "event 7 of shop for audit".
std::string named(const SubscriberFacts& subscriber, std::int64_t offset) {
    return "event " + std::to_string(offset) + " of " + subscriber.stand.topic + " for " +
           subscriber.stand.name;
}

bool has_letter(const Stand& stand, std::int64_t offset, bool is_revived) {
    return std::any_of(stand.letters.begin(), stand.letters.end(), [&](const auto& letter) {
        return letter.offset == offset && letter.is_revived == is_revived;
    });
}

class Deliveries {
 public:
    Deliveries(const History& history, Breaches& breaches)
        : history_(history), facts_(history), breaches_(breaches) {}

    void judge() {
        for (const Seen& seen : history_.seen) {
            std::visit([&](const auto& what) { see(seen, what); }, seen.what);
            facts_.move_on();
        }
        if (history_.seen.empty()) return;
        see_stands(history_.seen.back().engine_time, history_.stands);
        for (const auto& [key, stand] : history_.stands) judge_end(stand);
    }

 private:
    void fault(const char* rule, const SubscriberFacts& subscriber, const std::string& text) {
        breaches_.add(rule, subscriber.stand.name, text);
    }

    // ---- What is handed out

    void see(const Seen& seen, const HandedOut& out) {
        facts_.begin_life();
        SubscriberFacts* subscriber = facts_.active(out.subscription);
        if (subscriber == nullptr) {
            breaches_.add("invented-delivery", out.subscription,
                          out.id + " is handed out, and nobody subscribed");
            return;
        }
        const std::string& topic = subscriber->stand.topic;
        const std::int64_t offset =
            out.offset != 0 ? out.offset : facts_.events().offset_of(topic, out.source, out.id);
        const LogEvent* event = facts_.events().find(topic, offset);
        if (event == nullptr || event->source != out.source || event->id != out.id) {
            fault("invented-delivery", *subscriber,
                  out.id + " is handed out as " + named(*subscriber, offset));
            return;
        }
        judge_wanted(*subscriber, *event);
        judge_open(*subscriber, offset);
        judge_lease(*subscriber, offset, seen.engine_time, out);
        judge_order(*subscriber, *event, seen.engine_time);
        const auto most = subscriber->most_attempts();
        if (most && out.attempt > *most) {
            fault("dead-letter", *subscriber,
                  named(*subscriber, offset) + " has attempt " + std::to_string(out.attempt));
        }
        facts_.add(*subscriber, offset, out);
    }

    void judge_wanted(const SubscriberFacts& subscriber, const LogEvent& event) {
        if (subscriber.may_want(event)) return;
        const bool is_echo = subscriber.is_only(PlanHow::Relay) && !event.bridge.empty();
        fault(is_echo ? "no-echo" : "filter", subscriber,
              named(subscriber, event.offset) + " is handed out, and is not wanted");
    }

    /// acknowledged-delivery.
    void judge_open(const SubscriberFacts& subscriber, std::int64_t offset) {
        const std::string& name = subscriber.stand.name;
        const bool may_be_new = !is_settled(subscriber.stand, offset) ||
                                facts_.may_be_rewound(name, offset, subscriber.stand_at) ||
                                facts_.may_be_revived(name, offset, subscriber.stand_at);
        if (may_be_new) return;
        fault("acknowledged-delivery", subscriber,
              named(subscriber, offset) + " is handed out, and was settled");
    }

    /// one-lease, and no more calls at once than allowed.
    void judge_lease(SubscriberFacts& subscriber, std::int64_t offset, std::int64_t now,
                     const HandedOut& out) {
        const bool is_call = out.until == 0;
        if ((is_call ? facts_.call(out.lease) : facts_.lease(out.lease)) != nullptr) {
            fault("one-lease", subscriber,
                  "lease " + std::to_string(out.lease) + " is given twice");
        }
        const auto leases = subscriber.leases.find(offset);
        const bool is_known = leases != subscriber.leases.end() && !leases->second.empty();
        const LeasePlace last{&subscriber, offset, is_known ? leases->second.size() - 1 : 0};
        if (is_known && facts_.is_held(last, now)) {
            fault("one-lease", subscriber,
                  named(subscriber, offset) + " is handed out while somebody has it");
        }
        const std::uint32_t most = subscriber.most_parallel();
        const bool is_push = is_call && most > 0 && !subscriber.is_only(PlanHow::Relay);
        if (is_push && subscriber.calls_out(facts_.life()) >= most) {
            fault("max-parallel", subscriber,
                  "more than " + std::to_string(most) + " calls at once");
        }
    }

    /// subject-order.
    void judge_order(const SubscriberFacts& subscriber, const LogEvent& event, std::int64_t now) {
        if (event.subject.empty()) return;
        for (const std::int64_t before :
             facts_.events().of_subject(subscriber.stand.topic, event.subject)) {
            if (before >= event.offset) return;
            if (before <= subscriber.stand.cursor || may_be_settled(subscriber, before, now)) {
                continue;
            }
            fault("subject-order", subscriber,
                  named(subscriber, event.offset) + " is handed out before " +
                      std::to_string(before) + " is settled");
        }
    }

    bool may_be_settled(const SubscriberFacts& subscriber, std::int64_t offset, std::int64_t now) {
        const std::string& name = subscriber.stand.name;
        const LogEvent* event = facts_.events().find(subscriber.stand.topic, offset);
        return is_settled(subscriber.stand, offset) || event == nullptr ||
               !subscriber.surely_wants(*event) || subscriber.may_be_delivered(offset) ||
               subscriber.may_be_dead(offset, now) ||
               facts_.may_be_passed_over(name, offset, subscriber.stand_at) ||
               facts_.may_be_discarded(name, offset, subscriber.stand_at);
    }

    // ---- What is said of it

    void see(const Seen& seen, const LeasesAsked& asked) { facts_.add(seen, asked); }

    void see(const Seen& seen, const LeasesAnswered& answered) {
        const AnswerFacts* answer = facts_.answer(answered.number);
        const bool is_about_leases = answer != nullptr && answered.how == LeasesAnswered::How::Done;
        if (is_about_leases) {
            for (const LeasesAsked::Held& held : answer->asked->leases) {
                const bool is_stale = std::find(answered.stale.begin(), answered.stale.end(),
                                                held.lease) != answered.stale.end();
                is_stale ? judge_stale(*answer, held, seen.engine_time) : judge_done(*answer, held);
            }
        }
        facts_.add(answered);
    }

    /// stale-lease: what is answered as done was held.
    void judge_done(const AnswerFacts& answer, const LeasesAsked::Held& held) {
        const LeasePlace* place = facts_.lease(held.lease);
        if (place == nullptr) {
            breaches_.add("stale-lease", answer.asked->subscription,
                          "lease " + std::to_string(held.lease) + " was never given");
            return;
        }
        const LeaseFacts& lease = place->facts();
        const SubscriberFacts& subscriber = *place->subscriber;
        const bool is_of_others = lease.life != answer.life || held.offset != place->offset ||
                                  subscriber.stand.name != answer.asked->subscription;
        const bool was_over = lease.was_done(As::Acknowledged) || lease.was_done(As::Refused);
        const auto was_last = answer.was_last.find(held.lease);
        if (is_of_others || was_over || !was_last->second || is_void(*place, answer)) {
            fault("stale-lease", subscriber,
                  named(subscriber, place->offset) + ": lease " + std::to_string(held.lease) +
                      " was over, and its answer is taken");
        }
        if (answer.asked->as == As::Acknowledged) judge_durable(answer, *place);
    }

    /// A rewind was done between.
    bool is_void(const LeasePlace& place, const AnswerFacts& answer) const {
        return rewound_at_.contains(place.subscriber->key) &&
               std::any_of(rewound_at_.at(place.subscriber->key).begin(),
                           rewound_at_.at(place.subscriber->key).end(), [&](const auto& rewind) {
                               return place.facts().given_at < rewind.first &&
                                      rewind.second < answer.asked_at;
                           });
    }

    /// acknowledged-delivery: it is durable by now.
    void judge_durable(const AnswerFacts& answer, const LeasePlace& place) {
        const SubscriberFacts& subscriber = *place.subscriber;
        const bool is_kept =
            subscriber.is_gone || is_settled(subscriber.stand, place.offset) ||
            facts_.may_be_rewound(subscriber.stand.name, place.offset, answer.asked_at) ||
            facts_.may_be_revived(subscriber.stand.name, place.offset, answer.asked_at);
        if (is_kept) return;
        fault("acknowledged-delivery", subscriber,
              named(subscriber, place.offset) + " was acknowledged, and is not settled");
    }

    /// one-lease: who holds it is heard.
    void judge_stale(const AnswerFacts& answer, const LeasesAsked::Held& held, std::int64_t now) {
        const LeasePlace* place = facts_.lease(held.lease);
        if (place == nullptr || answer.life != facts_.life()) return;
        LeaseFacts others = place->facts();
        std::erase_if(others.said, [&answer](const LeaseFacts::Said& said) {
            return said.answer == answer.asked->number;
        });
        std::swap(others, place->facts());
        const bool is_held = facts_.is_held(*place, now) &&
                             place->subscriber->is_only(PlanHow::Pull) &&
                             place->subscriber->stand.name == answer.asked->subscription &&
                             place->offset == held.offset;
        std::swap(others, place->facts());
        if (!is_held) return;
        fault("one-lease", *place->subscriber,
              named(*place->subscriber, held.offset) + ": lease " + std::to_string(held.lease) +
                  " is held, and answered as stale");
    }

    void see(const Seen&, const PushTold& told) {
        if (facts_.call(told.number) == nullptr) {
            breaches_.add("invented-delivery", "", "a call that nobody made was told");
        }
        facts_.add(told);
    }

    // ---- What is durable

    void see(const Seen& seen, const StandsSeen& seen_stands) {
        see_stands(seen.engine_time, seen_stands.stands);
        facts_.begin_life();
    }

    void see_stands(std::int64_t now, const Stands& stands) {
        for (auto& [key, subscriber] : facts_.all()) {
            if (subscriber.is_gone || stands.contains(key)) continue;
            judge_gone(subscriber);
            subscriber.is_gone = true;
        }
        for (const auto& [key, stand] : stands) {
            const auto known = facts_.all().find(key);
            if (known == facts_.all().end()) {
                judge_made(facts_.add(key, stand));
            } else if (known->second.is_gone) {
                fault("made-once", known->second, "it is there again after it was deleted");
            } else if (known->second.stand != stand) {
                judge_change(known->second, stand, now);
            }
        }
        last_look_ = facts_.now();
    }

    /// made-once: as somebody asked for it, without anything of what had its name before.
    void judge_made(const SubscriberFacts& made) {
        const Stand& stand = made.stand;
        const bool is_empty = stand.letters.empty() && stand.settled.empty();
        const bool is_asked_for =
            !stand.owner.empty() ||
            facts_.may_be_between(stand.name, last_look_, facts_.now(), [&](const auto& change) {
                return change.asked->what == What::Put && change.asked->behind == stand.cursor;
            });
        if (!is_empty || !is_asked_for || made.plans.empty()) {
            fault("made-once", made, "it begins as nobody asked for");
        }
    }

    void judge_gone(const SubscriberFacts& gone) {
        const Stand& stand = gone.stand;
        const bool is_of_definition = stand.owner.starts_with("definition/");
        const std::size_t slash = stand.owner.find('/');
        const std::string owner = slash == stand.owner.npos ? "" : stand.owner.substr(slash + 1);
        const bool is_asked_for =
            is_of_definition
                ? is_left_out(owner, stand)
                : facts_.may_be_between(owner.empty() ? stand.name : owner, gone.stand_at,
                                        facts_.now(), [&owner](const AskedChange& change) {
                                            const What what = change.asked->what;
                                            return owner.empty() ? what == What::Delete
                                                                 : what == What::PutBridge ||
                                                                       what == What::DeleteBridge;
                                        });
        if (!is_asked_for) fault("made-once", gone, "it is gone, and nobody deleted it");
    }

    /// Some version of the definition has no such trigger.
    bool is_left_out(const std::string& definition, const Stand& stand) const {
        return std::any_of(history_.definitions.begin(), history_.definitions.end(),
                           [&](const DefinitionPlan& plan) {
                               return plan.name == definition &&
                                      std::none_of(plan.triggers.begin(), plan.triggers.end(),
                                                   [&stand](const auto& each) {
                                                       return each.topic == stand.topic;
                                                   });
                           });
    }

    void judge_change(SubscriberFacts& subscriber, const Stand& stand, std::int64_t now) {
        const Stand before = subscriber.stand;
        const std::size_t since = subscriber.stand_at;
        facts_.add(subscriber.key, stand);
        if (stand.version < before.version || stand.topic != before.topic) {
            fault("made-once", subscriber, "its version or topic is another one");
        }
        judge_letters(subscriber, before, since, now);
        std::int64_t last = std::max(stand.cursor, before.cursor);
        if (!stand.settled.empty()) last = std::max(last, stand.settled.back().second);
        if (!before.settled.empty()) last = std::max(last, before.settled.back().second);
        for (std::int64_t offset = 1; offset <= last; ++offset) {
            const bool was = is_settled(before, offset);
            const bool is = is_settled(stand, offset);
            if (is && !was) judge_settled(subscriber, before, offset, since);
            if (was && !is) judge_opened(subscriber, offset, since);
        }
    }

    /// lost-delivery: what counts as settled was delivered, or is a dead letter, or nobody wants
    /// it.
    void judge_settled(const SubscriberFacts& subscriber, const Stand& before, std::int64_t offset,
                       std::size_t since) {
        const std::string& name = subscriber.stand.name;
        const LogEvent* event = facts_.events().find(subscriber.stand.topic, offset);
        const bool is_right =
            event == nullptr || !subscriber.surely_wants(*event) ||
            subscriber.may_be_delivered(offset) || has_letter(subscriber.stand, offset, false) ||
            has_letter(before, offset, false) || facts_.may_be_passed_over(name, offset, since) ||
            facts_.may_be_discarded(name, offset, since) || is_brought(subscriber, *event);
        if (is_right) return;
        fault("lost-delivery", subscriber,
              named(subscriber, offset) + " is settled, and was not delivered");
    }

    /// Of a trigger: its saga is there.
    bool is_brought(const SubscriberFacts& subscriber, const LogEvent& event) const {
        if (!subscriber.is_only(PlanHow::Trigger)) return false;
        const StartPlan* start = start_by(history_, subscriber.plans.back()->target, event);
        return start != nullptr && facts_.has_begun(start->request_key);
    }

    void judge_opened(SubscriberFacts& subscriber, std::int64_t offset, std::size_t since) {
        std::optional<std::size_t> asked_at;
        facts_.may_be_between(subscriber.stand.name, since, facts_.now(), [&](const auto& change) {
            const bool is_rewind =
                change.asked->what == What::Rewind && change.asked->behind < offset;
            const bool is_revival = change.asked->what == What::Revive && change.has_letter(offset);
            if (is_rewind || is_revival) {
                asked_at = std::min(asked_at.value_or(change.asked_at), change.asked_at);
            }
            return false;
        });
        if (!asked_at) {
            fault("acknowledged-delivery", subscriber,
                  named(subscriber, offset) + " was settled, and is open");
            return;
        }
        subscriber.opened_at[offset] = *asked_at;
    }

    // ---- Dead letters

    /// dead-letter: only after as many failed attempts as the subscription allows, with its event;
    /// and it is kept.
    void judge_letters(const SubscriberFacts& subscriber, const Stand& before, std::size_t since,
                       std::int64_t now) {
        for (const Stand::Letter& letter : subscriber.stand.letters) {
            const auto same = std::find_if(
                before.letters.begin(), before.letters.end(),
                [&letter](const auto& other) { return other.offset == letter.offset; });
            const bool is_new = same == before.letters.end() || same->attempts != letter.attempts ||
                                (same->is_revived && !letter.is_revived);
            if (is_new) judge_dead(subscriber, letter, now);
        }
        for (const Stand::Letter& letter : before.letters) judge_kept(subscriber, letter, since);
    }

    void judge_dead(const SubscriberFacts& subscriber, const Stand::Letter& letter,
                    std::int64_t now) {
        const auto least = subscriber.least_attempts();
        const LogEvent* event = facts_.events().find(subscriber.stand.topic, letter.offset);
        const std::string text = named(subscriber, letter.offset) + " is dead ";
        if (event == nullptr || event->id != letter.id) {
            fault("dead-letter", subscriber, text + "with the text of another");
        }
        if (!least || letter.attempts < *least) {
            fault("dead-letter", subscriber,
                  text + "after " + std::to_string(letter.attempts) + " attempts");
        }
        if (subscriber.may_fail_unseen()) return;
        const std::size_t failures = subscriber.failures(letter.offset, now);
        if (failures < letter.attempts) {
            fault("dead-letter", subscriber,
                  text + "after " + std::to_string(letter.attempts) + " attempts, of which " +
                      std::to_string(failures) + " can have failed");
        }
    }

    void judge_kept(const SubscriberFacts& subscriber, const Stand::Letter& letter,
                    std::size_t since) {
        const Stand& stand = subscriber.stand;
        const std::string& name = stand.name;
        if (has_letter(stand, letter.offset, true) || has_letter(stand, letter.offset, false)) {
            return;
        }
        const bool may_be_revived =
            letter.is_revived || facts_.may_be_revived(name, letter.offset, since);
        const bool is_delivered = may_be_revived && is_settled(stand, letter.offset);
        if (is_delivered || facts_.may_be_discarded(name, letter.offset, since)) return;
        fault("dead-letter", subscriber,
              named(subscriber, letter.offset) + " was dead, and is gone");
    }

    /// all-delivered.
    void judge_end(const Stand& stand) {
        const std::int64_t last = facts_.events().last(stand.topic);
        if (stand.cursor == last) return;
        breaches_.add("all-delivered", stand.name,
                      "it is at " + std::to_string(stand.cursor) + " of " + std::to_string(last));
    }

    // ---- The rest

    void see(const Seen&, const ChangeAnswered& answered) {
        const AskedChange* change = facts_.change(answered.number);
        const bool is_rewind = change != nullptr && change->asked->what == What::Rewind &&
                               answered.how == ChangeAnswered::How::Done;
        SubscriberFacts* subscriber = is_rewind ? facts_.active(change->asked->name) : nullptr;
        if (subscriber != nullptr) {
            rewound_at_[subscriber->key].emplace_back(change->asked_at, facts_.now());
        }
        facts_.add(answered);
    }
    void see(const Seen&, const CommitTold&) { facts_.tell(); }
    void see(const Seen&, const Started&) { facts_.begin_life(); }
    void see(const Seen& seen, const Crashed& crashed) { facts_.add(seen, crashed); }
    void see(const Seen&, const ChangeAsked& asked) { facts_.add(asked); }
    void see(const Seen&, const Journaled& journaled) { facts_.add(journaled); }
    template <typename Other>
    void see(const Seen&, const Other&) {}

    const History& history_;
    DeliveryFacts facts_;
    Breaches& breaches_;
    std::size_t last_look_ = 0;
    /// When rewinds were asked for, and done.
    std::map<std::int64_t, std::vector<std::pair<std::size_t, std::size_t>>> rewound_at_;
};

}  // namespace

const StartPlan* start_by(const History& history, const std::string& definition,
                          const LogEvent& event) {
    for (const StartPlan& start : history.starts) {
        const bool is_it = start.event && start.event->source == event.source &&
                           start.event->id == event.id &&
                           history.definitions[start.definition].name == definition;
        if (is_it) return &start;
    }
    return nullptr;
}

void judge_deliveries(const History& history, Breaches& breaches) {
    Deliveries(history, breaches).judge();
}

}  // namespace skald::simulation::oracle
