#include "tests/crash/saga_client.h"

#include <nlohmann/json.hpp>

#include "tests/outside/http_message.h"

namespace skald::crash {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kPause{5};

std::string text_member(const Json& object, const char* name) {
    const auto member = object.is_object() ? object.find(name) : object.end();
    return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

/// The target of `Link: <…>; rel="next"`, or none.
std::string next_page(const std::string& headers) {
    const std::string link(outside::find_header(headers, "Link").value_or(""));
    const std::size_t begin = link.find('<');
    const std::size_t end = link.find('>');
    if (link.find("rel=\"next\"") == std::string::npos || end == std::string::npos) {
        return {};
    }
    const std::string url = link.substr(begin + 1, end - begin - 1);
    const std::size_t path = url.find("/v1/");
    return path == std::string::npos ? std::string() : url.substr(path);
}

}  // namespace

std::optional<outside::HttpReply> SagaClient::send(std::string_view method,
                                                   const std::string& target, std::string_view json,
                                                   std::string_view headers) {
    while (true) {
        const std::uint16_t port = supervisor_.await_port();
        if (port == 0) {
            return std::nullopt;
        }
        if (!client_.has_value() || client_->port() != port) {
            client_.emplace(port);
        }
        std::optional<outside::HttpReply> reply = client_->send(method, target, json, headers);
        if (reply.has_value() && reply->status != 503) {
            return reply;
        }
        supervisor_.pause(kPause);
    }
}

Start make_start(std::uint64_t seed, std::size_t number, std::string_view story) {
    const std::string name = "crash-" + std::to_string(seed) + '-' + std::to_string(number);
    Json body = {{"definition", "crash"}, {"input", {{"story", story}, {"number", number}}}};
    if (number % 2 == 0) {
        body["id"] = name;
        return {name, {}, body.dump()};
    }
    return {{}, name, body.dump()};
}

StartAnswer start(SagaClient& client, const Start& start) {
    const std::string headers =
        start.id.empty() ? "Idempotency-Key: \"" + start.idempotency_key + "\"\r\n" : "";
    const auto reply = client.send("POST", "/v1/sagas", start.body, headers);
    if (!reply.has_value()) {
        return {{}, "no skald to start it"};
    }
    const std::string id = text_member(Json::parse(reply->body, nullptr, false), "id");
    if (reply->status / 100 != 2 || id.empty()) {
        return {{}, std::to_string(reply->status) + ' ' + reply->body};
    }
    return {id, {}};
}

CallbackAnswer call_back(SagaClient& client, const std::string& target, std::string_view outcome) {
    const auto reply = client.send("POST", target, Json{{"outcome", outcome}}.dump());
    if (!reply.has_value()) {
        return {false, "no skald to tell it"};
    }
    const Json body = Json::parse(reply->body, nullptr, false);
    if (reply->status != 200 || !body.is_object() || !body.contains("taken")) {
        return {false, std::to_string(reply->status) + ' ' + reply->body};
    }
    return {body["taken"] == true, {}};
}

std::string await_end(SagaClient& client, const std::string& saga) {
    while (true) {
        const auto reply = client.get("/v1/sagas/" + saga + "?wait=30s");
        if (!reply.has_value()) {
            return "no skald to ask";
        }
        const std::string status = text_member(Json::parse(reply->body, nullptr, false), "status");
        if (reply->status != 200 && reply->status != 202) {
            return std::to_string(reply->status) + ' ' + reply->body;
        }
        if (status != "running" && status != "compensating") {
            return status;
        }
    }
}

std::map<std::string, std::size_t> count_by_status(SagaClient& client) {
    std::map<std::string, std::size_t> counts;
    std::string page = "/v1/sagas?limit=200";
    while (!page.empty()) {
        const auto reply = client.get(page);
        const Json list =
            reply.has_value() ? Json::parse(reply->body, nullptr, false) : Json(nullptr);
        if (!list.is_object() || !list.contains("items")) {
            ++counts["an unexpected answer: " + (reply.has_value() ? reply->body : "none")];
            break;
        }
        for (const Json& saga : list["items"]) {
            ++counts[text_member(saga, "status")];
        }
        page = next_page(reply->headers);
    }
    return counts;
}

std::string describe(SagaClient& client, const std::string& saga) {
    std::string text;
    for (const std::string& target : {"/v1/sagas/" + saga, "/v1/sagas/" + saga + "/history"}) {
        const auto reply = client.get(target);
        const Json document =
            reply.has_value() ? Json::parse(reply->body, nullptr, false) : Json(nullptr);
        text += "GET " + target + "\n" +
                document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    return text;
}

}  // namespace skald::crash
