#include "tests/simulation/oracle_delivery_facts.h"

#include <algorithm>

namespace skald::simulation::oracle {
namespace {

using As = LeasesAsked::As;
using State = LeaseFacts::Said::State;
using What = ChangeAsked::What;

bool is_match(const std::optional<FilterPlan::Text>& wanted, const std::string& text) {
    if (!wanted) return true;
    return wanted->is_prefix ? text.starts_with(wanted->text) && !text.empty()
                             : text == wanted->text;
}

}  // namespace

bool is_settled(const Stand& stand, std::int64_t offset) {
    if (offset <= stand.cursor) return true;
    return std::any_of(stand.settled.begin(), stand.settled.end(), [offset](const auto& range) {
        return range.first <= offset && offset <= range.second;
    });
}

bool wants(const SubscriptionPlan& plan, const LogEvent& event) {
    const bool is_echo = plan.how == SubscriptionPlan::How::Relay && !event.bridge.empty() &&
                         event.bridge == plan.target;
    return !is_echo && is_match(plan.filter.type, event.type) &&
           is_match(plan.filter.source, event.source) &&
           is_match(plan.filter.subject, event.subject);
}

// ---- Events ------------------------------------------------------------------------------------

EventIndex::EventIndex(const History& history) {
    for (const auto& [topic, events] : history.log) {
        for (const LogEvent& event : events) add(topic, event);
    }
    for (const LogEvent& event : history.saga_view) add("skald.sagas", event);
}

void EventIndex::add(const std::string& topic, const LogEvent& event) {
    by_offset_[topic].emplace(event.offset, &event);
    by_id_.emplace(std::tuple(topic, event.source, event.id), event.offset);
    by_subject_[{topic, event.subject}].push_back(event.offset);
}

const LogEvent* EventIndex::find(const std::string& topic, std::int64_t offset) const {
    const auto events = by_offset_.find(topic);
    if (events == by_offset_.end()) return nullptr;
    const auto found = events->second.find(offset);
    return found == events->second.end() ? nullptr : found->second;
}

std::int64_t EventIndex::offset_of(const std::string& topic, const std::string& source,
                                   const std::string& id) const {
    const auto found = by_id_.find(std::tuple(topic, source, id));
    return found == by_id_.end() ? 0 : found->second;
}

std::int64_t EventIndex::last(const std::string& topic) const {
    const auto events = by_offset_.find(topic);
    const bool is_any = events != by_offset_.end() && !events->second.empty();
    return is_any ? events->second.rbegin()->first : 0;
}

const std::vector<std::int64_t>& EventIndex::of_subject(const std::string& topic,
                                                        const std::string& subject) const {
    static const std::vector<std::int64_t> kNone;
    const auto found = by_subject_.find({topic, subject});
    return found == by_subject_.end() ? kNone : found->second;
}

// ---- Leases ------------------------------------------------------------------------------------

bool AskedChange::has_letter(std::int64_t offset) const {
    return std::find(asked->letters.begin(), asked->letters.end(), offset) != asked->letters.end();
}

bool LeaseFacts::may_be(As as) const {
    return std::any_of(said.begin(), said.end(), [as](const Said& each) {
        return each.as == as && each.state != State::Void;
    });
}

bool LeaseFacts::was_done(As as) const {
    return std::any_of(said.begin(), said.end(), [as](const Said& each) {
        return each.as == as && each.state == State::Done;
    });
}

bool LeaseFacts::is_untouched() const {
    return !is_told && std::all_of(said.begin(), said.end(),
                                   [](const Said& each) { return each.as == As::Extended; });
}

bool LeaseFacts::may_have_failed(std::int64_t now) const {
    const bool is_refused = std::any_of(said.begin(), said.end(), [](const Said& each) {
        // Void: of a process that died, which may have written it before.
        return each.as == As::Refused;
    });
    const std::int64_t seen_until = over_since == 0 ? now : over_since;
    return is_refused || (until != 0 && seen_until >= until);
}

bool SubscriberFacts::surely_wants(const LogEvent& event) const {
    return !plans.empty() && std::all_of(plans.begin(), plans.end(), [&event](const auto* plan) {
        return wants(*plan, event);
    });
}

bool SubscriberFacts::may_want(const LogEvent& event) const {
    return std::any_of(plans.begin(), plans.end(),
                       [&event](const auto* plan) { return wants(*plan, event); });
}

std::optional<std::uint32_t> SubscriberFacts::least_attempts() const {
    std::optional<std::uint32_t> least;
    for (const SubscriptionPlan* plan : plans) {
        if (plan->attempts_max)
            least = std::min(least.value_or(*plan->attempts_max), *plan->attempts_max);
    }
    return least;
}

std::optional<std::uint32_t> SubscriberFacts::most_attempts() const {
    std::uint32_t most = 0;
    for (const SubscriptionPlan* plan : plans) {
        if (!plan->attempts_max) return std::nullopt;
        most = std::max(most, *plan->attempts_max);
    }
    return most;
}

std::uint32_t SubscriberFacts::most_parallel() const {
    std::uint32_t most = 0;
    for (const SubscriptionPlan* plan : plans) most = std::max(most, plan->parallel_max);
    return most;
}

bool SubscriberFacts::may_fail_unseen() const {
    return std::any_of(plans.begin(), plans.end(), [](const auto* plan) {
        return plan->cannot_be_sent || plan->how == SubscriptionPlan::How::Trigger;
    });
}

bool SubscriberFacts::is_only(SubscriptionPlan::How how) const {
    return std::all_of(plans.begin(), plans.end(),
                       [how](const auto* plan) { return plan->how == how; });
}

std::vector<const LeaseFacts*> SubscriberFacts::leases_of(std::int64_t offset) const {
    std::vector<const LeaseFacts*> since;
    const auto opened = opened_at.find(offset);
    const auto found = leases.find(offset);
    if (found == leases.end()) return since;
    for (const LeaseFacts& lease : found->second) {
        if (opened == opened_at.end() || lease.given_at > opened->second) since.push_back(&lease);
    }
    return since;
}

bool SubscriberFacts::may_be_delivered(std::int64_t offset) const {
    const auto since = leases_of(offset);
    return std::any_of(since.begin(), since.end(),
                       [](const LeaseFacts* lease) { return lease->may_be_delivered(); });
}

bool SubscriberFacts::may_be_dead(std::int64_t offset, std::int64_t now) const {
    if (may_fail_unseen()) return true;
    const auto least = least_attempts();
    const auto since = leases_of(offset);
    return least && std::any_of(since.begin(), since.end(), [&](const LeaseFacts* lease) {
               return lease->attempt >= *least && lease->may_have_failed(now);
           });
}

std::size_t SubscriberFacts::failures(std::int64_t offset, std::int64_t now) const {
    const auto since = leases_of(offset);
    return static_cast<std::size_t>(
        std::count_if(since.begin(), since.end(),
                      [now](const LeaseFacts* lease) { return lease->may_have_failed(now); }));
}

std::size_t SubscriberFacts::calls_out(std::uint64_t life) const {
    std::size_t count = 0;
    for (const auto& [offset, all] : leases) {
        count += static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [life](const LeaseFacts& lease) {
                return lease.life == life && lease.until == 0 && !lease.is_told;
            }));
    }
    return count;
}

