#include "tests/events/services.h"

#include <nlohmann/json.hpp>
#include <string>

namespace skald::events {
namespace {

using nlohmann::json;

constexpr std::size_t kServers = 2;
constexpr std::uint64_t kTwiceAnsweredOf = 17;  ///< One order of so many.
constexpr const char* kFetch = R"({"limit":100,"wait":"1s"})";
constexpr const char* kRepliesHeader = "Content-Type: application/cloudevents-batch+json\r\n";
constexpr std::string_view kSagaType = "dev.skald.saga.";

bool is_end(std::string_view status) {
    return status == "completed" || status == "compensated" || status == "abandoned";
}

}  // namespace

Services::Services(Course& course, SagaBooks& books, std::uint16_t skald)
    : course_(course), books_(books), skald_(skald) {
    for (std::size_t i = 0; i < kServers; ++i) threads_.emplace_back([this] { serve(); });
    threads_.emplace_back([this] { watch(); });
}

json Services::answer(const json& command) {
    const Command entered{command.at("sagaid"), command.at("sagastep"), command.at("sagaphase"),
                          command.at("sagakey"), command.at("data").at("order")};
    books_.enter(entered);
    const bool is_refusal = entered.step == "charge" && is_refused(entered.order);
    json reply = {{"specversion", "1.0"},       {"id", entered.key},
                  {"source", "/services"},      {"type", is_refusal ? "refused" : "done"},
                  {"sagaid", entered.saga},     {"sagastep", entered.step},
                  {"sagaphase", entered.phase}, {"data", {{"order", entered.order}}}};
    json replies = json::array({reply});
    if (entered.order % kTwiceAnsweredOf == 0) {
        reply["id"] = entered.key + "/again";
        replies.push_back(reply);
    }
    return replies;
}

void Services::serve() try {
    outside::HttpClient client(skald_);
    while (const auto page =
               ask(course_, client, "POST", "/v1/subscriptions/services/fetch", kFetch)) {
        json leases = json::array();
        json replies = json::array();
        const json read = json::parse(page->body);
        for (const json& each : read.at("events")) {
            leases.push_back(each.at("lease"));
            for (json& reply : answer(each.at("event"))) replies.push_back(std::move(reply));
        }
        if (leases.empty()) continue;
        const auto published = ask(course_, client, "POST", "/v1/topics/work.replies/events",
                                   replies.dump(), kRepliesHeader);
        if (published.has_value() && published->status != 202) {
            course_.fail("a reply was not taken: " + published->body);
        }
        ask(course_, client, "POST", "/v1/subscriptions/services/ack",
            json{{"leases", leases}}.dump());
    }
} catch (const std::exception& error) {
    course_.fail(std::string("services: ") + error.what());
}

void Services::watch() try {
    outside::HttpClient client(skald_);
    std::uint64_t after = 0;
    while (const auto page = ask(
               course_, client, "GET",
               "/v1/topics/skald.sagas/events?limit=1000&wait=2s&after=" + std::to_string(after))) {
        const json read = json::parse(page->body);
        const std::uint64_t next = read.at("next");
        if (next < after) {
            course_.fail("skald.sagas ends before what was read of it: " + page->body);
        }
        after = next;
        for (const json& each : read.at("events")) {
            const std::string type = each.at("event").at("type");
            const std::string status = type.substr(kSagaType.size());
            if (is_end(status)) books_.end(each.at("event").at("subject"), status);
        }
        course_.sagas_behind =
            course_.orders - std::min<std::uint64_t>(course_.orders, books_.ended());
    }
} catch (const std::exception& error) {
    course_.fail(std::string("skald.sagas: ") + error.what());
}

}  // namespace skald::events
