#include "sagas/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/plain_json.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string error_of(std::string_view text) {
    const Result<Json> parsed = parse_json(text);
    if (parsed) return "accepted: " + parsed->dump();
    EXPECT_EQ(parsed.error().code, ErrorCode::InvalidArgument);
    EXPECT_TRUE(is_utf8(parsed.error().message));
    EXPECT_LT(parsed.error().message.size(), 600u);
    return parsed.error().message;
}

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

TEST(ParseJson, ReadsEveryKindOfValue) {
    const std::string text = R"({"a":[1,-2,3.5,true,false,null,"x\u00e4\ud83d\ude00"],"b":{}})";
    const Result<Json> parsed = parse_json(text);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->dump(), Json::parse(text).dump());
    EXPECT_EQ(parse_json("  7 ").value(), 7);
    EXPECT_EQ(parse_json("18446744073709551615").value().get<std::uint64_t>(), ~std::uint64_t{0});
    EXPECT_EQ(parse_json("-9223372036854775808").value().get<std::int64_t>(),
              std::numeric_limits<std::int64_t>::min());
}

TEST(ParseJson, SaysWhereTheTextIsNoJson) {
    EXPECT_THAT(error_of(""), StartsWith("byte 0: "));
    EXPECT_THAT(error_of("{\"a\":}"), StartsWith("byte 5: "));
    EXPECT_THAT(error_of("[1,]"), StartsWith("byte 3: "));
    EXPECT_THAT(error_of("{} {}"), StartsWith("byte 3: "));
    EXPECT_THAT(error_of("[1"), StartsWith("byte 2: "));
    EXPECT_THAT(error_of("// x\n1"), StartsWith("byte 0: "));
    EXPECT_THAT(error_of("\"a\nb\""), StartsWith("byte 2: "));
    EXPECT_THAT(error_of("NaN"), StartsWith("byte 0: "));
    EXPECT_EQ(error_of("\xEF\xBB\xBF{}"), "byte 0: a byte order mark is no JSON");
}

TEST(ParseJson, RefusesWhatFollowsAZeroByte) {
    EXPECT_EQ(error_of(std::string_view("{}\0garbage", 10)), "byte 2: a zero byte is no JSON");
}

TEST(ParseJson, RefusesTextThatIsNotUtf8) {
    EXPECT_THAT(error_of("\"\xFF\""), StartsWith("byte 1: "));
    EXPECT_THAT(error_of("\"\xC0\xAF\""), HasSubstr("UTF-8"));
    EXPECT_THAT(error_of("\"\xED\xA0\x80\""), HasSubstr("UTF-8"));
    EXPECT_THAT(error_of(R"("\ud800")"), HasSubstr("surrogate"));
    EXPECT_THAT(error_of(R"("\udc00 x")"), HasSubstr("surrogate"));
}

TEST(ParseJson, RefusesMembersThatAreNamedTwice) {
    EXPECT_EQ(error_of(R"({"a":1,"a":1})"), "\"/a\": the object names this member twice");
    EXPECT_EQ(error_of(R"({"x":[0,{"a/b":1,"a\/b":2}]})"),
              "\"/x/1/a~1b\": the object names this member twice");
}

TEST(ParseJson, RefusesNumbersThatDoNotFit) {
    EXPECT_EQ(error_of("[0,1e400]"), "\"/1\": the number is too large for a double");
    EXPECT_EQ(error_of("{\"n\":18446744073709551616}"),
              "\"/n\": the number doesn't fit in 64 bits");
    EXPECT_EQ(error_of("-9223372036854775809"), "the document: the number doesn't fit in 64 bits");
    EXPECT_EQ(parse_json("1e308").value(), 1e308);
}

TEST(ParseJson, TakesSixtyFourLevelsAndNoMore) {
    EXPECT_TRUE(parse_json(nested(kJsonDepthMax)).has_value());
    EXPECT_THAT(error_of(nested(kJsonDepthMax + 1)), HasSubstr("64 levels"));
    EXPECT_THAT(error_of(nested(1'000'000)), HasSubstr("64 levels"));
    std::string objects;
    for (int i = 0; i < 65; ++i) objects += "{\"k\":";
    EXPECT_THAT(error_of(objects), HasSubstr("64 levels"));
}

