#include "tests/torture/audit.h"

#include <nlohmann/json.hpp>
#include <string>

#include "tests/outside/http_message.h"

namespace skald::torture {
namespace {

using Json = nlohmann::json;

Json page_of(const std::optional<outside::HttpReply>& reply) {
    return reply.has_value() ? Json::parse(reply->body, nullptr, false) : Json();
}

/// Lists all sagas, page by page.
Listed list_all(Client& client, Books& books, Findings& findings) {
    Listed listed;
    std::string cursor;
    do {
        const auto reply = client.get("/v1/sagas?limit=200" + cursor);
        const Json page = page_of(reply);
        if (!page.is_object() || !page.contains("items")) {
            findings.add({Fault::Lost,
                          {},
                          "the list of sagas broke off: " + (reply ? reply->body : "no answer"),
                          {}});
            return listed;
        }
        for (const Json& item : page["items"]) {
            const std::string saga = item.value("id", "");
            const std::string status = item.value("status", "");
            std::string fault = books.audit(saga, status);
            if (!fault.empty()) {
                findings.add({Fault::Wrong, saga, std::move(fault), books.pages_of(saga)});
            }
            ++(parent_of(saga).empty() ? listed.started : listed.children[status]);
        }
        cursor = page.contains("next_cursor") ? "&cursor=" + page["next_cursor"].get<std::string>()
                                              : std::string();
    } while (!cursor.empty());
    return listed;
}

/// What skald counts itself is the same, with the children that it listed.
void compare_counts(Client& client, const Books& books, Listed& listed, Findings& findings) {
    const Json page = page_of(client.get("/v1/sagas?limit=1&count=true"));
    const Json counts = page.is_object() ? page.value("counts", Json()) : Json();
    const Totals totals = books.totals();
    for (const End end : {End::Completed, End::Compensated, End::Abandoned}) {
        const std::string status(name_of(end));
        const std::uint64_t ours =
            totals.ends.at(static_cast<std::size_t>(end)) + listed.children[status];
        const std::uint64_t theirs = counts.is_object() ? counts.value(status, 0ull) : 0;
        if (ours != theirs) {
            findings.add({Fault::Wrong,
                          {},
                          "skald counts " + std::to_string(theirs) + " sagas as " + status +
                              ", and told the clients so of " + std::to_string(ours),
                          {}});
        }
    }
}

}  // namespace

Listed audit(Client& client, Books& books, Findings& findings,
             std::optional<std::chrono::seconds> retain) {
    const auto since = std::chrono::steady_clock::now();
    Listed listed = list_all(client, books, findings);
    const Books::Unlisted unlisted =
        retain.has_value() ? books.unlisted_since(since - *retain / 2) : books.unlisted();
    std::uint64_t left = unlisted.count;
    for (const std::string& saga : unlisted.examples) {
        findings.add({Fault::Lost, saga, "it had ended, and is not there any more", {}});
        --left;
    }
    if (left != 0) {
        findings.add({Fault::Lost,
                      {},
                      std::to_string(left) + " more had ended, and are not there any more",
                      {}},
                     left);
    }
    for (const std::string& saga : books.unsettled()) {
        findings.add({Fault::Wrong, saga, "its calls belong to no saga that was acknowledged",
                      books.pages_of(saga)});
    }
    if (!retain.has_value()) {
        compare_counts(client, books, listed, findings);
    }
    return listed;
}

}  // namespace skald::torture
