#include "tests/api/echo_server.h"

#include <gtest/gtest.h>

#include "sagas/check.h"

namespace skald::api {
namespace {

std::vector<Route> with_echo(std::vector<Route> routes, const Handler& echo) {
    routes.push_back({"GET", "/v1/things", "listThings", {}, {"limit", "cursor"}, {}, echo});
    routes.push_back({"POST", "/v1/things", "makeThing", {}, {"wait"}, {}, echo});
    routes.push_back({"POST", "/v1/things/batch", "makeThings", {}, {}, {}, echo});
    routes.push_back({"GET", "/v1/things/{id}", "getThing", {}, {}, {}, echo});
    routes.push_back({"PUT", "/v1/things/{id}", "putThing", {}, {}, {}, echo});
    routes.push_back({"DELETE", "/v1/things/{id}", "dropThing", {}, {}, {}, echo});
    routes.push_back({"GET", "/healthz", "getHealth", Audience::Ops, {}, {}, echo});
    return routes;
}

}  // namespace

EchoServer::EchoServer(HttpServerOptions options, std::vector<Route> more_routes)
    : table_(with_echo(std::move(more_routes),
                       [this](const Request& request) { return echo(request); })) {
    options.host = "127.0.0.1";
    options.port = 0;
    auto server = start_http_server(
        table_, std::move(options),
        [this](std::string_view operation_id, std::string_view method, int code) {
            const std::lock_guard lock(mutex_);
            seen_.push_back({std::string(operation_id), std::string(method), code});
        });
    SKALD_CHECK(server.has_value());
    server_ = std::move(*server);
}

Answer EchoServer::echo(const Request& request) {
    {
        const std::lock_guard lock(mutex_);
        ++handled_;
    }
    const sagas::Json json = {{"method", request.method}, {"path", request.path},
                              {"query", request.query},   {"headers", request.headers},
                              {"body", request.body},     {"id", request.id}};
    Reply reply;
    reply.body = json.dump(-1, ' ', false, sagas::Json::error_handler_t::replace);
    return reply;
}

RawReply EchoServer::ask(std::string_view request) {
    RawClient client(port());
    client.send(request);
    return client.read_reply().value_or(RawReply{});
}

std::vector<EchoServer::Seen> EchoServer::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

int EchoServer::handled() const {
    const std::lock_guard lock(mutex_);
    return handled_;
}

Route route(std::string method, std::string path, Handler handler) {
    return {std::move(method), std::move(path), "testRoute", {}, {}, {}, std::move(handler)};
}

sagas::Json expect_problem(const RawReply& reply, ProblemType type) {
    EXPECT_EQ(reply.status, http_status(type)) << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
    EXPECT_NE(reply.header("skald-request-id"), "");
    sagas::Json json = sagas::Json::parse(reply.body, nullptr, false);
    EXPECT_TRUE(json.is_object()) << reply.body;
    if (!json.is_object()) return json;
    EXPECT_EQ(json.value("type", ""), urn(type)) << reply.body;
    EXPECT_EQ(json.value("title", ""), title(type));
    EXPECT_EQ(json.value("status", 0), reply.status);
    EXPECT_NE(json.value("detail", ""), "");
    EXPECT_EQ(json.value("request_id", ""), reply.header("skald-request-id"));
    return json;
}

}  // namespace skald::api
