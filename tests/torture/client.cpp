#include "tests/torture/client.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/benchmark/json_scan.h"

namespace skald::torture {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::chrono::milliseconds kPause{10};
/// For all tries of one request, which includes the time in which skald is down.
constexpr std::chrono::minutes kAnswerTime{3};

}  // namespace

std::optional<outside::HttpReply> Client::send(std::string_view method, const std::string& target,
                                               std::string_view json, std::string_view headers) {
    const Clock::time_point until = Clock::now() + kAnswerTime;
    bool is_noted = false;
    do {
        std::optional<outside::HttpReply> reply = http_.send(method, target, json, headers);
        if (reply.has_value() && reply->status != 503) {
            return reply;
        }
        if (!reply.has_value() && !std::exchange(is_noted, true)) {
            sights_.note(Sight::Unanswered);
        }
        if (!keeper_.pause(kPause)) {
            return std::nullopt;
        }
    } while (Clock::now() < until);
    findings_.add({Fault::Lost, {}, std::string(method) + ' ' + target + " got no answer", {}});
    return std::nullopt;
}

std::string Client::await_rest(const std::string& saga) {
    const Clock::time_point until = Clock::now() + patience_;
    std::string status;
    do {
        const auto reply = get("/v1/sagas/" + saga + "?wait=5s");
        if (!reply.has_value()) {
            return "lost: no answer";
        }
        if (reply->status != 200) {
            return "lost: " + std::to_string(reply->status) + ' ' + reply->body;
        }
        status = text_of(*reply, "status");
        if (is_rest(status)) {
            return status;
        }
    } while (Clock::now() < until);
    return "lost: it is still " + status;
}

std::string Client::describe(const std::string& saga) {
    std::string text;
    for (const std::string& target : {"/v1/sagas/" + saga, "/v1/sagas/" + saga + "/history"}) {
        const auto reply = get(target);
        if (!reply.has_value()) {
            return text;
        }
        text += "GET " + target + "  " + std::to_string(reply->status) + '\n';
        const Json document = Json::parse(reply->body, nullptr, false);
        const bool is_list = document.is_object() && document.contains("items");
        for (const Json& line : is_list ? document["items"] : Json::array({document})) {
            text += "  " + line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
        }
    }
    return text;
}

std::string text_of(const outside::HttpReply& reply, std::string_view member) {
    return std::string(benchmark::top_level_text(reply.body, member));
}

bool is_rest(std::string_view status) {
    return !status.empty() && status != "running" && status != "compensating";
}

}  // namespace skald::torture
