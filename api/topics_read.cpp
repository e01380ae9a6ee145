#include <algorithm>
#include <utility>

#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/topic_view.h"

namespace skald::api {
namespace {

constexpr std::string_view kTopicList = "topics";

std::string name_of(const Document& item) { return item["name"].get<std::string>(); }

/// Up to `count` topics by name, from above `after` on; kSagaTopic is one of them.
sagas::Result<std::vector<Document>> read_items(const Services& services, const std::string& after,
                                                std::uint32_t count) {
    const auto rows = read_again([&] { return services.reader.topics(after, count); });
    if (!rows) return tl::unexpected(rows.error());
    std::vector<Document> items;
    for (const store::TopicRow& row : *rows) items.push_back(topic_item(row));
    const bool is_full = items.size() == count;
    const bool has_own =
        after < kSagaTopic && (!is_full || kSagaTopic < std::string_view(rows->back().name));
    if (!has_own) return items;
    const auto last = read_again([&] { return services.reader.last_position(); });
    if (!last) return tl::unexpected(last.error());
    const auto place = std::find_if(items.begin(), items.end(), [](const Document& item) {
        return name_of(item) > kSagaTopic;
    });
    items.insert(place, saga_topic_item(*last));
    if (is_full) items.pop_back();
    return items;
}

Answer get_saga_topic(const Services& services) {
    const auto last = read_again([&] { return services.reader.last_position(); });
    if (!last) return to_problem(last.error());
    return json_reply(200, saga_topic_item(*last));
}

}  // namespace

Answer list_topics(const Services& services, const Request& request) {
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return limit.error();
    const auto after = read_cursor_of(request, kTopicList);
    if (!after) return after.error();
    const std::uint32_t count = limit->value_or(kPageDefault);
    auto found = read_items(services, after->value_or(""), count + 1);
    if (!found) return to_problem(found.error());
    std::optional<std::string> next;
    if (found->size() > count) {
        found->pop_back();
        next = name_of(found->back());
    }
    Document items = Document::array();
    for (Document& item : *found) items.push_back(std::move(item));
    return page_reply(request, "/v1/topics", kTopicList, std::move(items), next);
}

Answer get_topic(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    if (!is_topic_name(name)) return no_such_topic(name, std::nullopt);
    const auto version = read_integer(request, "version", kVersionMax);
    if (!version) return version.error();
    if (name == kSagaTopic && !*version) return get_saga_topic(services);
    const auto row = read_again([&] { return services.reader.topic(name, *version); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) {
        return no_such_topic(name, *version);
    }
    if (!row) return to_problem(row.error());
    Reply reply = json_reply(200, topic_document(*row));
    if (row->version > 0) reply.headers.emplace_back("ETag", entity_tag(row->version));
    return reply;
}

}  // namespace skald::api
