#include "api/cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> values_of(const std::string& value) {
    const auto settings = parse_config("key = " + value, "f");
    if (!settings) return {settings.error().message};
    return settings->at(0).values;
}

std::string error_of(const std::string& text) {
    const auto settings = parse_config(text, "f.toml");
    return settings ? "" : settings.error().message;
}

TEST(ConfigFile, HoldsSettingsByLine) {
    const auto settings = parse_config(
        "\xEF\xBB\xBF# a comment\r\n; another\r\n\r\n[serve]\r\n db=\"a\"\r\n\tlog-level = warn # "
        "x\r\n",
        "f");
    ASSERT_TRUE(settings) << settings.error().message;
    ASSERT_EQ(settings->size(), 2u);
    EXPECT_EQ(settings->at(0).key, "db");
    EXPECT_EQ(settings->at(0).line, 5u);
    EXPECT_THAT(settings->at(0).values, ElementsAre("a"));
    EXPECT_EQ(settings->at(1).key, "log-level");
    EXPECT_EQ(settings->at(1).line, 6u);
    EXPECT_THAT(settings->at(1).values, ElementsAre("warn"));
    EXPECT_THAT(*parse_config("", "f"), IsEmpty());
}

TEST(ConfigFile, TakesTextsInAndOutOfQuotes) {
    EXPECT_THAT(values_of(R"("a # \"b\" \\ \t\u00e9\U0001F600")"),
                ElementsAre("a # \"b\" \\ \t\xC3\xA9\xF0\x9F\x98\x80"));
    EXPECT_THAT(values_of(R"('C:\x "y"' # why)"), ElementsAre("C:\\x \"y\""));
    EXPECT_THAT(values_of("127.0.0.1:8080  # here"), ElementsAre("127.0.0.1:8080"));
    EXPECT_THAT(values_of("a#b"), ElementsAre("a#b"));
    EXPECT_THAT(values_of("with blanks, and more"), ElementsAre("with blanks, and more"));
    EXPECT_THAT(values_of("\"\""), ElementsAre(""));
}

TEST(ConfigFile, TakesArraysOverSeveralLines) {
    EXPECT_THAT(values_of("[\"a\", b, 'c']"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(values_of("[\n  \"a\", # first\n  \"b,]\",\n]\n"), ElementsAre("a", "b,]"));
    EXPECT_THAT(values_of("[]"), IsEmpty());
}

TEST(ConfigFile, SaysWhereItIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"a = 1\nb\n", "f.toml:2: must be KEY = VALUE"},
        {"= 1\n", "f.toml:1: must be KEY = VALUE"},
        {"a =\n", "f.toml:1: there is no value; an empty text is \"\""},
        {"a = # none\n", "f.toml:1: there is no value; an empty text is \"\""},
        {"a = \"x\n", "f.toml:1: a text in quotes ends on its line"},
        {"a = 'x", "f.toml:1: a text in quotes ends on its line"},
        {"a = \"x\" y\n",
         "f.toml:1: there is something behind the value; a text with blanks goes into quotes"},
        {"a = \"\\q\"", "f.toml:1: behind \"\\\" stands one of \" \\ b t n f r u U; or use '…'"},
        {"a = \"\\u12\"", "f.toml:1: \\u takes 4 hex digits, \\U takes 8"},
        {"a = \"\\ud800\"", "f.toml:1: there is no such character"},
        {"a = [1, 2\n", "f.toml:2: an array ends with \"]\""},
        {"a = [\"1\" \"2\"]", "f.toml:1: between the values of an array stands \",\""},
        {"[server]\n", "f.toml:1: there is no section [server]; use [serve], or none"},
        {"[serve\n", "f.toml:1: a section ends with \"]\""},
        {"a = 1\n\na = 2\n", "f.toml:3: a: comes twice"}};
    for (const auto& [text, told] : cases) EXPECT_EQ(error_of(text), told) << text;
}

TEST(ConfigFile, ReadsBackTheValuesThatAreWritten) {
    for (const std::string value : {"320", "0", "007", "99999999999999", "true", "false", "", "a b",
                                    "q\"u'o#t\\e", "tab\tline\nend\x7f\x01", "caf\xC3\xA9"}) {
        EXPECT_THAT(values_of(config_value(value)), ElementsAre(value)) << config_value(value);
    }
    EXPECT_EQ(config_value("320"), "320");
    EXPECT_EQ(config_value("true"), "true");
    EXPECT_EQ(config_value("warn"), "\"warn\"");
}

}  // namespace
}  // namespace skald::cli
