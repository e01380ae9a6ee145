#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "engine/subscriptions.h"

/// What became of deliveries, as rows. It is gathered once for each batch, so that no row of a
/// batch speaks against another one.
namespace skald::engine {
namespace {

/// What nobody waits for is written with the next batch that is written anyway, and so late at
/// most: a commit for each answer of each push would be many.
constexpr sagas::Milliseconds kWriteOutcomesAfter{20};
/// What was passed over: after a restart it would be passed over again.
constexpr sagas::Milliseconds kWritePassedAfter{1'000};

}  // namespace

void Subscriptions::note_unwritten(Subscription& subscription, sagas::Timestamp now) {
    using Unwritten = Deliveries::Unwritten;
    const Unwritten unwritten = subscription.deliveries.unwritten();
    const bool has_outcomes = unwritten == Unwritten::Outcomes || !subscription.revived.empty();
    const bool is_awaited = std::exchange(subscription.is_awaited, false);
    if (!has_outcomes && unwritten == Unwritten::Nothing) return;
    if (has_outcomes) writable_.insert(subscription.key);
    const sagas::Timestamp latest = now + (has_outcomes ? kWriteOutcomesAfter : kWritePassedAfter);
    subscription.write_at = std::min(subscription.write_at.value_or(latest), latest);
    if (is_awaited || is_draining_ || *subscription.write_at <= now) {
        writable_.insert(subscription.key);
        is_write_due_ = true;
        subscription.write_at.reset();
    }
}

void Subscriptions::write(store::SubscriptionRows& rows, Batch batch) {
    if (batch == Batch::WrittenIfNeeded && !is_write_due_) return;
    is_write_due_ = false;
    for (const store::SubscriptionKey key : std::exchange(writable_, {})) {
        write(*all_.at(key), rows);
    }
    stir_if_roomy_again();
}

void Subscriptions::write(Subscription& subscription, store::SubscriptionRows& rows) {
    const store::SubscriptionKey key = subscription.key;
    DeliveryChanges changes = subscription.deliveries.changes();
    if (changes.progress) {
        rows.progress.push_back(
            {key, changes.progress->cursor, std::move(changes.progress->settled)});
    }
    for (const store::Offset offset : changes.ended_tries) rows.ended.push_back({key, offset});
    for (DeliveryTry& each : changes.tries) {
        rows.failed.push_back(
            {key, each.offset, each.attempts, each.next_at, std::move(each.error)});
    }
    for (const store::Offset offset : std::exchange(subscription.revived, {})) {
        rows.revived.push_back({key, offset});
    }
    for (const store::Offset offset : changes.ended_dead_letters) {
        rows.buried.push_back({key, offset});
    }
    for (DeadLetter& each : changes.dead_letters) {
        spdlog::warn(
            "subscription {}: event {} of topic {} went to the dead letters after {} "
            "attempts: {}",
            subscription.name, static_cast<std::int64_t>(each.offset), subscription.document.topic,
            each.attempts, each.error);
        rows.dead.push_back({key, each.offset, each.attempts, each.at, std::move(each.error),
                             subscription.texts.at(each.offset)});
        subscription.over.push_back(each.offset);
    }
    drop_texts(subscription);
    subscription.write_at.reset();
    // There may be room again for what it did not read.
    if (subscription.may_have_more && !subscription.is_reading) stir(subscription);
}

void Subscriptions::drop_texts(Subscription& subscription) {
    if (std::exchange(subscription.are_all_in_doubt, false)) {
        for (const auto& [offset, text] : subscription.texts) subscription.over.push_back(offset);
    }
    for (const store::Offset offset : std::exchange(subscription.over, {})) {
        if (!subscription.deliveries.is_open(offset)) subscription.drop_text(offset);
    }
}

}  // namespace skald::engine
