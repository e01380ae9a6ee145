#include "tests/simulation/feeds.h"

#include <utility>

#include "tests/simulation/delivery_plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;
using sagas::Json;

constexpr std::int64_t kGaps[] = {800, 3'000, 9'000};

}  // namespace

Feeds::Feeds(Timeline& timeline, Publishers& publishers, Random random, Counters& counters,
             const History& history, std::vector<std::string> bridges, std::int64_t pace)
    : timeline_(timeline),
      publishers_(publishers),
      random_(random),
      counters_(counters),
      history_(history),
      bridges_(std::move(bridges)),
      pace_(pace),
      gap_(kGaps[random_.below(std::size(kGaps))]) {}

void Feeds::begin() {
    for (const StartPlan& start : history_.starts) {
        if (!start.event) continue;
        const Time when = pace_ * Time{random_.between(50, 20'000)};
        timeline_.after(when, Owner::World, [this, &start] {
            publishers_.publish(start.event->topic, {trigger_event(start)});
        });
    }
    publish_later();
}

void Feeds::publish_later() {
    timeline_.after(pace_ * Time{random_.between(20, gap_)}, Owner::World, [this] {
        if (is_over_) return;
        if (random_.one_in(12)) publish_bad_trigger();
        publish_some();
        publish_later();
    });
}

void Feeds::publish_some() {
    std::vector<Json> events;
    const bool is_inbound = !bridges_.empty() && random_.one_in(4);
    const std::string* bridge = is_inbound ? &bridges_[random_.below(bridges_.size())] : nullptr;
    for (std::uint64_t count = 1 + random_.below(5); count > 0; --count) {
        Json event = draw_shop_event(random_);
        event["id"] = "feed-" + std::to_string(++last_);
        if (bridge != nullptr) event["skaldbridge"] = *bridge;
        events.push_back(std::move(event));
    }
    if (bridge != nullptr) counters_.count("events came in over a bridge");
    publishers_.publish(random_.one_in(3) ? kYard : kShop, std::move(events));
}

void Feeds::publish_bad_trigger() {
    for (const DefinitionPlan& plan : history_.definitions) {
        if (plan.triggers.empty() || !random_.one_in(2)) continue;
        const std::string id = "unclear-" + std::to_string(++last_);
        publishers_.publish(kShop, {bad_trigger_event(plan.triggers[0], id)});
        return;
    }
}

}  // namespace skald::simulation
