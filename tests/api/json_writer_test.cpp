#include "api/json_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace skald::api {
namespace {

std::string written(const auto& write) {
    JsonWriter to;
    write(to);
    return to.take();
}

TEST(JsonWriter, SeparatesMembersAndElements) {
    EXPECT_EQ(written([](JsonWriter& to) {
                  to.begin_object();
                  to.member("id").text("a");
                  to.member("none").begin_object();
                  to.end_object();
                  to.member("list").begin_array();
                  to.begin_object();
                  to.member("is").boolean(true);
                  to.end_object();
                  to.begin_array();
                  to.end_array();
                  to.number(-3);
                  to.text("{");
                  to.text(":");
                  to.end_array();
                  to.foreign_member("a\"b").boolean(false);
                  to.end_object();
              }),
              R"({"id":"a","none":{},"list":[{"is":true},[],-3,"{",":"],"a\"b":false})");
}

TEST(JsonWriter, LeavesOutWhatIsNotThere) {
    EXPECT_EQ(written([](JsonWriter& to) {
                  to.begin_object();
                  to.time_if_any("at", std::nullopt);
                  to.text_unless_empty("error", "");
                  to.time_if_any("ended_at", *sagas::parse_rfc3339("2026-11-21T22:32:28.007Z"));
                  to.text_unless_empty("why", "so");
                  to.end_object();
              }),
              R"({"ended_at":"2026-11-21T22:32:28.007Z","why":"so"})");
}

TEST(JsonWriter, WritesTextsAsDocumentsAreWritten) {
    std::string all_bytes;
    for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
    for (const std::string& text :
         {std::string(), std::string("plain ~ text"), std::string("\"quoted\" \\ \n \x7f"),
          std::string("Gr\xC3\xBC\xC3\x9F"), std::string("broken \xC3 \xFF"), all_bytes}) {
        EXPECT_EQ(written([&](JsonWriter& to) { to.text(text); }), to_text(Document(text)));
    }
}

TEST(JsonWriter, WritesValuesAsDocumentsAreWritten) {
    for (const char* text :
         {"null", "true", "[]", "{}", "0", "-1", "18446744073709551615", "-9223372036854775808",
          "1e300", "4200.0", "0.1", R"({"b":[1,{"c":null}],"a":"x"})", R"({"ü":["\u0001","/"]})"}) {
        const sagas::Json json = *sagas::parse_json(text);
        EXPECT_EQ(written([&](JsonWriter& to) { to.value(json); }), to_text(Document(json)));
        EXPECT_EQ(written([&](JsonWriter& to) { to.value(Document(json)); }),
                  to_text(Document(json)));
    }
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(written([](JsonWriter& to) { to.number(kMost); }), "18446744073709551615");
}

}  // namespace
}  // namespace skald::api
