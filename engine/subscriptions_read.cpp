#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "engine/subscriptions.h"

/// What comes from the log: events that were just published as they are, all else by reading on.
namespace skald::engine {
namespace {

constexpr std::uint32_t kPageRows = 200;
/// Of one subscription's open events, in memory; a page may go beyond it.
constexpr std::size_t kTextBytesMax = 4u << 20;
/// Of all subscriptions. One that has nothing open reads a page all the same.
constexpr std::size_t kTextBytesOfAllMax = 256u << 20;
/// Of all subscriptions at once: sagas are loaded by the same thread, and pages take memory.
constexpr std::size_t kReadingsMax = 8;
constexpr sagas::Milliseconds kReadAgainAfter{200};
constexpr sagas::Milliseconds kReadBrokenAgainAfter{10'000};

store::Offset one_before(store::Offset offset) {
    return store::Offset{static_cast<std::int64_t>(offset) - 1};
}

/// A topic comes to be with its first event.
bool has_no_events_yet(const std::string& topic, const sagas::Error& error) {
    return error.code == sagas::ErrorCode::NotFound && topic != kSagaTopic;
}

}  // namespace

// ---- What was just published -------------------------------------------------------------------

void Subscriptions::published(const store::NewEvent& event, store::Offset offset,
                              const std::variant<sagas::Json, EventHead>& known) {
    const auto [first, last] = by_topic_.equal_range(event.topic);
    if (first == last) return;
    const auto* const parsed = std::get_if<sagas::Json>(&known);
    const EventHead head = parsed != nullptr ? head_of(*parsed) : std::get<EventHead>(known);
    for (auto each = first; each != last; ++each) {
        Subscription& subscription = *all_.at(each->second);
        const bool is_next = subscription.deliveries.read_until() == one_before(offset);
        if (is_next && has_room(subscription) && !is_draining_ && !parts_.is_held()) {
            offer(subscription, offset, &head);
            if (subscription.deliveries.is_open(offset)) {
                subscription.keep_text(offset, event.event);
            }
        } else {
            subscription.may_have_more = true;
        }
        stir(subscription);
    }
}

void Subscriptions::grown(std::string_view topic) {
    const auto [first, last] = by_topic_.equal_range(topic);
    for (auto each = first; each != last; ++each) {
        Subscription& subscription = *all_.at(each->second);
        subscription.may_have_more = true;
        stir(subscription);
    }
}

// ---- Reading on --------------------------------------------------------------------------------

bool Subscriptions::is_crowded() const { return text_bytes_ >= kTextBytesOfAllMax; }

bool Subscriptions::has_room(const Subscription& subscription) const {
    return subscription.deliveries.room() > 0 && subscription.text_bytes < kTextBytesMax &&
           (subscription.texts.empty() || !is_crowded());
}

/// Whoever did not read on for want of memory may do so now.
void Subscriptions::stir_if_roomy_again() {
    const bool was_crowded = std::exchange(was_crowded_, is_crowded());
    if (!was_crowded || was_crowded_) return;
    for (const auto& [key, subscription] : all_) {
        if (subscription->may_have_more) stir(*subscription);
    }
}

void Subscriptions::read_on(Subscription& subscription) {
    const bool is_held_back = subscription.is_reading || !subscription.may_have_more ||
                              subscription.read_at || !has_room(subscription);
    if (is_held_back || is_draining_ || parts_.is_held()) return;
    const auto room = static_cast<std::uint32_t>(subscription.deliveries.room());
    // What is there goes first, so that pages are not read for the sake of one event.
    if (room < kPageRows && subscription.deliveries.has_ready()) return;
    if (readings_ >= kReadingsMax) {
        if (!std::exchange(subscription.waits_to_read, true)) {
            waiting_to_read_.push_back(subscription.key);
        }
        return;
    }
    ++readings_;
    subscription.is_reading = true;
    subscription.may_have_more = false;  // Unless the topic grows meanwhile, or the page is cut.
    const store::Offset after = subscription.deliveries.read_until();
    parts_.loader.load_events(
        subscription.document.topic, after, std::min(room, kPageRows),
        [this, key = subscription.key, reading = subscription.readings,
         after](sagas::Result<store::EventPage> page) {
            auto carried = std::make_shared<sagas::Result<store::EventPage>>(std::move(page));
            parts_.in_turn(
                [this, key, reading, after, carried] { take_page(key, reading, after, *carried); });
        });
}

/// As many as may read now, of those that wait for that.
void Subscriptions::stir_readers() {
    for (std::size_t free = kReadingsMax - readings_; free > 0 && !waiting_to_read_.empty();) {
        Subscription* const subscription = find(waiting_to_read_.front());
        waiting_to_read_.pop_front();
        if (subscription == nullptr) continue;  // Deleted meanwhile.
        subscription->waits_to_read = false;
        stir(*subscription);
        --free;
    }
}

void Subscriptions::take_page(store::SubscriptionKey key, std::uint64_t reading,
                              store::Offset after, sagas::Result<store::EventPage>& page) {
    --readings_;
    Subscription* const subscription = find(key);
    if (subscription == nullptr) return;
    subscription->is_reading = false;
    if (subscription->readings != reading) {
        subscription->may_have_more = true;  // It was rewound meanwhile.
    } else if (page) {
        take_rows(*subscription, after, *page);
        subscription->is_fresh = false;
    } else if (!has_no_events_yet(subscription->document.topic, page.error())) {
        read_again_later(*subscription, page.error());
    }
    stir(*subscription);
}

void Subscriptions::read_again_later(Subscription& subscription, const sagas::Error& error) {
    const bool is_busy = error.code == sagas::ErrorCode::Unavailable;
    if (!is_busy) {
        spdlog::error("events of topic {} can't be read for subscription {}: {}",
                      subscription.document.topic, subscription.name, error.message);
    }
    subscription.may_have_more = true;
    subscription.read_at = parts_.clock.now() + (is_busy ? kReadAgainAfter : kReadBrokenAgainAfter);
}

void Subscriptions::take_rows(Subscription& subscription, store::Offset after,
                              store::EventPage& page) {
    for (store::EventRow& row : page.rows) {
        pass_gap(subscription, after, one_before(row.offset));
        after = row.offset;
        if (row.offset <= subscription.deliveries.read_until()) continue;  // Published meanwhile.
        const auto head = read_event_head(row.event);
        if (offer(subscription, row.offset, head ? &*head : nullptr) ==
            Deliveries::Offered::NotNow) {
            subscription.may_have_more = true;
            return;
        }
        if (subscription.deliveries.is_open(row.offset)) {
            subscription.keep_text(row.offset, std::move(row.event));
        }
    }
    subscription.may_have_more |= page.is_cut;
    if (!page.is_cut) pass_gap(subscription, after, page.last);
}

/// Between `after` and `through` there is nothing, or nothing any more.
void Subscriptions::pass_gap(Subscription& subscription, store::Offset after,
                             store::Offset through) {
    const std::uint64_t count = subscription.deliveries.skip(after, through);
    const bool is_lost =
        count > 0 && !subscription.is_fresh && subscription.document.topic != kSagaTopic;
    if (!is_lost) return;
    spdlog::warn(
        "subscription {} missed {} events of topic {}: the log let them go, up to offset {}, "
        "before they were delivered",
        subscription.name, count, subscription.document.topic, static_cast<std::int64_t>(through));
    parts_.telemetry.events_missed(subscription.name, count);
}

/// `head` null: it can't be read, and nobody can want it.
Deliveries::Offered Subscriptions::offer(Subscription& subscription, store::Offset offset,
                                         const EventHead* head) {
    const auto* relay = std::get_if<Relay>(&subscription.document.how);
    const bool is_from_there = head != nullptr && relay != nullptr && head->bridge == relay->bridge;
    const bool is_wanted =
        head != nullptr && subscription.document.filter.wants(*head) && !is_from_there;
    return subscription.deliveries.offer(
        offset, head != nullptr ? std::string_view(head->subject) : std::string_view(),
        is_wanted ? Deliveries::Wanted::Yes : Deliveries::Wanted::No);
}

}  // namespace skald::engine
