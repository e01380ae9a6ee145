#include "api/cli/terminal_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "api/cli/live_screen.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

const std::string kMark = "\xEF\xBF\xBD";  // U+FFFD

TEST(TerminalText, HidesWhatSteersTerminals) {
    EXPECT_EQ(printable("a\x1b[2J\nb\x7f"), "a" + kMark + "[2J" + kMark + "b" + kMark);
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J caf\xc3\xa9"),
              kMark + "2J caf\xc3\xa9");
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b\xe2\x81\xa6"
                        "c\xe2\x80\xa8"),
              "a" + kMark + "b" + kMark + "c" + kMark);  // U+202E, U+2066, U+2028
    EXPECT_EQ(printable("€ 日本 😀"), "€ 日本 😀");
}

TEST(TerminalText, HidesBytesThatAreNoUtf8) {
    EXPECT_EQ(printable("caf\xe9"), "caf" + kMark);
    EXPECT_EQ(printable("\xe2\x82"), kMark + kMark);
    EXPECT_EQ(printable("\xff\xc0\x80"
                        "a"),
              kMark + kMark + kMark + "a");
}

TEST(TerminalText, CountsColumns) {
    EXPECT_EQ(columns_of("caf\xc3\xa9"), 4u);
    EXPECT_EQ(columns_of("日本"), 4u);
    EXPECT_EQ(columns_of("e\xcc\x81"), 1u);
    EXPECT_EQ(columns_of("\x1b[31mred\x1b[0m"), 3u);
}

TEST(TerminalText, CutsAtColumns) {
    EXPECT_EQ(shortened("caf\xc3\xa9s", 4), "caf…");
    EXPECT_EQ(shortened("caf\xc3\xa9", 4), "caf\xc3\xa9");
    EXPECT_EQ(shortened("日本語", 4), "日…");
}

TEST(TerminalText, BreaksLinesAtBlanks) {
    EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
    EXPECT_EQ(wrapped("averylongword x", 5, 0), "averylongword\nx");
    EXPECT_EQ(wrapped("", 5, 0), "");
}

TEST(TimeText, SaysHowLongAgo) {
    const auto now = *sagas::parse_rfc3339("2026-11-21T23:00:00Z");
    EXPECT_EQ(age_text("2026-11-21T22:59:48.500Z", now), "11s");
    EXPECT_EQ(age_text("2026-11-21T22:56:55Z", now), "3m 5s");
    EXPECT_EQ(age_text("2026-11-21T20:50:00Z", now), "2h 10m");
    EXPECT_EQ(age_text("2026-11-17T20:00:00Z", now), "4d 3h");
    EXPECT_EQ(age_text("2026-11-21T23:00:05Z", now), "0s");
    EXPECT_EQ(age_text("", now), "");
}

class LiveScreenTest : public testing::Test {
 protected:
    std::string shown() {
        std::string text = out.str();
        out.str("");
        return text;
    }
    std::istringstream in;
    std::ostringstream out, error;
    Screen size{10, 8};
    Surroundings around{in,
                        out,
                        error,
                        Terminal::Yes,
                        Terminal::No,
                        [this] { return size; },
                        [](const std::string&) { return std::string(); },
                        {},
                        "",
                        {},
                        {}};
    Console console{around, Output::Table};
    LiveScreen screen{console};
};

TEST_F(LiveScreenTest, GoesUpByTheRowsThatItTook) {
    screen.show("one\ntwo\n");
    EXPECT_EQ(shown(), "\r\x1b[Jone\ntwo\n");
    screen.show("0123456789abc\n\n");  // Takes two rows.
    EXPECT_EQ(shown(), "\x1b[2A\r\x1b[J0123456789abc\n\n");
    screen.show("x\n");
    EXPECT_EQ(shown(), "\x1b[3A\r\x1b[Jx\n");
    screen.show("0123456789abc\n");
    shown();
    size.columns = 5;  // Now it takes three.
    screen.show("x\n");
    EXPECT_EQ(shown(), "\x1b[3A\r\x1b[Jx\n");
}

TEST_F(LiveScreenTest, LeavesOutWhatHasNoRoom) {
    screen.show("1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    EXPECT_EQ(shown(), "\r\x1b[J1\n2\n3\n4\n5\n6\n… 3 more lines\n");
}

}  // namespace
}  // namespace skald::cli
