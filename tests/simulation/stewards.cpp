#include "tests/simulation/stewards.h"

#include <algorithm>
#include <utility>

#include "engine/owned_subscriptions.h"
#include "sagas/check.h"
#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;
using How = ChangeAnswered::How;

constexpr const char* kNames[] = {"audit", "copy", "mail", "web"};
constexpr std::uint32_t kLettersRead = 20;
constexpr std::uint32_t kRowsRead = 100;

std::int64_t number_of(store::Offset offset) { return static_cast<std::int64_t>(offset); }

std::string counted(ChangeAsked::What what) {
    using What = ChangeAsked::What;
    switch (what) {
        case What::Put:
            return "a subscription was made or changed";
        case What::Delete:
            return "a subscription was deleted";
        case What::Rewind:
            return "a subscription was rewound";
        case What::Revive:
            return "dead letters were delivered again";
        case What::Discard:
            return "dead letters were thrown away";
        case What::PutBridge:
            return "a bridge was made or changed";
        case What::DeleteBridge:
            break;
    }
    return "a bridge was deleted";
}

How how_of(const store::SubscriptionOutcome& outcome) {
    if (std::holds_alternative<store::SubscriptionWritten>(outcome)) return How::Done;
    return std::holds_alternative<store::SubscriptionNotFound>(outcome) ? How::NotFound
                                                                        : How::Refused;
}

How how_of(const store::BridgeOutcome& outcome) {
    if (std::holds_alternative<store::BridgeWritten>(outcome)) return How::Done;
    return std::holds_alternative<store::BridgeNotFound>(outcome) ? How::NotFound : How::Refused;
}

/// Of a command: what it says where it is neither Busy nor about no subscription.
template <typename Done, typename Result>
How how_of(const Result& result) {
    if (std::holds_alternative<Done>(result)) return How::Done;
    return std::holds_alternative<engine::NoSuchSubscription>(result) ? How::NotFound : How::Busy;
}

/// Of a change: what the store says of it, or Busy.
template <typename Outcome>
How how_of_change(const std::variant<Outcome, engine::Busy>& result) {
    const auto* outcome = std::get_if<Outcome>(&result);
    return outcome == nullptr ? How::Busy : how_of(*outcome);
}

}  // namespace

Stewards::Stewards(Timeline& timeline, Random random, Counters& counters, History& history, See see,
                   const std::vector<std::string>& topics, std::int64_t pace)
    : timeline_(timeline),
      random_(random),
      counters_(counters),
      history_(history),
      see_(std::move(see)),
      topics_(topics),
      pace_(pace) {
    const std::uint64_t count = 1 + random_.below(std::size(kNames));
    for (std::uint64_t i = 0; i < count; ++i) {
        subscriptions_.push_back({kNames[i], topics_, std::nullopt});
        change(subscriptions_.back());
    }
    if (random_.one_in(2)) bridges_.push_back({{"b0", {kShop}}});
    if (random_.one_in(6)) bridges_.push_back({{"b1", {kShop, kYard}}});
}

std::vector<std::string> Stewards::names() const {
    std::vector<std::string> names;
    for (const Subscription& each : subscriptions_) names.push_back(each.name);
    return names;
}

std::vector<std::string> Stewards::bridges() const {
    std::vector<std::string> names;
    for (const Bridge& each : bridges_) names.push_back(each.wanted.name);
    return names;
}

void Stewards::begin_process(Process& process) {
    process_ = &process;
    open_.clear();
    work_soon();
}

void Stewards::heal() {
    is_healed_ = true;
    for (Subscription& each : subscriptions_) {
        if (!each.wanted) change(each);
        each.wanted = with_right_secret(std::move(*each.wanted));
        history_.subscriptions[each.wanted->document] = each.wanted->plan;
        each.is_done = false;
    }
    for (Bridge& each : bridges_) {
        each.is_wanted = true;
        each.is_done = false;
    }
}

bool Stewards::is_satisfied() const {
    const auto is_done = [](const auto& each) { return each.is_done; };
    return std::all_of(subscriptions_.begin(), subscriptions_.end(), is_done) &&
           std::all_of(bridges_.begin(), bridges_.end(), is_done);
}

