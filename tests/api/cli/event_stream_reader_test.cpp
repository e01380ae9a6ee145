#include "api/cli/event_stream_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<ServerEvent> read(std::string_view text) {
    EventStreamReader reader;
    EXPECT_TRUE(reader.feed(text));
    return reader.take();
}

TEST(EventStreamReader, ReadsIdTypeAndData) {
    EXPECT_THAT(read("id: 7\nevent: begun\ndata: {\"a\": 1}\n\n"),
                ElementsAre(ServerEvent{"7", "begun", "{\"a\": 1}"}));
    EXPECT_THAT(read("data:x\n\n"), ElementsAre(ServerEvent{"", "message", "x"}));
    EXPECT_THAT(read("data:  x\n\n"), ElementsAre(ServerEvent{"", "message", " x"}));
    EXPECT_THAT(read("data: a: b\n\n"), ElementsAre(ServerEvent{"", "message", "a: b"}));
}

TEST(EventStreamReader, JoinsLinesOfData) {
    EXPECT_THAT(read("data: a\ndata\ndata: b\n\n"),
                ElementsAre(ServerEvent{"", "message", "a\n\nb"}));
    EXPECT_THAT(read("data\n\n"), ElementsAre(ServerEvent{"", "message", ""}));
}

TEST(EventStreamReader, KeepsTheLastIdButNotTheType) {
    EXPECT_THAT(read("id: 1\nevent: a\ndata: x\n\ndata: y\n\nid\ndata: z\n\n"),
                ElementsAre(ServerEvent{"1", "a", "x"}, ServerEvent{"1", "message", "y"},
                            ServerEvent{"", "message", "z"}));
    EXPECT_THAT(read(std::string_view("id: 1\nid: 2\0\ndata: x\n\n", 22)),
                ElementsAre(ServerEvent{"1", "message", "x"}));
}

TEST(EventStreamReader, SkipsCommentsAndWhatItDoesNotKnow) {
    EXPECT_THAT(read(": ping\n\n:\n\nretry: 5\nfoo: bar\nDATA: x\n\n"), IsEmpty());
    EXPECT_THAT(read("data: a\n: in between\ndata: b\n\n"),
                ElementsAre(ServerEvent{"", "message", "a\nb"}));
    // Without data there is no event, and its type is forgotten.
    EXPECT_THAT(read("event: a\n\ndata: x\n\n"), ElementsAre(ServerEvent{"", "message", "x"}));
}

TEST(EventStreamReader, TakesAnyLineEnd) {
    const ServerEvent one{"1", "a", "x"}, two{"1", "message", "y"};
    EXPECT_THAT(read("id: 1\r\nevent: a\r\ndata: x\r\n\r\ndata: y\r\n\r\n"), ElementsAre(one, two));
    EXPECT_THAT(read("id: 1\revent: a\rdata: x\r\rdata: y\r\r"), ElementsAre(one, two));
    EXPECT_THAT(read("id: 1\revent: a\ndata: x\r\n\ndata: y\n\r\n"), ElementsAre(one, two));
    EXPECT_THAT(read("\xEF\xBB\xBF"
                     "data: y\n\n"),
                ElementsAre(ServerEvent{"", "message", "y"}));
}

TEST(EventStreamReader, TakesPiecesOfAnySize) {
    const std::string text =
        "\xEF\xBB\xBFid: 1\r\nevent: a\r\ndata: caf\xC3\xA9\r\ndata: x\r\n\r\n: ping\r\n\r\nid: "
        "2\r\n"
        "data: y\r\n\r\n";
    const auto whole = read(text);
    ASSERT_EQ(whole.size(), 2u);
    for (std::size_t size = 1; size < text.size(); ++size) {
        EventStreamReader reader;
        std::vector<ServerEvent> events;
        for (std::size_t at = 0; at < text.size(); at += size) {
            ASSERT_TRUE(reader.feed(std::string_view(text).substr(at, size)));
            for (ServerEvent& event : reader.take()) events.push_back(std::move(event));
        }
        EXPECT_EQ(events, whole) << size;
    }
}

TEST(EventStreamReader, KeepsAnEventThatIsNotWhole) {
    EventStreamReader reader;
    ASSERT_TRUE(reader.feed("data: a\n"));
    EXPECT_THAT(reader.take(), IsEmpty());
    ASSERT_TRUE(reader.feed("\n"));
    EXPECT_THAT(reader.take(), ElementsAre(ServerEvent{"", "message", "a"}));
    EXPECT_THAT(reader.take(), IsEmpty());
}

TEST(EventStreamReader, RefusesAnEventWithoutEnd) {
    const std::string line = "data: " + std::string(1 << 20, 'x') + "\n";
    EventStreamReader reader;
    bool is_refused = false;
    for (int count = 0; count < 5 && !is_refused; ++count) is_refused = !reader.feed(line);
    EXPECT_TRUE(is_refused);
}

}  // namespace
}  // namespace skald::cli
