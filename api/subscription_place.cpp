#include "api/subscription_place.h"

#include <algorithm>
#include <variant>

#include "api/subscription_view.h"

namespace skald::api {

sagas::Result<store::Offset> find_place(const TopicLog& log, const std::string& topic,
                                        const TopicPlace& place) {
    auto end = end_of_topic(log, topic);
    if (!end) return end;
    if (const auto* offset = std::get_if<store::Offset>(&place)) return std::min(*offset, *end);
    const auto* time = std::get_if<sagas::Timestamp>(&place);
    if (time == nullptr) return end;
    auto before = log.offset_before(topic, *time);
    if (!before && before.error().code == sagas::ErrorCode::NotFound) return store::Offset{0};
    return before;
}

TopicPlace read_place(const sagas::Json& from, sagas::Problems& problems) {
    // As it stands in the document of a subscription.
    const sagas::Json document = {{"topic", "t"}, {"pull", sagas::Json::object()}, {"from", from}};
    return engine::read_subscription(document, engine::Author::People, problems).from;
}

}  // namespace skald::api
