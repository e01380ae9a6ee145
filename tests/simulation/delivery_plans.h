#pragma once

#include <string>
#include <vector>

#include "sagas/json.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

// ---- Topics and events that are there for subscribers and triggers
// -------------------------------

inline constexpr const char* kShop = "shop";
inline constexpr const char* kYard = "shop.yard";
inline constexpr const char* kSagaView = "skald.sagas";

/// The first part of a batch of events that nobody asked for: with two sources, some types, and
/// several subjects or none. Without its id.
sagas::Json draw_shop_event(Random& random);

// ---- Triggers
// ------------------------------------------------------------------------------------

/// Some definitions get one; later versions of a name mostly the same one.
void draw_triggers(Random& random, std::vector<DefinitionPlan>& plans);
/// The starts that some events will make; numbered from `number` on.
std::vector<StartPlan> draw_triggered_starts(Random& random, std::uint64_t number,
                                             const std::vector<DefinitionPlan>& plans);
/// In Skald's language.
sagas::Json trigger_documents(const DefinitionPlan& plan);
/// The event that makes this start. Precondition: an event does.
sagas::Json trigger_event(const StartPlan& start);
/// One of its kind from which no input can be made.
sagas::Json bad_trigger_event(const TriggerPlan& trigger, const std::string& id);

// ---- Subscriptions
// -------------------------------------------------------------------------------

/// As somebody wants one.
struct WantedSubscription {
    SubscriptionPlan plan;
    std::string document;
};
/// Of `topics`, or of the topic that it has: then it is another version.
WantedSubscription draw_subscription(Random& random, const std::string& name,
                                     const std::vector<std::string>& topics);
/// The same for a receiver whose secret is the right one; what is pulled stays as it is.
WantedSubscription with_right_secret(WantedSubscription wanted);

// ---- Bridges
// -------------------------------------------------------------------------------------

/// What goes out over a bridge: topics and the broker's subjects, one of each.
struct WantedBridge {
    std::string name;
    std::vector<std::string> topics;
};
std::string broker_subject(const std::string& topic);
std::string bridge_document(const WantedBridge& bridge);

/// Secrets of the server, by name: the receivers' own, and another one.
inline constexpr const char* kRightSecret =
    "whsec_cmVjZWl2ZXJzIGtub3cgdGhpcyBvbmUsIGFuZCBubyBvdGhlcg==";
inline constexpr const char* kWrongSecret =
    "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgd2hpY2ggaXMgbm90IGl0";

}  // namespace skald::simulation
