#include <utility>

#include "engine/subscriptions.h"
#include "sagas/check.h"

/// What the API asks of subscriptions. What must be durable before it is answered is written with
/// the batch of this turn.
namespace skald::engine {

void Subscriptions::take(Fetch command) {
    Subscription* const subscription = find(command.name);
    if (subscription == nullptr) {
        command.done(NoSuchSubscription{});
    } else if (!std::holds_alternative<Pull>(subscription->document.how)) {
        command.done(IsNotPulled{});
    } else if (fetches_ >= kFetchesMax && !drop_unwanted_fetches()) {
        command.done(Busy{Busy::Why::TooMuch, "too many requests wait for events"});
    } else {
        ++fetches_;
        subscription->fetches.push_back(std::move(command));
        stir(*subscription);
    }
}

/// Those whose askers are gone. Whether there were any.
bool Subscriptions::drop_unwanted_fetches() {
    const std::size_t before = fetches_;
    for (const auto& [key, subscription] : all_) {
        fetches_ -= std::erase_if(subscription->fetches, [](const Fetch& fetch) {
            const bool is_unwanted = fetch.is_wanted && !fetch.is_wanted();
            if (is_unwanted) fetch.done(std::vector<Fetch::Delivery>{});
            return is_unwanted;
        });
    }
    return fetches_ < before;
}

void Subscriptions::take(AnswerLeases command) {
    Subscription* const subscription = find(command.name);
    if (subscription == nullptr) {
        command.done(NoSuchSubscription{});
        return;
    }
    if (!std::holds_alternative<Pull>(subscription->document.how)) {
        command.done(IsNotPulled{});
        return;
    }
    std::vector<Lease> stale;
    for (const Lease& lease : command.leases) {
        if (!answer(*subscription, lease, command)) stale.push_back(lease);
    }
    stir(*subscription);
    subscription->is_awaited = true;
    parts_.when_durable(
        [done = std::move(command.done), stale = std::move(stale)] { done(stale); });
}

bool Subscriptions::answer(Subscription& subscription, const Lease& lease,
                           const AnswerLeases& command) {
    switch (command.as) {
        case AnswerLeases::As::Acknowledged:
            return delivered(subscription, lease);
        case AnswerLeases::As::Refused:
            return failed(subscription, lease, command.error);
        case AnswerLeases::As::Extended:
            return subscription.deliveries.extend(lease, parts_.clock.now() + command.by) ==
                   Deliveries::Answered::Done;
    }
    SKALD_CHECK(false);
}

void Subscriptions::take(Rewind command) {
    Subscription* const subscription = find(command.name);
    if (subscription == nullptr) {
        command.done(NoSuchSubscription{});
        return;
    }
    subscription->deliveries.restart(command.behind);
    subscription->are_all_in_doubt = true;
    subscription->may_have_more = true;
    ++subscription->readings;
    subscription->is_fresh = true;
    stir(*subscription);
    subscription->is_awaited = true;
    parts_.when_durable([done = std::move(command.done)] { done(Rewind::Done{}); });
}

void Subscriptions::take(SettleDeadLetters command) {
    Subscription* const subscription = find(command.name);
    if (subscription == nullptr) {
        command.done(NoSuchSubscription{});
        return;
    }
    // Of one of the same name that was deleted meanwhile.
    std::erase_if(command.letters, [subscription](const store::DeadLetter& letter) {
        return letter.subscription != subscription->key;
    });
    SettleDeadLetters::Done settled{command.letters.size()};
    if (command.how == SettleDeadLetters::How::DeliverAgain) {
        settled = revive_some(*subscription, std::move(command.letters));
    } else {
        for (const store::DeadLetter& letter : command.letters) {
            subscription->deliveries.bury(letter.offset);
            subscription->over.push_back(letter.offset);
        }
    }
    stir(*subscription);
    subscription->is_awaited = true;
    parts_.when_durable([done = std::move(command.done), settled] { done(settled); });
}

SettleDeadLetters::Done Subscriptions::revive_some(Subscription& subscription,
                                                   std::vector<store::DeadLetter> letters) {
    SettleDeadLetters::Done revived{0};
    for (store::DeadLetter& letter : letters) {
        const auto head = read_event_head(letter.event);
        const auto reopened = has_room(subscription) ? subscription.deliveries.reopen(
                                                           letter.offset, head ? head->subject : "")
                                                     : Deliveries::Reopened::NotNow;
        if (reopened == Deliveries::Reopened::NotNow) {
            revived.is_full = true;
            break;
        }
        if (reopened == Deliveries::Reopened::IsOver) continue;
        subscription.revived.push_back(letter.offset);
        subscription.keep_text(letter.offset, std::move(letter.event));
        ++revived.count;
    }
    return revived;
}

}  // namespace skald::engine
