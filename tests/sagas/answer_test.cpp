#include "sagas/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::sagas {
namespace {

using namespace std::chrono_literals;

std::string body(std::string_view type, std::string_view bytes, std::string_view encoding = "") {
    const std::variant<Value, BodyError> read = read_body(type, encoding, bytes);
    if (const auto* value = std::get_if<Value>(&read)) return (*value)->dump();
    return "error: " + std::get<BodyError>(read).message;
}

TEST(ReadBody, ParsesJsonTypes) {
    EXPECT_EQ(body("application/json", R"({"a": 1})"), R"({"a":1})");
    EXPECT_EQ(body("Application/JSON ; charset=utf-8", "[1]"), "[1]");
    EXPECT_EQ(body("application/problem+json", "{}"), "{}");
}

TEST(ReadBody, TakesOtherTextAsAString) {
    EXPECT_EQ(body("text/plain", "{}"), R"("{}")");
    EXPECT_EQ(body("", "ok"), R"("ok")");
    EXPECT_EQ(body("application/jsonp", "1"), R"("1")");
}

TEST(ReadBody, TakesAnEmptyBodyAsNull) {
    EXPECT_EQ(body("application/json", ""), "null");
    EXPECT_EQ(body("application/octet-stream", "", "gzip"), "null");
}

TEST(ReadBody, ReportsWhatIsNoValue) {
    using testing::HasSubstr;
    EXPECT_THAT(body("application/json", "{\"a\":"),
                HasSubstr("error: the reply's body is broken"));
    EXPECT_THAT(body("application/json", std::string(65, '[')), HasSubstr("64 levels"));
    EXPECT_THAT(body("text/plain", "\xFF"), HasSubstr("UTF-8"));
    EXPECT_THAT(body("application/json", "{}", "gzip"), HasSubstr("encoded"));
    EXPECT_THAT(body("text/plain", std::string(kBodyBytesMax + 1, 'x')), HasSubstr("larger"));
    EXPECT_EQ(body("application/json", "{}", " Identity "), "{}");
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    const Timestamp now{Milliseconds{784'111'777'000}};  // 1994-11-06T08:49:37Z
    EXPECT_EQ(read_retry_after("0", now), 0ms);
    EXPECT_EQ(read_retry_after(" 120 ", now), 2min);
    EXPECT_EQ(read_retry_after("3600", now), 1h);
    EXPECT_EQ(read_retry_after("99999999999999999999999999", now), 1h);
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 1min);
    EXPECT_EQ(read_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), 1min);
    EXPECT_EQ(read_retry_after("Sun Nov  6 08:50:37 1994", now), 1min);
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0ms);
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now), 1h);
}

TEST(RetryAfter, IgnoresWhatIsMalformed) {
    for (const char* bad : {"", "soon", "-1", "1.5", "12 s", "Sun, 99 Nov 1994 08:50:37 GMT"}) {
        EXPECT_EQ(read_retry_after(bad, Timestamp{}), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace skald::sagas
