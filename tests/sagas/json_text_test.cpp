#include "sagas/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace skald::sagas {
namespace {

std::string replaced(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
std::string json_text_of(const Json& value) {
    std::string text = "before ";
    append_json(text, value, NotUtf8::Replaced);
    EXPECT_EQ(text.substr(0, 7), "before ");
    return text.substr(7);
}

TEST(JsonText, IsThatOfDump) {
    const std::vector<Json> values = {
        nullptr,
        true,
        false,
        0,
        -1,
        std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::uint64_t>::max(),
        0.0,
        -0.0,
        12.5,
        1e300,
        std::numeric_limits<double>::infinity(),
        "",
        "plain",
        "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
        std::string(1, '\0'),
        Json::array(),
        Json::object(),
        {1, {2, {3}}, "x"},
        {{"b", 1}, {"a", {{"c", nullptr}}}, {"\"\n", {}}},
    };
    for (const Json& value : values) {
        EXPECT_EQ(json_text_of(value), replaced(value));
    }
}

TEST(JsonText, EscapesWhatDumpEscapes) {
    for (int code = 0; code < 0x80; ++code) {
        const std::string text = "a" + std::string(1, static_cast<char>(code)) + "b";
        EXPECT_EQ(json_text_of(text), replaced(text)) << code;
        EXPECT_EQ(json_text_of({{text, 1}}), replaced({{text, 1}})) << code;
    }
}

TEST(JsonText, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(json_text_of("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\"");
    std::mt19937 random(20261122);
    for (int round = 0; round < 2'000; ++round) {
        std::string text(random() % 8, ' ');
        for (char& byte : text) {
            byte = static_cast<char>(random());
        }
        ASSERT_EQ(json_text_of(text), replaced(text)) << "round " << round;
    }
}

TEST(JsonText, ThrowsWhereItShall) {
    std::string text;
    EXPECT_THROW(append_json(text, Json("\xFF")), Json::type_error);
    EXPECT_THROW(append_json_string(text, "\xFF"), Json::type_error);
    EXPECT_THROW(append_json(text, Json{{"\xFF", 1}}), Json::type_error);
}

}  // namespace
}  // namespace skald::sagas