// ---- What is known -----------------------------------------------------------------------------

SubscriberFacts* DeliveryFacts::active(const std::string& name) {
    const auto found = active_.find(name);
    return found == active_.end() ? nullptr : &all_.at(found->second);
}

const LeasePlace* DeliveryFacts::lease(std::uint64_t number) const {
    const auto found = leases_.find(number);
    return found == leases_.end() ? nullptr : &found->second;
}

const LeasePlace* DeliveryFacts::call(std::uint64_t number) const {
    const auto found = calls_.find(number);
    return found == calls_.end() ? nullptr : &found->second;
}

const AnswerFacts* DeliveryFacts::answer(std::uint64_t number) const {
    const auto found = answers_.find(number);
    return found == answers_.end() ? nullptr : &found->second;
}

const AskedChange* DeliveryFacts::change(std::uint64_t number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : &changes_[found->second];
}

bool DeliveryFacts::may_be_rewound(const std::string& name, std::int64_t offset,
                                   std::size_t from) const {
    return may_be_between(name, from, now_, [offset](const AskedChange& change) {
        return change.asked->what == What::Rewind && change.asked->behind < offset;
    });
}

bool DeliveryFacts::may_be_passed_over(const std::string& name, std::int64_t offset,
                                       std::size_t from) const {
    return may_be_between(name, from, now_, [offset](const AskedChange& change) {
        return change.asked->what == What::Rewind && change.asked->behind >= offset;
    });
}

bool DeliveryFacts::may_be_revived(const std::string& name, std::int64_t offset,
                                   std::size_t from) const {
    return may_be_between(name, from, now_, [offset](const AskedChange& change) {
        return change.asked->what == What::Revive && change.has_letter(offset);
    });
}

bool DeliveryFacts::may_be_discarded(const std::string& name, std::int64_t offset,
                                     std::size_t from) const {
    return may_be_between(name, from, now_, [offset](const AskedChange& change) {
        return change.asked->what == What::Discard && change.has_letter(offset);
    });
}

bool DeliveryFacts::is_held(const LeasePlace& place, std::int64_t engine_time) const {
    const LeaseFacts& lease = place.facts();
    const SubscriberFacts& subscriber = *place.subscriber;
    const std::string& name = subscriber.stand.name;
    const bool is_there = lease.life == life_ && lease.is_untouched() && place.is_last() &&
                          (lease.until == 0 || engine_time < lease.until) && !subscriber.is_gone;
    if (!is_there) return false;
    return !may_be_between(name, lease.given_at, now_, [&place](const AskedChange& change) {
        const What what = change.asked->what;
        return what == What::Rewind || what == What::Delete || what == What::PutBridge ||
               what == What::DeleteBridge ||
               (what == What::Discard && change.has_letter(place.offset));
    });
}

// ---- Moves on ----------------------------------------------------------------------------------

