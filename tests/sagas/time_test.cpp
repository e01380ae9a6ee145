#include "sagas/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/http_date.h"

namespace skald::sagas {
namespace {

using namespace std::chrono_literals;

Timestamp at(std::int64_t milliseconds) { return Timestamp{Milliseconds{milliseconds}}; }

TEST(Rfc3339, WritesUtcWithMilliseconds) {
    EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(at(1'795'300'348'007)), "2026-11-21T22:32:28.007Z");
    EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ReadsWhatItWritesAndOffsets) {
    for (const std::int64_t time : {0LL, 1'795'300'348'007LL, -1LL, 253'402'300'799'999LL}) {
        EXPECT_EQ(parse_rfc3339(to_rfc3339(at(time))), at(time));
    }
    EXPECT_EQ(parse_rfc3339("1970-01-01T01:30:00+01:30"), at(0));
    EXPECT_EQ(parse_rfc3339("1969-12-31t19:00:00.5-05:00"), at(500));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789z"), at(123));
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z").value(),
              parse_rfc3339("2017-01-01T00:00:00Z").value());
}

TEST(Rfc3339, RefusesOtherTexts) {
    for (const char* bad :
         {"", "2026-11-21", "2026-11-21T22:32:28", "2026-11-21 22:32:28Z", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T22:60:28Z",
          "2026-11-21T22:32:28.Z", "2026-11-21T22:32:28Zx", "2026-11-21T22:32:28+24:00",
          "26-11-21T22:32:28Z", "2026-11-21T22:32:28+0100", "\xFF"}) {
        const Result<Timestamp> parsed = parse_rfc3339(bad);
        ASSERT_FALSE(parsed.has_value()) << bad;
        EXPECT_EQ(parsed.error().code, ErrorCode::InvalidArgument);
    }
}

TEST(Duration, ReadsAllUnits) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("7d"), Milliseconds{7 * 24h});
    EXPECT_EQ(parse_duration("0s"), 0ms);
    EXPECT_EQ(parse_duration("3650d"), Milliseconds{3650 * 24h});
}

TEST(Duration, RefusesOtherTexts) {
    for (const char* bad :
         {"", "5", "s", "-5s", "+5s", " 5s", "5 s", "5s ", "1.5s", "5S", "5sec", "1h30m", "\xFF"}) {
        const Result<Milliseconds> parsed = parse_duration(bad);
        ASSERT_FALSE(parsed.has_value()) << bad;
        EXPECT_THAT(parsed.error().message, testing::HasSubstr("such as \"5s\""));
    }
    for (const char* long_one : {"3651d", "99999999999999999999999s", "315360000001ms"}) {
        const Result<Milliseconds> parsed = parse_duration(long_one);
        ASSERT_FALSE(parsed.has_value()) << long_one;
        EXPECT_THAT(parsed.error().message, testing::HasSubstr("3,650 days"));
    }
}

TEST(Duration, IsWrittenInTheShortestWay) {
    EXPECT_EQ(to_duration_text(90s), "90s");
    EXPECT_EQ(to_duration_text(120s), "2m");
    EXPECT_EQ(to_duration_text(24h), "1d");
    EXPECT_EQ(to_duration_text(1500ms), "1500ms");
    EXPECT_EQ(to_duration_text(0ms), "0s");
}

TEST(HttpDate, ReadsTheThreeForms) {
    const Timestamp when = at(784'111'777'000);
    const Timestamp now = at(1'795'300'348'000);  // 2026
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), when);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), when);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), when);
    EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), when + 240h);
}

TEST(HttpDate, TakesTwoDigitsFarAheadForThePast) {
    const Timestamp now = at(1'795'300'348'000);  // 2026
    EXPECT_EQ(to_rfc3339(*parse_http_date("Friday, 06-Nov-76 00:00:00 GMT", now)),
              "2076-11-06T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(*parse_http_date("Saturday, 06-Nov-77 00:00:00 GMT", now)),
              "1977-11-06T00:00:00.000Z");
}

TEST(HttpDate, RefusesOtherTexts) {
    for (const char* bad : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
                            "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
                            "1994-11-06T08:49:37Z"}) {
        EXPECT_EQ(parse_http_date(bad, at(0)), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace skald::sagas
