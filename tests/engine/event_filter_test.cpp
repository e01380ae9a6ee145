#include "engine/event_filter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace skald::engine {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::IsEmpty;

/// The codes and pointers of what is wrong with `text`.
std::vector<std::string> problems_of(const std::string& text) {
    sagas::Problems problems;
    read_event_filter(Json::parse(text), "/filter", problems);
    std::vector<std::string> found;
    for (const sagas::Problem& problem : problems.take()) {
        found.push_back(problem.code + " " + problem.pointer);
    }
    return found;
}

EventFilter filter(const std::string& text) {
    sagas::Problems problems;
    EventFilter read = read_event_filter(Json::parse(text), "/filter", problems);
    EXPECT_TRUE(problems.is_empty()) << text;
    return read;
}

const EventHead kPlaced{"order.placed", "/shop", "order-7"};

TEST(EventFilter, WantsAllWhereItNamesNothing) {
    EXPECT_TRUE(filter("{}").wants(kPlaced));
    EXPECT_TRUE(filter("{}").wants({"x", "y", ""}));
}

TEST(EventFilter, TakesATextAsAWhole) {
    EXPECT_TRUE(filter(R"({"type": "order.placed"})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"type": "order"})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"type": "order.placed.again"})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"type": "Order.placed"})").wants(kPlaced));
    EXPECT_TRUE(filter(R"({"source": "/shop"})").wants(kPlaced));
    EXPECT_TRUE(filter(R"({"subject": "order-7"})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"subject": "order-70"})").wants(kPlaced));
}

TEST(EventFilter, TakesAPrefix) {
    EXPECT_TRUE(filter(R"({"type": {"prefix": "order."}})").wants(kPlaced));
    EXPECT_TRUE(filter(R"({"type": {"prefix": "order.placed"}})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"type": {"prefix": "order.placed."}})").wants(kPlaced));
    EXPECT_FALSE(filter(R"({"type": {"prefix": "rder"}})").wants(kPlaced));
}

TEST(EventFilter, NeedsAllThatItNames) {
    const EventFilter both = filter(R"({"type": {"prefix": "order."}, "subject": "order-7"})");
    EXPECT_TRUE(both.wants(kPlaced));
    EXPECT_FALSE(both.wants({"order.placed", "/shop", "order-8"}));
    EXPECT_FALSE(both.wants({"stock.counted", "/shop", "order-7"}));
}

TEST(EventFilter, DoesNotFindASubjectWhereThereIsNone) {
    const EventHead without{"order.placed", "/shop", ""};
    EXPECT_FALSE(filter(R"({"subject": "order-7"})").wants(without));
    EXPECT_FALSE(filter(R"({"subject": {"prefix": "o"}})").wants(without));
}

TEST(EventFilter, SaysWhatIsWrongWithIt) {
    EXPECT_THAT(problems_of(R"([])"), ElementsAre("wrong-type /filter"));
    EXPECT_THAT(problems_of(R"({"kind": "x"})"), ElementsAre("unknown-field /filter/kind"));
    EXPECT_THAT(problems_of(R"({"type": 5, "subject": ""})"),
                ElementsAre("wrong-value /filter/subject", "wrong-type /filter/type"));
    EXPECT_THAT(problems_of(R"({"type": {}})"), ElementsAre("missing-field /filter/type"));
    EXPECT_THAT(problems_of(R"({"type": {"prefix": ""}})"),
                ElementsAre("wrong-value /filter/type/prefix"));
    EXPECT_THAT(problems_of(R"({"type": {"prefix": ["x"]}})"),
                ElementsAre("wrong-type /filter/type/prefix"));
    EXPECT_THAT(problems_of(R"({"type": {"prefix": "x", "suffix": "y"}})"),
                ElementsAre("unknown-field /filter/type/suffix"));
    const std::string long_text(kFilterTextBytesMax, 'x');
    EXPECT_THAT(problems_of(R"({"source": ")" + long_text + "\"}"), IsEmpty());
    EXPECT_THAT(problems_of(R"({"source": ")" + long_text + "x\"}"),
                ElementsAre("too-long /filter/source"));
}

TEST(EventHead, IsReadFromTheOutermostObjectOnly) {
    const auto head = read_event_head(
        R"({"data":{"type":"inner","subject":"inner","list":[{"source":"inner"},"type"]},)"
        R"("id":"1","source":"/shop","specversion":"1.0","subject":"order-7","type":"order.placed",)"
        R"("zone":"type"})");
    ASSERT_TRUE(head);
    EXPECT_EQ(*head, kPlaced);
}

TEST(EventHead, TellsOverWhichBridgeTheEventCame) {
    const auto head =
        read_event_head(R"({"skaldbridge":"eu","source":"/shop","type":"order.placed"})");
    ASSERT_TRUE(head);
    EXPECT_EQ(head->bridge, "eu");
}

TEST(EventHead, HasNoSubjectWhereTheEventHasNone) {
    const auto head =
        read_event_head(R"({"data":"subject","source":"\u002fshop","type":"order.placed"})");
    ASSERT_TRUE(head);
    EXPECT_EQ(*head, (EventHead{"order.placed", "/shop", ""}));
}

TEST(EventHead, IsRefusedWhereItIsNoCloudEvent) {
    for (const std::string text :
         {"", "null", "[]", "{}", R"({"type":"x"})", R"({"source":"x"})",
          R"({"source":"x","type":5})", R"({"source":"x","type":{"type":"y"}})",
          R"([{"source":"x","type":"y"}])", R"({"source":"x","type":"y")"}) {
        const auto head = read_event_head(text);
        ASSERT_FALSE(head) << text;
        EXPECT_EQ(head.error().code, sagas::ErrorCode::Corruption);
    }
}

}  // namespace
}  // namespace skald::engine
