#include "api/http/guards.h"

#include <gtest/gtest.h>

namespace skald::api::http {
namespace {

GuardOptions options() {
    return {
        "192.0.2.7", 8080, {"skald.example", "inner.example:81"}, {"https://ui.example/app"}, ""};
}

RequestHead head_with(std::vector<Field> fields, std::string_view method = "GET") {
    RequestHead head;
    head.method = method;
    head.path = "/";
    head.fields = std::move(fields);
    return head;
}

bool takes_host(const Guards& guards, std::string_view host) {
    return !guards.check_host(head_with({{"host", host}}));
}

TEST(Guards, TakesHostsThatAreOurs) {
    const Guards guards(options());
    for (const char* host :
         {"192.0.2.7", "192.0.2.7:8080", "localhost", "LocalHost:9", "localhost.", "127.0.0.1:1234",
          "[::1]", "[::1]:8080", "skald.example", "SKALD.example:444", "inner.example:81",
          "ui.example", "ui.example:443"}) {
        EXPECT_TRUE(takes_host(guards, host)) << host;
    }
}

TEST(Guards, RefusesOtherHosts) {
    const Guards guards(options());
    for (const char* host :
         {"", "evil.example", "192.0.2.7:8081", "192.0.2.8", "localhost.evil.example",
          "evil.example:8080", "inner.example", "inner.example:82", "localhost:80x",
          "localhost, evil.example", "user@localhost", "[::1", "[::1]x", "::1", "127.0.0.1.evil",
          "localhost..", "xlocalhost", ":8080"}) {
        EXPECT_FALSE(takes_host(guards, host)) << host;
    }
}

TEST(Guards, TakesAnyAddressButNoNameWhereAllAreListenedOn) {
    GuardOptions everywhere = options();
    everywhere.listen_host = "0.0.0.0";
    const Guards guards(everywhere);
    EXPECT_TRUE(takes_host(guards, "10.1.2.3:9000"));
    EXPECT_TRUE(takes_host(guards, "[fe80::1]:8080"));
    EXPECT_FALSE(takes_host(guards, "rebound.example:8080"));
    EXPECT_FALSE(takes_host(guards, "10.1.2.3.example"));
}

TEST(Guards, ChecksTheAuthorityOfAnAbsoluteTargetToo) {
    const Guards guards(options());
    RequestHead head = head_with({{"host", "localhost"}});
    head.authority = "evil.example";
    EXPECT_TRUE(guards.check_host(head).has_value());
    head.authority = "localhost:8080";
    EXPECT_FALSE(guards.check_host(head).has_value());
}

bool takes_origin(const Guards& guards, std::string_view origin,
                  std::string_view host = "localhost:9000") {
    return !guards.check_origin(head_with({{"host", host}, {"origin", origin}}));
}

TEST(Guards, TakesOriginsThatAreOurs) {
    const Guards guards(options());
    for (const char* origin :
         {"http://localhost:9000", "HTTP://LOCALHOST:9000", "http://127.0.0.1:8080",
          "https://ui.example", "http://skald.example:81", "http://192.0.2.7:8080"}) {
        EXPECT_TRUE(takes_origin(guards, origin)) << origin;
    }
    EXPECT_FALSE(guards.check_origin(head_with({{"host", "localhost"}})).has_value());
}

TEST(Guards, RefusesForeignOrigins) {
    const Guards guards(options());
    for (const char* origin :
         {"null", "", "https://evil.example", "http://localhost:3000", "file://", "localhost:9000",
          "https://ui.example.evil.example", "chrome-extension://abc", "http://", "http:///"}) {
        EXPECT_TRUE(guards.check_origin(head_with({{"host", "localhost:9000"}, {"origin", origin}}))
                        .has_value())
            << origin;
    }
}

TEST(Guards, TakesTheTokenAlone) {
    GuardOptions with_token = options();
    with_token.token = "s3cret";
    const Guards guards(with_token);
    const auto takes = [&guards](std::string_view value) {
        return !guards.check_token(head_with({{"authorization", value}}));
    };
    EXPECT_TRUE(takes("Bearer s3cret"));
    EXPECT_TRUE(takes("bearer  s3cret"));
    for (const char* value : {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cretx",
                              "Bearer S3cret", "Basic s3cret", "s3cret", "Bearers3cret"}) {
        EXPECT_FALSE(takes(value)) << value;
    }
    EXPECT_TRUE(guards.check_token(head_with({})).has_value());
    EXPECT_FALSE(Guards(options()).check_token(head_with({})).has_value());
}

TEST(Guards, NeedJsonOnWhateverWrites) {
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        for (const char* type : {"application/json", "Application/JSON; charset=utf-8",
                                 "application/json;charset=utf-8"}) {
            EXPECT_FALSE(
                check_content_type(head_with({{"content-type", type}}, method), BodyKind::Json))
                << type;
        }
        for (const char* type :
             {"", "text/plain", "application/jsonp", "text/plain;application/json",
              "application/x-www-form-urlencoded", "application/json, text/html"}) {
            EXPECT_TRUE(
                check_content_type(head_with({{"content-type", type}}, method), BodyKind::Json))
                << type;
        }
        EXPECT_TRUE(check_content_type(head_with({}, method), BodyKind::Json));
    }
    EXPECT_FALSE(check_content_type(head_with({}, "GET"), BodyKind::Json));
    EXPECT_FALSE(
        check_content_type(head_with({{"content-type", "text/plain"}}, "HEAD"), BodyKind::Json));
}

// What a page can send to another origin without asking is no event.
TEST(Guards, NeedOneOfThreeWaysForEvents) {
    const auto is_taken = [](std::vector<Field> fields) {
        return !check_content_type(head_with(std::move(fields), "POST"), BodyKind::CloudEvents);
    };
    for (const char* type :
         {"application/cloudevents+json", "Application/CloudEvents-Batch+JSON; charset=utf-8"}) {
        EXPECT_TRUE(is_taken({{"content-type", type}})) << type;
    }
    for (const char* type : {"", "text/plain", "application/json", "application/cloudevents",
                             "application/cloudevents+xml", "application/octet-stream"}) {
        EXPECT_FALSE(is_taken({{"content-type", type}})) << type;
    }
    EXPECT_FALSE(is_taken({}));
    EXPECT_FALSE(is_taken({{"ce-id", "1"}}));
    for (const char* type : {"text/plain", "application/json", "application/octet-stream"}) {
        EXPECT_TRUE(is_taken({{"content-type", type}, {"ce-specversion", "1.0"}})) << type;
    }
    EXPECT_TRUE(is_taken({{"ce-specversion", "1.0"}}));
    EXPECT_FALSE(
        is_taken({{"content-type", "application/cloudevents+xml"}, {"ce-specversion", "1.0"}}));
}

}  // namespace
}  // namespace skald::api::http
