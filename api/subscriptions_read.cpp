#include <optional>
#include <string>
#include <utility>

#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/json_writer.h"
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/subscription_view.h"

namespace skald::api {
namespace {

constexpr std::string_view kSubscriptionList = "subscriptions";
constexpr std::uint32_t kLettersDefault = 100;
constexpr std::uint32_t kLettersMax = 1'000;

Problem row_failure(const std::string& name, const sagas::Error& error) {
    if (error.code == sagas::ErrorCode::NotFound) return no_such_subscription(name);
    return to_problem(error);
}

void write_letter(JsonWriter& to, const store::DeadLetter& letter) {
    to.begin_object();
    to.member("offset").number(static_cast<std::int64_t>(letter.offset));
    to.member("attempts").number(letter.attempts);
    to.member("at").time(letter.at);
    to.member("error").text(letter.error);
    to.member("revived").boolean(letter.is_revived);
    to.member("event").raw(letter.event);
    to.end_object();
}

}  // namespace

Answer list_subscriptions(const Services& services, const Request& request) {
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return limit.error();
    const auto after = read_cursor_of(request, kSubscriptionList);
    if (!after) return after.error();
    const std::uint32_t count = limit->value_or(kPageDefault);
    const auto rows =
        read_again([&] { return services.reader.subscriptions(after->value_or(""), count + 1); });
    if (!rows) return to_problem(rows.error());
    SubscriptionLags lags(TopicLog(services.reader, services.catalog));
    Document items = Document::array();
    std::optional<std::string> next;
    for (const store::SubscriptionRow& row : *rows) {
        if (items.size() == count) {
            next = items.back()["name"].get<std::string>();
            break;
        }
        const auto lag = lags.of(row);
        if (!lag) return to_problem(lag.error());
        items.push_back(subscription_document(row, *lag));
    }
    return page_reply(request, "/v1/subscriptions", kSubscriptionList, std::move(items), next);
}

Answer get_subscription(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto row = read_again([&] { return services.reader.subscription(name); });
    if (!row) return row_failure(name, row.error());
    const auto lag = SubscriptionLags(TopicLog(services.reader, services.catalog)).of(*row);
    if (!lag) return to_problem(lag.error());
    Reply reply = json_reply(200, subscription_document(*row, *lag));
    reply.headers.emplace_back("ETag", entity_tag(row->version));
    return reply;
}

Answer list_dead_letters(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto limit = read_integer(request, "limit", kLettersMax);
    if (!limit) return limit.error();
    const auto after = read_text(request, "after");
    if (!after) return after.error();
    const auto behind = to_offset("after", after->value_or("0"));
    if (!behind) return behind.error();
    const auto row = read_again([&] { return services.reader.subscription(name); });
    if (!row) return row_failure(name, row.error());
    const auto letters = read_again([&] {
        return services.reader.dead_letters(row->key, *behind, limit->value_or(kLettersDefault));
    });
    if (!letters) return to_problem(letters.error());
    JsonWriter to;
    to.begin_object();
    to.member("dead_letters").begin_array();
    for (const store::DeadLetter& letter : *letters) write_letter(to, letter);
    to.end_array();
    const store::Offset next = letters->empty() ? *behind : letters->back().offset;
    to.member("next").number(static_cast<std::int64_t>(next));
    to.end_object();
    return json_text_reply(200, to.take());
}

}  // namespace skald::api
