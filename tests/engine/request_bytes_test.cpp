#include "engine/request_bytes.h"

#include <gmock/gmock.h>

#include <set>

#include "engine/trace_context.h"

namespace skald::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr sagas::Timestamp kDeadline{sagas::Milliseconds{1'700'000'060'000}};

sagas::Request request() {
    return {"POST",
            sagas::HttpCall::Scheme::Https,
            "api.example.com",
            443,
            "/refunds?x=1",
            {{"Idempotency-Key", "\"s1/pay/action\""},
             {"Skald-Saga", "s1"},
             {"Skald-Step", "pay"},
             {"Skald-Phase", "action"}},
            "{}",
            sagas::Milliseconds{5'000}};
}

std::string bytes_of(const sagas::Request& request) {
    const auto bytes = to_bytes(request, 2, kDeadline);
    return bytes ? *bytes : "refused: " + bytes.error().message;
}

TEST(RequestBytes, HoldWhatEveryCallCarries) {
    EXPECT_EQ(bytes_of(request()),
              "POST /refunds?x=1 HTTP/1.1\r\n"
              "Host: api.example.com\r\n"
              "Idempotency-Key: \"s1/pay/action\"\r\n"
              "Skald-Saga: s1\r\n"
              "Skald-Step: pay\r\n"
              "Skald-Phase: action\r\n"
              "User-Agent: skald/" SKALD_VERSION
              "\r\n"
              "Accept: application/json\r\n"
              "Skald-Attempt: 2\r\n"
              "Skald-Deadline: 2023-11-14T22:14:20.000Z\r\n"
              "traceparent: " +
                  traceparent("s1", "pay", "action", 2) +
                  "\r\n"
                  "Content-Length: 2\r\n"
                  "\r\n"
                  "{}");
}

TEST(RequestBytes, LeaveOutTheLengthOfNoBodyWhereTheMethodExpectsNone) {
    sagas::Request bare = request();
    bare.body.clear();
    for (const char* const method : {"POST", "PUT", "PATCH"}) {
        bare.method = method;
        EXPECT_THAT(bytes_of(bare), HasSubstr("\r\nContent-Length: 0\r\n"));
    }
    for (const char* const method : {"GET", "DELETE"}) {
        bare.method = method;
        EXPECT_THAT(bytes_of(bare), Not(HasSubstr("Content-Length")));
    }
}

TEST(RequestBytes, LeaveTheDefinitionsOwnHeadersAlone) {
    sagas::Request own = request();
    own.headers = {{"user-agent", "me"}, {"ACCEPT", "text/plain"}, {"Traceparent", "00-1"}};
    const std::string bytes = bytes_of(own);
    EXPECT_THAT(bytes, HasSubstr("\r\nuser-agent: me\r\nACCEPT: text/plain\r\nTraceparent: 00-1\r\n"
                                 "Skald-Attempt: 2\r\n"));
    EXPECT_THAT(bytes, Not(HasSubstr("skald/")));
    EXPECT_THAT(bytes, Not(HasSubstr("application/json")));
}

TEST(RequestBytes, RefuseWhatWouldNotBeOneRequest) {
    const auto with = [](auto change) {
        sagas::Request changed = request();
        change(changed);
        return bytes_of(changed);
    };
    EXPECT_EQ(with([](auto& r) {
                  r.headers = {{"X-A", "a\r\nX-B: secret"}};
              }),
              "refused: the value of header X-A has control characters");
    EXPECT_EQ(with([](auto& r) {
                  r.headers = {{"X-A", std::string("a\0b", 3)}};
              }),
              "refused: the value of header X-A has control characters");
    EXPECT_EQ(with([](auto& r) {
                  r.headers = {{"X A", "a"}};
              }),
              "refused: a header's name is no HTTP token");
    EXPECT_EQ(with([](auto& r) {
                  r.headers = {{"content-length", "1"}};
              }),
              "refused: header content-length is set by skald and can't be given");
    EXPECT_EQ(with([](auto& r) { r.target = "/a b"; }),
              "refused: the path and query must start with / and hold visible ASCII only");
    EXPECT_EQ(with([](auto& r) { r.target = "a"; }),
              "refused: the path and query must start with / and hold visible ASCII only");
    EXPECT_EQ(with([](auto& r) { r.target = "/\r\nX: 1"; }),
              "refused: the path and query must start with / and hold visible ASCII only");
    EXPECT_EQ(with([](auto& r) { r.method = "GET /"; }), "refused: the method is no HTTP token");
}

TEST(RequestBytes, AreDescribedWithoutTheQuery) {
    EXPECT_EQ(described(request()), "POST https://api.example.com/refunds");
    sagas::Request long_path = request();
    long_path.target = "/" + std::string(1'000, 'a');
    EXPECT_EQ(described(long_path),
              "POST https://api.example.com/" + std::string(199, 'a') + "...");
}

TEST(Origin, IsWrittenAsInAUrl) {
    using enum sagas::HttpCall::Scheme;
    EXPECT_EQ(to_text(Origin{Http, "a.example", 80}), "http://a.example");
    EXPECT_EQ(to_text(Origin{Http, "a.example", 443}), "http://a.example:443");
    EXPECT_EQ(to_text(Origin{Https, "a.example", 443}), "https://a.example");
    EXPECT_EQ(to_text(Origin{Https, "::1", 8443}), "https://[::1]:8443");
}

TEST(TraceContext, SharesTheTraceAndHasASpanOfItsOwnForEachAttempt) {
    const std::string first = traceparent("s1", "pay", "action", 1);
    EXPECT_THAT(first, ::testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
    EXPECT_EQ(first, traceparent("s1", "pay", "action", 1));
    const std::set<std::string> all = {
        first.substr(36),
        traceparent("s1", "pay", "action", 2).substr(36),
        traceparent("s1", "pay", "compensation", 1).substr(36),
        traceparent("s1", "ship", "action", 1).substr(36),
        traceparent("s1", "pa", "yaction", 1).substr(36),
    };
    EXPECT_EQ(all.size(), 5u);
    EXPECT_EQ(first.substr(0, 35), traceparent("s1", "ship", "action", 1).substr(0, 35));
    EXPECT_NE(first.substr(0, 35), traceparent("s2", "pay", "action", 1).substr(0, 35));
}

}  // namespace
}  // namespace skald::engine
