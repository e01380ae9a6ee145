#include <optional>
#include <string>
#include <utility>

#include "api/bridge/view.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/query_parameters.h"

namespace skald::api {
namespace {

constexpr std::string_view kBridgeList = "bridges";

}  // namespace

Answer list_bridges(const Services& services, const Request& request) {
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return limit.error();
    const auto after = read_cursor_of(request, kBridgeList);
    if (!after) return after.error();
    const std::uint32_t count = limit->value_or(kPageDefault);
    const auto rows =
        read_again([&] { return services.reader.bridges(after->value_or(""), count + 1); });
    if (!rows) return to_problem(rows.error());
    SubscriptionLags lags(TopicLog(services.reader, services.catalog));
    Document items = Document::array();
    std::optional<std::string> next;
    for (const store::BridgeRow& row : *rows) {
        if (items.size() == count) {
            next = items.back()["name"].get<std::string>();
            break;
        }
        auto item = bridge_document(services, row, lags);
        if (!item) return to_problem(item.error());
        items.push_back(std::move(*item));
    }
    return page_reply(request, "/v1/bridges", kBridgeList, std::move(items), next);
}

Answer get_bridge(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto row = read_again([&] { return services.reader.bridge(name); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) return no_such_bridge(name);
    if (!row) return to_problem(row.error());
    SubscriptionLags lags(TopicLog(services.reader, services.catalog));
    const auto document = bridge_document(services, *row, lags);
    if (!document) return to_problem(document.error());
    Reply reply = json_reply(200, *document);
    reply.headers.emplace_back("ETag", entity_tag(row->version));
    return reply;
}

}  // namespace skald::api
