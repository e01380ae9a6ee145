#include "api/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RouteTable table() {
    const Handler none = [](const Request&) { return Answer(Reply{}); };
    std::vector<Route> routes;
    const std::vector<std::pair<std::string, std::string>> rows{
        {"GET", "/"},
        {"GET", "/v1/sagas"},
        {"POST", "/v1/sagas"},
        {"GET", "/v1/sagas/{id}"},
        {"POST", "/v1/sagas/batch"},
        {"GET", "/v1/sagas/{id}/history"},
        {"GET", "/v1/definitions/{name}/versions/{n}"},
        {"GET", "/v1/definitions/{name}/versions/latest"},
        {"HEAD", "/special"},
        {"GET", "/special"}};
    for (const auto& [method, path] : rows) {
        routes.push_back({method, path, method + " " + path, {}, {}, {}, none});
    }
    return RouteTable(std::move(routes));
}

std::string found(std::string_view method, std::string_view path) {
    const RouteTable routes = table();
    const RouteTable::Match match = routes.find(method, path);
    return match.route ? match.route->operation_id : "";
}

TEST(RouteTable, FindsByMethodAndPath) {
    EXPECT_EQ(found("GET", "/"), "GET /");
    EXPECT_EQ(found("GET", "/v1/sagas"), "GET /v1/sagas");
    EXPECT_EQ(found("POST", "/v1/sagas"), "POST /v1/sagas");
    EXPECT_EQ(found("GET", "/v1/sagas/a-1"), "GET /v1/sagas/{id}");
    EXPECT_EQ(found("GET", "/v1/sagas/a-1/history"), "GET /v1/sagas/{id}/history");
}

TEST(RouteTable, GivesThePathsValues) {
    const RouteTable routes = table();
    EXPECT_THAT(routes.find("GET", "/v1/definitions/order/versions/3").path,
                ElementsAre("order", "3"));
    EXPECT_THAT(routes.find("GET", "/v1/definitions/order/versions/latest").path,
                ElementsAre("order"));
    EXPECT_THAT(routes.find("GET", "/").path, IsEmpty());
}

TEST(RouteTable, DecodesEachSegmentAfterSplitting) {
    const RouteTable routes = table();
    EXPECT_THAT(routes.find("GET", "/v1/sagas/a%2Fhistory").path, ElementsAre("a/history"));
    EXPECT_THAT(routes.find("GET", "/v1/sagas/%E2%82%AC%20+").path, ElementsAre("€ +"));
    EXPECT_THAT(routes.find("GET", "/v1/sagas/a%252F").path, ElementsAre("a%2F"));
    EXPECT_EQ(found("GET", "/v1/%73agas"), "GET /v1/sagas");
}

TEST(RouteTable, NormalisesNothing) {
    for (const char* path :
         {"//", "//v1/sagas", "/v1//sagas", "/v1/sagas/", "/v1/sagas//history", "/v1/sagas/a/",
          "/./v1/sagas", "/x/../v1/sagas", "/v1%2Fsagas", "", "v1/sagas", "*", "/V1/sagas"}) {
        EXPECT_EQ(found("GET", path), "") << path;
    }
    const RouteTable routes = table();
    EXPECT_THAT(routes.find("GET", "/v1/sagas/..").path, ElementsAre(".."));
    EXPECT_THAT(routes.find("GET", "/v1/sagas/%2e%2e/history").path, ElementsAre(".."));
}

TEST(RouteTable, PrefersTheFixedPathWhateverTheMethod) {
    EXPECT_EQ(found("POST", "/v1/sagas/batch"), "POST /v1/sagas/batch");
    EXPECT_EQ(found("GET", "/v1/sagas/batch"), "");
    const RouteTable routes = table();
    EXPECT_THAT(routes.find("GET", "/v1/sagas/batch").other_methods, ElementsAre("POST"));
}

TEST(RouteTable, TellsOtherMethodsOfThePath) {
    const RouteTable routes = table();
    const RouteTable::Match match = routes.find("DELETE", "/v1/sagas");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_THAT(match.other_methods, ElementsAre("GET", "HEAD", "POST"));
    EXPECT_THAT(routes.find("get", "/v1/sagas").other_methods, ElementsAre("GET", "HEAD", "POST"));
    EXPECT_THAT(routes.find("GET", "/nowhere").other_methods, IsEmpty());
}

TEST(RouteTable, AnswersHeadByGetUnlessThereIsOne) {
    EXPECT_EQ(found("HEAD", "/v1/sagas"), "GET /v1/sagas");
    EXPECT_EQ(found("HEAD", "/special"), "HEAD /special");
    EXPECT_EQ(found("HEAD", "/v1/sagas/batch"), "");
}

TEST(RouteTable, RefusesBadEscapes) {
    const RouteTable routes = table();
    for (const char* segment : {"%", "%4", "%zz", "%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80",
                                "%f5%80%80%80", "%e2%82", "%-1", "% 1"}) {
        const RouteTable::Match match = routes.find("GET", "/v1/sagas/" + std::string(segment));
        EXPECT_TRUE(match.is_malformed) << segment;
        EXPECT_EQ(match.route, nullptr) << segment;
    }
}

TEST(RouteTableDeathTest, AbortsWhenARouteIsThereTwice) {
    const Handler none = [](const Request&) { return Answer(Reply{}); };
    EXPECT_DEATH(RouteTable({{"GET", "/a/{x}", "one", {}, {}, {}, none},
                             {"GET", "/a/{y}", "two", {}, {}, {}, none}}),
                 "broken assumption");
}

TEST(Request, GivesTheFirstOfAName) {
    Request request;
    request.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
    request.query = {{"x", ""}};
    EXPECT_EQ(request.header("a"), "1");
    EXPECT_EQ(request.header("c"), std::nullopt);
    EXPECT_EQ(request.parameter("x"), "");
    EXPECT_EQ(request.parameter("y"), std::nullopt);
}

}  // namespace
}  // namespace skald::api
