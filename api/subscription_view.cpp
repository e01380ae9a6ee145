#include "api/subscription_view.h"

#include <charconv>
#include <utility>

#include "api/query_parameters.h"
#include "api/services.h"
#include "api/topic_view.h"
#include "engine/offset_ranges.h"

namespace skald::api {
namespace {

using store::Offset;

constexpr std::uint32_t kRowsAtOnce = 200;
constexpr std::uint64_t kLargestOffset = std::uint64_t{1} << 62;
constexpr int kHexadecimal = 16;

}  // namespace

sagas::Result<Offset> end_of_topic(const TopicLog& log, const std::string& topic) {
    auto end = log.last(topic);
    if (!end && end.error().code == sagas::ErrorCode::NotFound) return Offset{0};
    return end;
}

sagas::Result<std::uint64_t> SubscriptionLags::of(const store::SubscriptionRow& row) {
    auto end = ends_.find(row.topic);
    if (end == ends_.end()) {
        const auto last = end_of_topic(log_, row.topic);
        if (!last) return tl::unexpected(last.error());
        end = ends_.emplace(row.topic, *last).first;
    }
    const auto settled = engine::OffsetRanges::parse(row.settled);
    if (!settled) return tl::unexpected(settled.error());
    const auto behind_cursor =
        static_cast<std::int64_t>(end->second) - static_cast<std::int64_t>(row.cursor);
    const std::int64_t lag =
        behind_cursor - static_cast<std::int64_t>(settled->count_behind(row.cursor));
    return lag > 0 ? static_cast<std::uint64_t>(lag) : 0;  // The database may be an older copy.
}

Document subscription_document(const store::SubscriptionRow& row, std::uint64_t lag) {
    Document document;
    document["name"] = row.name;
    set_text(document, "owner", row.owner);
    document["topic"] = row.topic;
    document["version"] = row.version;
    set_time(document, "created_at", row.created_at);
    set_time(document, "changed_at", row.changed_at);
    document["cursor"] = static_cast<std::int64_t>(row.cursor);
    document["lag"] = lag;
    document["failing"] = row.failing;
    document["dead_letters"] = row.dead_letters;
    document["document"] = Document::parse(row.source, nullptr, false);
    return document;
}

sagas::Result<std::vector<store::SubscriptionRow>> all_subscriptions(const store::Reader& reader) {
    std::vector<store::SubscriptionRow> all;
    while (true) {
        const std::string after = all.empty() ? std::string() : all.back().name;
        auto page = read_again([&] { return reader.subscriptions(after, kRowsAtOnce); });
        if (!page) return tl::unexpected(page.error());
        for (store::SubscriptionRow& row : *page) all.push_back(std::move(row));
        if (page->size() < kRowsAtOnce) return all;
    }
}

bool is_subscription_name(std::string_view name) { return is_topic_name(name); }

Problem no_such_subscription(std::string_view name) {
    const bool may_be_owned = name.find(':') != std::string_view::npos;
    if (!is_subscription_name(name) && !may_be_owned) {
        return make_problem(ProblemType::InvalidRequest,
                            "subscription name: " + std::string(kTopicNameRule));
    }
    return make_problem(ProblemType::SubscriptionNotFound,
                        "There is no subscription " + std::string(name) +
                            "; GET /v1/subscriptions lists those that there are.");
}

std::string owner_text(const std::string& owner) {
    std::string text = owner;
    const auto slash = text.find('/');
    if (slash != std::string::npos) text[slash] = ' ';
    return text;
}

std::string lease_text(const engine::Lease& lease) {
    std::string number(16, '0');
    const auto end =
        std::to_chars(number.data(), number.data() + number.size(), lease.number, kHexadecimal);
    number.resize(static_cast<std::size_t>(end.ptr - number.data()));
    return std::to_string(static_cast<std::int64_t>(lease.offset)) + "-" + number;
}

std::optional<engine::Lease> read_lease(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto offset = to_number(text.substr(0, dash), 1, kLargestOffset);
    const std::string_view digits = text.substr(dash + 1);
    engine::Lease lease{};
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, lease.number, kHexadecimal);
    if (!offset || error != std::errc() || stop != end) return std::nullopt;
    lease.offset = Offset{static_cast<std::int64_t>(*offset)};
    return lease_text(lease) == text ? std::optional(lease) : std::nullopt;
}

}  // namespace skald::api
