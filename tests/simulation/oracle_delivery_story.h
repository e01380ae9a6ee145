#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/oracle_event_story.h"

namespace skald::simulation {

/// Tells by hand what became of a few events of the topic "shop" and of its subscriptions. The
/// saga of the story completes meanwhile. Stands that it tells are durable at once.
class DeliveryStory : public EventStory {
 public:
    static constexpr const char* kShop = "shop";
    static constexpr const char* kAudit = "audit";

    DeliveryStory();

    // ---- The topic
    /// Events 1, 2, … as they are published: of one subject, of another, or (empty) of none.
    DeliveryStory& publish(const std::string& subject, const std::string& type = "sold",
                           const std::string& bridge = {});
    /// Each of those that will be there must be told first: the log is looked at in the end.
    LogEvent& event(std::int64_t offset) {
        return log()[kShop][static_cast<std::size_t>(offset - 1)];
    }

    // ---- Subscriptions
    /// Its document is `name`; a pull of all events of "shop", with three attempts, unless `plan`
    /// says otherwise.
    SubscriptionPlan& plan(const std::string& name = kAudit);
    /// Asked for, made behind `begin`, and answered. Told of it are those that follow.
    DeliveryStory& make(const std::string& name = kAudit, std::int64_t begin = 0);
    Stand& stand() { return stands_.at(key_); }
    Stands& stands() { return stands_; }
    /// Somebody looks; skald is told of the commit.
    DeliveryStory& look();
    DeliveryStory& settle(std::int64_t cursor);

    // ---- Deliveries
    /// By lease `lease`, for 10 s; by call `call`.
    DeliveryStory& give(std::int64_t offset, std::uint64_t lease, std::uint32_t attempt = 1);
    DeliveryStory& call(std::int64_t offset, std::uint64_t call, std::uint32_t attempt = 1);
    DeliveryStory& tell(std::uint64_t call, bool is_delivered);
    DeliveryStory& say(std::int64_t offset, std::uint64_t lease,
                       LeasesAsked::As as = LeasesAsked::As::Acknowledged);
    DeliveryStory& answer(std::vector<std::uint64_t> stale = {});
    /// Given, acknowledged, settled and answered: the next one.
    DeliveryStory& deliver(std::int64_t offset, std::uint64_t lease);

    // ---- Changes
    DeliveryStory& ask(ChangeAsked::What what, std::int64_t behind = 0,
                       std::vector<std::int64_t> letters = {});
    DeliveryStory& done();

    // ---- The broker
    DeliveryStory& store(std::int64_t offset, const std::string& message, bool is_repeat = false);

    DeliveryStory& restart();
    /// The rules that are broken.
    std::string broken();

 private:
    Stands stands_;
    std::int64_t key_ = 0;
    std::int64_t last_key_ = 0;
    std::uint64_t last_change_ = 0;
    std::uint64_t last_answer_ = 0;
};

}  // namespace skald::simulation
