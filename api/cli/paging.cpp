#include "api/cli/paging.h"

#include <algorithm>
#include <limits>
#include <ostream>
#include <utility>

#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

constexpr std::size_t kPageMax = 200;

tl::expected<Document, ListFailure> read_page(ServerClient& server, const std::string& target,
                                              std::size_t limit, const std::string& cursor) {
    std::string page = target + "limit=" + std::to_string(limit);
    if (!cursor.empty()) page += "&cursor=" + sagas::percent_encode(cursor);
    auto reply = server.send({"GET", page, "", {}});
    if (!reply || reply->status != 200 || !reply->body.contains("items")) {
        return tl::unexpected(ListFailure{std::move(reply)});
    }
    return std::move(reply->body);
}

}  // namespace

tl::expected<Listed, ListFailure> read_pages(ServerClient& server, const std::string& target,
                                             std::size_t limit) {
    Listed listed;
    std::string cursor;
    do {
        const std::size_t page_limit = std::min(limit - listed.items.size(), kPageMax);
        const auto page = read_page(server, target, page_limit, cursor);
        if (!page) return tl::unexpected(page.error());
        for (const Document& item : list_of(*page, "items")) listed.items.push_back(item);
        const std::string next = text_of(*page, "next_cursor");
        if (!next.empty() && next == cursor) {
            return tl::unexpected(ListFailure{sagas::fail(
                sagas::ErrorCode::Unavailable, "the server's list goes round in circles")});
        }
        cursor = next;
    } while (!cursor.empty() && listed.items.size() < limit);
    listed.has_more = !cursor.empty();
    return listed;
}

Exit list_all(Console& console, ServerClient& server, const std::string& plural,
              void (*print)(Console& console, const Document& items)) {
    const auto listed =
        read_pages(server, "/v1/" + plural + "?", std::numeric_limits<std::size_t>::max());
    if (!listed) return report_failure(console, listed.error());
    if (console.is_json()) {
        console.print({{"items", listed->items}});
    } else if (listed->items.empty()) {
        console.out() << "no " << plural << '\n';
    } else {
        print(console, listed->items);
    }
    return Exit::Done;
}

tl::expected<Listed, ListFailure> read_first_page(ServerClient& server, const std::string& target) {
    auto page = read_page(server, target, 1, "");
    if (!page) return tl::unexpected(page.error());
    return Listed{Document::array(), std::move(*page)};
}

std::string failure_text(const ListFailure& failure) {
    return failure.reply ? problem_text(*failure.reply) : printable(failure.reply.error().message);
}

Exit report_failure(Console& console, const ListFailure& failure) {
    if (failure.reply) return report_problem(console, *failure.reply);
    return console.fail(Exit::Failed, failure_text(failure));
}

}  // namespace skald::cli