TEST(ParseJson, KeepsMessagesShortWhateverTheTextIs) {
    error_of('"' + std::string(1'000'000, 'x'));
    error_of("{\"" + std::string(100'000, 'k') + "\":1,\"" + std::string(100'000, 'k') + "\":2}");
    error_of(std::string(100'000, 'a') + "\xFF");
}

TEST(PlainJson, ReadsWhatIsPlainAsTheParserDoes) {
    for (const std::string& text : {
             std::string("null"),
             std::string("true"),
             std::string(" false\r\n"),
             std::string("\"\""),
             std::string("\"a b\x7F/\""),
             std::string("0"),
             std::string("-7"),
             std::string("999999999999999999"),
             std::string("-999999999999999999"),
             std::string("[]"),
             std::string("{}"),
             std::string("[ 1 ,\t[ ] , { } ]"),
             std::string(R"({ "b" : {"c": [true, null]}, "a": "x", "": -1 })"),
             nested(kJsonDepthMax),
         }) {
        const std::optional<Json> plain = read_plain_json(text);
        ASSERT_TRUE(plain.has_value()) << text;
        const Json parsed = Json::parse(text);
        EXPECT_EQ(*plain, parsed) << text;
        EXPECT_EQ(plain->type(), parsed.type()) << text;  // Equal numbers may differ in it.
    }
}

TEST(PlainJson, LeavesTheRestToTheParser) {
    for (const std::string& text : {
             std::string(),
             std::string(" "),
             std::string("nul"),
             std::string("truefalse"),
             std::string("1 2"),
             std::string("{} {}"),
             std::string("1.5"),
             std::string("1e3"),
             std::string("-"),
             std::string("-0"),
             std::string("07"),
             std::string("+1"),
             std::string("1000000000000000000"),
             std::string("\"open"),
             std::string("\"\\n\""),
             std::string("\"\n\""),
             std::string("\"\xC3\xA4\""),
             std::string("\"a\0b\"", 5),
             std::string("7\0", 2),
             std::string("\xEF\xBB\xBF{}"),
             std::string("[1,]"),
             std::string("[1"),
             std::string("[1 2]"),
             std::string("{\"a\":1,}"),
             std::string("{\"a\" 1}"),
             std::string("{a:1}"),
             std::string(R"({"a":1,"a":2})"),
             nested(kJsonDepthMax + 1),
         }) {
        EXPECT_EQ(read_plain_json(text), std::nullopt) << text;
    }
}

TEST(ImpreciseInteger, IsFoundBeyondTwoToThe53) {
    EXPECT_EQ(find_imprecise_integer(Json::parse("9007199254740992")), std::nullopt);
    EXPECT_EQ(find_imprecise_integer(Json::parse("9007199254740993")), "");
    EXPECT_EQ(find_imprecise_integer(Json::parse(R"({"a":[1,{"b/c":-9007199254740993}]})")),
              "/a/1/b~1c");
    EXPECT_EQ(find_imprecise_integer(Json::parse(R"([1.5, 1e300, "9007199254740993"])")),
              std::nullopt);
    EXPECT_EQ(find_imprecise_integer(Json(std::numeric_limits<std::int64_t>::min())), "");
}

TEST(PointerToken, EscapesTildeAndSlash) { EXPECT_EQ(escape_pointer_token("a/b~c"), "a~1b~0c"); }

TEST(Utf8, TellsGoodFromBad) {
    EXPECT_TRUE(is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
    for (const char* bad : {"\x80", "\xC3", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5", "\xE2\x82"}) {
        EXPECT_FALSE(is_utf8(bad)) << bad;
    }
    EXPECT_EQ(in_quotes("ab\xC3\xA4", 3), "\"ab...\"");
    EXPECT_EQ(in_quotes("a\nb"), "\"a?b\"");
}

}  // namespace
}  // namespace skald::sagas