void Stewards::work_soon() {
    const Time pause{random_.between(50, 3'000)};
    timeline_.after(is_healed_ ? pause : pace_ * pause, Owner::Process, [this] { work(); });
}

/// What was asked for and not answered is asked for again, now and then in haste.
void Stewards::work() {
    if (process_->is_dying()) return;
    if (!is_healed_ && random_.one_in(3)) change_mind();
    // When nothing is published any more: whoever stops within what is there stops for ever.
    if (is_healed_ && !std::exchange(has_rewound_last_, true)) rewind();
    for (Subscription& each : subscriptions_) {
        if (each.is_done || (open_.contains(each.asked) && !random_.one_in(4))) continue;
        each.wanted ? put(each) : remove(each);
    }
    for (Bridge& each : bridges_) {
        if (each.is_done || (open_.contains(each.asked) && !random_.one_in(4))) continue;
        each.is_wanted ? put(each) : remove(each);
    }
    if (!is_healed_ || !is_satisfied()) work_soon();
}

// ---- What they want
// ------------------------------------------------------------------------------

void Stewards::change_mind() {
    switch (random_.below(8)) {
        case 0:
        case 1:
            change(subscriptions_[random_.below(subscriptions_.size())]);
            break;
        case 2:
            if (!bridges_.empty()) change(bridges_[random_.below(bridges_.size())]);
            break;
        case 3:
        case 4:
            rewind();
            break;
        case 5:
        case 6:
            settle_letters();
            break;
        default:
            break;
    }
}

void Stewards::change(Subscription& subscription) {
    subscription.is_done = false;
    if (subscription.wanted && random_.one_in(3)) {
        subscription.wanted.reset();
        return;
    }
    std::vector<std::string> topics = subscription.topics;
    if (subscription.wanted) topics = {subscription.wanted->plan.topic};
    // Whether it is there still, with its topic, who knows.
    subscription.topics = {topics[random_.below(topics.size())]};
    subscription.wanted = draw_subscription(random_, subscription.name, subscription.topics);
    history_.subscriptions[subscription.wanted->document] = subscription.wanted->plan;
}

void Stewards::change(Bridge& bridge) {
    bridge.is_done = false;
    if (bridge.is_wanted && random_.one_in(2)) {
        bridge.is_wanted = false;
        return;
    }
    bridge.is_wanted = true;
    bridge.wanted.topics = random_.one_in(2) ? std::vector<std::string>{kShop}
                                             : std::vector<std::string>{kShop, kYard};
}

// ---- What they ask for
// ---------------------------------------------------------------------------

void Stewards::put(Subscription& subscription) {
    const WantedSubscription& wanted = *subscription.wanted;
    sagas::Problems problems;
    auto document = engine::read_subscription(sagas::Json::parse(wanted.document),
                                              engine::Author::People, problems);
    SKALD_CHECK(problems.is_empty());  // delivery_plans.cpp made one that is refused.
    const auto begin = draw_place(wanted.plan.topic);
    if (!begin) return;
    const std::uint64_t number = ask(What::Put, subscription.name, number_of(*begin));
    subscription.asked = number;
    const auto done = [this, name = subscription.name, asked = wanted.document,
                       number](const engine::ChangeSubscription::Result& result) {
        const How how = how_of_change(result);
        answered(number, how);
        for (Subscription& each : subscriptions_) {
            const bool is_it = each.name == name && each.wanted && each.wanted->document == asked;
            each.is_done = each.is_done || (is_it && how == How::Done);
        }
    };
    process_->coordinator().post(engine::ChangeSubscription{
        store::PutSubscription{subscription.name, wanted.plan.topic, wanted.document, *begin,
                               std::nullopt, process_->clock().now()},
        std::move(document), done});
}

void Stewards::remove(Subscription& subscription) {
    const std::uint64_t number = ask(What::Delete, subscription.name);
    subscription.asked = number;
    const auto done = [this, name = subscription.name,
                       number](const engine::ChangeSubscription::Result& result) {
        const How how = how_of_change(result);
        answered(number, how);
        for (Subscription& each : subscriptions_) {
            if (each.name != name || each.wanted || how == How::Busy) continue;
            each.topics = topics_;
            // It is made again, sooner or later.
            if (!is_healed_ && random_.one_in(3)) {
                each.is_done = true;
            } else {
                change(each);
            }
        }
    };
    process_->coordinator().post(engine::ChangeSubscription{
        store::DeleteSubscription{subscription.name, std::nullopt}, std::nullopt, done});
}

void Stewards::put(Bridge& bridge) {
    std::vector<store::OwnedSubscription> owned;
    for (const std::string& topic : bridge.wanted.topics) {
        const auto begin = draw_place(topic);
        if (!begin) return;
        owned.push_back(
            engine::relay_subscription(bridge.wanted.name, topic, broker_subject(topic), *begin));
    }
    remember(owned, bridge.wanted.name);
    const std::uint64_t number = ask(What::PutBridge, bridge.wanted.name);
    bridge.asked = number;
    const std::string document = bridge_document(bridge.wanted);
    const auto done = [this, name = bridge.wanted.name, document,
                       number](const engine::ChangeBridge::Result& result) {
        const How how = how_of_change(result);
        answered(number, how);
        for (Bridge& each : bridges_) {
            const bool is_it = each.wanted.name == name && each.is_wanted &&
                               bridge_document(each.wanted) == document;
            each.is_done = each.is_done || (is_it && how == How::Done);
        }
    };
    process_->coordinator().post(
        engine::ChangeBridge{store::PutBridge{bridge.wanted.name, document, std::move(owned),
                                              std::nullopt, process_->clock().now()},
                             done});
}

void Stewards::remove(Bridge& bridge) {
    const std::uint64_t number = ask(What::DeleteBridge, bridge.wanted.name);
    bridge.asked = number;
    const auto done = [this, name = bridge.wanted.name,
                       number](const engine::ChangeBridge::Result& result) {
        const How how = how_of_change(result);
        answered(number, how);
        for (Bridge& each : bridges_) {
            if (each.wanted.name == name && !each.is_wanted && how != How::Busy) change(each);
        }
    };
    process_->coordinator().post(
        engine::ChangeBridge{store::DeleteBridge{bridge.wanted.name, std::nullopt}, done});
}

void Stewards::remember(const std::vector<store::OwnedSubscription>& owned,
                        const std::string& bridge) {
    for (const store::OwnedSubscription& each : owned) {
        SubscriptionPlan plan;
        plan.topic = each.topic;
        plan.how = SubscriptionPlan::How::Relay;
        plan.target = bridge;
        history_.subscriptions.emplace(each.source, std::move(plan));
    }
}

void Stewards::rewind() {
    const auto row = draw_row([](const store::SubscriptionRow&) { return true; });
    if (!row) return;
    const auto behind = draw_place(row->topic);
    if (!behind) return;
    const std::uint64_t number = ask(What::Rewind, row->name, number_of(*behind));
    process_->coordinator().post(
        engine::Rewind{row->name, *behind, [this, number](const engine::Rewind::Result& result) {
                           answered(number, how_of<engine::Rewind::Done>(result));
                       }});
}

void Stewards::settle_letters() {
    const auto row =
        draw_row([](const store::SubscriptionRow& each) { return each.dead_letters > 0; });
    if (!row) return;
    auto letters = process_->reader().dead_letters(row->key, {}, kLettersRead);
    if (!letters || letters->empty()) return;
    if (random_.one_in(2)) letters->erase(letters->begin() + 1, letters->end());
    std::vector<std::int64_t> offsets;
    for (const store::DeadLetter& letter : *letters) offsets.push_back(number_of(letter.offset));
    const bool is_again = !random_.one_in(3);
    const std::uint64_t number =
        ask(is_again ? What::Revive : What::Discard, row->name, 0, std::move(offsets));
    using LettersHow = engine::SettleDeadLetters::How;
    process_->coordinator().post(engine::SettleDeadLetters{
        row->name, std::move(*letters), is_again ? LettersHow::DeliverAgain : LettersHow::Discard,
        [this, number](const engine::SettleDeadLetters::Result& result) {
            answered(number, how_of<engine::SettleDeadLetters::Done>(result));
        }});
}

// ---- Places ------------------------------------------------------------------------------------

std::optional<store::Offset> Stewards::draw_place(const std::string& topic) {
    const auto last = process_->last_offset(topic);
    if (!last) return std::nullopt;
    switch (random_.below(4)) {
        case 0:
            return store::Offset{0};
        case 1: {
            const auto most = static_cast<std::uint64_t>(number_of(*last)) + 1;
            return store::Offset{static_cast<std::int64_t>(random_.below(most))};
        }
        case 2:
            return store::Offset{std::max<std::int64_t>(0, number_of(*last) - 3)};
        default:
            break;
    }
    return *last;
}

std::optional<store::SubscriptionRow> Stewards::draw_row(
    const std::function<bool(const store::SubscriptionRow&)>& is_wanted) {
    auto rows = process_->reader().subscriptions("", kRowsRead);
    if (!rows) return std::nullopt;
    std::erase_if(*rows, [&is_wanted](const auto& row) { return !is_wanted(row); });
    if (rows->empty()) return std::nullopt;
    return std::move((*rows)[random_.below(rows->size())]);
}

std::uint64_t Stewards::ask(What what, std::string name, std::int64_t behind,
                            std::vector<std::int64_t> letters) {
    open_.emplace(++last_, what);
    see_(ChangeAsked{last_, what, std::move(name), behind, std::move(letters)});
    return last_;
}

void Stewards::answered(std::uint64_t number, ChangeAnswered::How how) {
    const auto found = open_.find(number);
    if (found == open_.end()) return;
    if (how == ChangeAnswered::How::Done) counters_.count(counted(found->second));
    open_.erase(found);
    see_(ChangeAnswered{number, how});
}

}  // namespace skald::simulation
