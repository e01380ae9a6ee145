#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class PublishCommand : public CommandLineTest {
 protected:
    std::string content_type(std::size_t request) const {
        for (const auto& [name, value] : talk.requests.at(request).headers) {
            if (name == "Content-Type") return value;
        }
        return "";
    }
};

TEST_F(PublishCommand, MakesAnEvent) {
    answer(202, R"({"offsets": [17]})");
    EXPECT_EQ(run({"publish", "orders", "--type", "order.placed", "--source", "/shop", "--subject",
                   "o-1", "--id", "e-1", "--data", R"({"amount": 12})", "--extension", "sagaid=p-1",
                   "--extension", "note=a=b"}),
              Exit::Done)
        << take_error();
    EXPECT_THAT(targets(), ElementsAre("POST /v1/topics/orders/events"));
    EXPECT_EQ(content_type(0), "application/cloudevents+json");
    EXPECT_EQ(sagas::Json(sent(0)), (sagas::Json{{"specversion", "1.0"},
                                                 {"id", "e-1"},
                                                 {"type", "order.placed"},
                                                 {"source", "/shop"},
                                                 {"subject", "o-1"},
                                                 {"sagaid", "p-1"},
                                                 {"note", "a=b"},
                                                 {"data", {{"amount", 12}}}}));
    EXPECT_EQ(take_out(), "published to orders at offset 17\n");
}

TEST_F(PublishCommand, GivesItARandomId) {
    for (int i = 0; i < 2; ++i) {
        answer(202, R"({"offsets": [1]})");
        EXPECT_EQ(run({"publish", "orders", "--type", "t", "--source", "/s"}), Exit::Done);
    }
    EXPECT_EQ(sent(0)["id"].get<std::string>().size(), 36u);
    EXPECT_NE(sent(0)["id"], sent(1)["id"]);
    EXPECT_FALSE(sent(0).contains("data"));
}

TEST_F(PublishCommand, TakesDataFromAFileOrItsInput) {
    const TextFile file(R"(["pen"])");
    answer(202, R"({"offsets": [1]})");
    EXPECT_EQ(run({"publish", "o", "--type", "t", "--source", "/s", "--data", "@" + file.name()}),
              Exit::Done);
    EXPECT_EQ(sent(0)["data"], api::Document({"pen"}));
    input = "12";
    answer(202, R"({"offsets": [1]})");
    EXPECT_EQ(run({"publish", "o", "--type", "t", "--source", "/s", "--data", "-"}), Exit::Done);
    EXPECT_EQ(sent(1)["data"], 12);
}

TEST_F(PublishCommand, SendsWholeEvents) {
    input = R"({"specversion": "1.0"})";
    answer(202, R"({"offsets": [3]})");
    EXPECT_EQ(run({"publish", "orders", "--event", "-"}), Exit::Done) << take_error();
    EXPECT_EQ(content_type(0), "application/cloudevents+json");
    EXPECT_EQ(talk.requests[0].body, R"({"specversion":"1.0"})");
    const TextFile batch("[{}, {}]");
    answer(202, R"({"offsets": [4, 5]})");
    EXPECT_EQ(run({"publish", "orders", "--batch", batch.name()}), Exit::Done);
    EXPECT_EQ(content_type(1), "application/cloudevents-batch+json");
    EXPECT_EQ(take_out(), "published to orders at offset 3\npublished to orders at offsets 4, 5\n");
    answer(202, R"({"offsets": [4, 5]})");
    EXPECT_EQ(run({"publish", "orders", "--batch", batch.name(), "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["offsets"], api::Document({4, 5}));
}

// What was sent before is stored once.
TEST_F(PublishCommand, SendsItAgainWhileTheServerIsAway) {
    break_off();
    answer(503, R"({"detail": "Busy."})");
    answer(202, R"({"offsets": [1]})");
    EXPECT_EQ(run({"publish", "orders", "--type", "t", "--source", "/s"}), Exit::Done);
    ASSERT_EQ(talk.requests.size(), 3u);
    EXPECT_EQ(talk.requests[0].body, talk.requests[2].body);
    EXPECT_EQ(talk.pauses.size(), 2u);
}

TEST_F(PublishCommand, TellsWhatIsWrong) {
    answer(422, R"({"detail": "The event breaks the contract.",
                    "errors": [{"code": "schema-violation", "pointer": "/data", "detail": "x"}]})");
    EXPECT_EQ(run({"publish", "orders", "--type", "t", "--source", "/s"}), Exit::Failed);
    EXPECT_EQ(take_error(),
              "skald: The event breaks the contract.\n  /data: schema-violation: x\n");
    EXPECT_EQ(run({"publish", "orders", "--type", "t", "--source", "/s", "--data", "hello"}),
              Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("--data: "));
    EXPECT_EQ(run({"publish", "orders", "--event", "/no/such/file"}), Exit::Failed);
    EXPECT_EQ(talk.requests.size(), 1u);
}

TEST_F(PublishCommand, NeedsAnEvent) {
    for (const std::vector<std::string>& bad :
         {std::vector<std::string>{"publish"},
          {"publish", "orders"},
          {"publish", "orders", "--type", "t"},
          {"publish", "orders", "--source", "/s"},
          {"publish", "orders", "--type", "", "--source", "/s"},
          {"publish", "orders", "--event", "x", "--batch", "y"},
          {"publish", "orders", "--event", "x", "--type", "t"},
          {"publish", "orders", "--type", "t", "--source", "/s", "--extension", "a"}}) {
        EXPECT_EQ(run(bad), Exit::BadUsage) << testing::PrintToString(bad);
        EXPECT_THAT(take_error(), StartsWith("skald: "));
    }
    EXPECT_TRUE(talk.requests.empty());
}

}  // namespace
}  // namespace skald::cli