void DeliveryFacts::add(SubscriberFacts& subscriber, std::int64_t offset, const HandedOut& out) {
    auto& all = subscriber.leases[offset];
    LeaseFacts lease{life_, now_, out.attempt, out.until};
    all.push_back(std::move(lease));
    (out.until == 0 ? calls_ : leases_)[out.lease] = {&subscriber, offset, all.size() - 1};
}

void DeliveryFacts::add(const Seen& seen, const LeasesAsked& asked) {
    AnswerFacts answer{&asked, now_, seen.engine_time, life_, {}};
    for (const LeasesAsked::Held& held : asked.leases) {
        const LeasePlace* place = lease(held.lease);
        if (place == nullptr) continue;
        answer.was_last[held.lease] = place->is_last();
        LeaseFacts& facts = place->facts();
        facts.said.push_back({asked.number, asked.as, State::Open});
        if (asked.as != As::Extended) continue;
        facts.until = std::min(facts.until, seen.engine_time + asked.by);
        facts.last_extension = asked.number;
    }
    answers_.emplace(asked.number, std::move(answer));
}

void DeliveryFacts::add(const LeasesAnswered& answered) {
    const AnswerFacts* answer = this->answer(answered.number);
    if (answer == nullptr) return;
    for (const LeasesAsked::Held& held : answer->asked->leases) {
        const LeasePlace* place = lease(held.lease);
        if (place == nullptr) continue;
        const bool is_stale = std::find(answered.stale.begin(), answered.stale.end(), held.lease) !=
                              answered.stale.end();
        const bool is_done = answered.how == LeasesAnswered::How::Done && !is_stale;
        LeaseFacts& facts = place->facts();
        std::erase_if(facts.said,
                      [&](const LeaseFacts::Said& said) { return said.answer == answered.number; });
        if (!is_done) continue;
        const As as = answer->asked->as;
        facts.said.push_back({answered.number, as, State::Done});
        if (as == As::Extended && facts.last_extension == answered.number) {
            facts.until = answer->engine_time + answer->asked->by;
        }
    }
}

void DeliveryFacts::add(const PushTold& told) {
    const LeasePlace* place = call(told.number);
    if (place == nullptr) return;
    place->facts().is_told = true;
    place->facts().said.push_back(
        {0, told.is_delivered ? As::Acknowledged : As::Refused, State::Open});
}

void DeliveryFacts::add(const ChangeAsked& asked) {
    by_number_[asked.number] = changes_.size();
    of_name_[asked.name].push_back(changes_.size());
    changes_.push_back({&asked, now_, std::nullopt});
    if (asked.what != What::Rewind) return;
    for (auto& [key, subscriber] : all_) {
        if (subscriber.stand.name == asked.name) subscriber.was_rewound = true;
    }
}

void DeliveryFacts::add(const ChangeAnswered& answered) {
    const auto found = by_number_.find(answered.number);
    if (found != by_number_.end()) changes_[found->second].over_at = now_;
}

void DeliveryFacts::add(const Seen& seen, const Crashed&) {
    ++life_;
    is_life_begun_ = false;
    for (AskedChange& change : changes_) {
        if (!change.over_at) change.over_at = now_;
    }
    for (auto& [key, subscriber] : all_) {
        for (auto& [offset, all] : subscriber.leases) {
            for (LeaseFacts& lease : all) {
                if (lease.over_since == 0)
                    lease.over_since = std::max<std::int64_t>(1, seen.engine_time);
            }
        }
    }
}

void DeliveryFacts::add(const Journaled& journaled) {
    if (journaled.row.seq == 1 && !journaled.row.request_key.empty()) {
        begun_.emplace(journaled.row.request_key, now_);
    }
}

SubscriberFacts& DeliveryFacts::add(std::int64_t key, const Stand& stand) {
    const auto [found, is_new] =
        all_.try_emplace(key, SubscriberFacts{key, stand, now_, now_, false, false, {}, {}, {}});
    SubscriberFacts& subscriber = found->second;
    subscriber.stand = stand;
    subscriber.stand_at = now_;
    const auto plan = history_.subscriptions.find(stand.document);
    const bool is_known = plan != history_.subscriptions.end();
    if (is_known && (subscriber.plans.empty() || subscriber.plans.back() != &plan->second)) {
        subscriber.plans.push_back(&plan->second);
    }
    return subscriber;
}

void DeliveryFacts::tell() {
    active_.clear();
    for (const auto& [key, subscriber] : all_) {
        if (!subscriber.is_gone) active_[subscriber.stand.name] = key;
    }
}

void DeliveryFacts::begin_life() {
    if (is_life_begun_) return;
    is_life_begun_ = true;
    for (auto& [key, subscriber] : all_) {
        for (auto& [offset, all] : subscriber.leases) {
            for (LeaseFacts& lease : all) {
                if (lease.life == life_) continue;
                for (LeaseFacts::Said& said : lease.said) {
                    if (said.state == State::Open) said.state = State::Void;
                }
            }
        }
    }
    tell();
}

}  // namespace skald::simulation::oracle
