#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/document.h"
#include "api/problem.h"
#include "api/topic_log.h"
#include "engine/deliveries.h"
#include "store/store.h"

namespace skald::api {

/// How far subscriptions are behind their topics. Asks for the end of each topic once.
class SubscriptionLags {
 public:
    explicit SubscriptionLags(const TopicLog& log) : log_(log) {}

    /// Events of its topic that are not settled yet; of kSagaTopic, positions.
    /// Errors: Unavailable, Corruption.
    sagas::Result<std::uint64_t> of(const store::SubscriptionRow& row);

 private:
    const TopicLog log_;
    std::map<std::string, store::Offset> ends_;
};

/// Where the events of `topic` end now; 0: there is none. Errors: Unavailable, Corruption.
sagas::Result<store::Offset> end_of_topic(const TopicLog& log, const std::string& topic);

/// {name, owner?, topic, version, created_at, changed_at, cursor, lag, failing, dead_letters,
/// document}
Document subscription_document(const store::SubscriptionRow& row, std::uint64_t lag);

/// Of all subscriptions. Errors: Unavailable, Corruption.
sagas::Result<std::vector<store::SubscriptionRow>> all_subscriptions(const store::Reader& reader);

/// The name of one that others may make: `[a-z][a-z0-9_.-]{0,126}`.
bool is_subscription_name(std::string_view name);
/// InvalidRequest where `name` is that of none, else SubscriptionNotFound.
Problem no_such_subscription(std::string_view name);
/// "definition order" of "definition/order".
std::string owner_text(const std::string& owner);

// ---- Leases, as those who fetch events hold them -----------------------------------------------

/// "17-1c9f": offset and number.
std::string lease_text(const engine::Lease& lease);
/// None: it is none.
std::optional<engine::Lease> read_lease(std::string_view text);

}  // namespace skald::api
