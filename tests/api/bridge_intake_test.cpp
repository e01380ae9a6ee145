#include "api/bridge/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/event_match.h"
#include "store/memory_store.h"
#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using engine::NatsIntake;
using engine::NatsMessage;
using sagas::Json;
using testing::HasSubstr;

class BridgeIntake : public testing::Test {
 protected:
    /// The event, or {"refused": why}.
    Json take(const std::string& data,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
        NatsMessage message;
        message.subject = "orders.placed";
        message.headers = std::move(headers);
        message.data = data;
        NatsIntake::Taken taken = intake_->take("orders", message);
        if (auto* const refused = std::get_if<NatsIntake::Refused>(&taken)) {
            return {{"refused", refused->why}};
        }
        const auto& event = std::get<engine::Publish::Event>(taken);
        EXPECT_EQ(event.source, event.event.at("source"));
        EXPECT_EQ(event.id, event.event.at("id"));
        return event.event;
    }
    std::string refusal(const std::string& data,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
        return take(data, std::move(headers)).value("refused", "it was taken");
    }
    static Json plain() {
        return {{"specversion", "1.0"}, {"id", "e-1"}, {"source", "/shop"}, {"type", "placed"}};
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    const StandingClock clock_{};
    TopicDocuments topics_{store_->reader()};
    const std::shared_ptr<const NatsIntake> intake_ = make_intake("shop", topics_, clock_);
};

TEST_F(BridgeIntake, TakesStructuredEvents) {
    for (const auto& headers : std::vector<std::vector<std::pair<std::string, std::string>>>{
             {},
             {{"Content-Type", "application/cloudevents+json"}},
             {{"content-type", "application/cloudevents+json; charset=utf-8"}, {"Other", "x"}}}) {
        Json expected = plain();
        expected["skaldbridge"] = "shop";
        expected["time"] = "2026-11-21T22:32:28.000Z";
        EXPECT_EQ(take(plain().dump(), headers), expected);
    }
}

TEST_F(BridgeIntake, SaysOverWhichBridgeEventsCame) {
    Json of_another = plain();
    of_another["skaldbridge"] = "plant";
    EXPECT_EQ(take(of_another.dump())["skaldbridge"], "shop");
}

TEST_F(BridgeIntake, TakesBinaryEvents) {
    const Json event = take(R"({"order":1})", {{"ce-specversion", "1.0"},
                                               {"Ce-Id", "e-1"},
                                               {"ce-source", "/shop"},
                                               {"ce-type", "placed"},
                                               {"ce-subject", "o%201"},
                                               {"Content-Type", "application/json"}});
    EXPECT_EQ(event["data"], Json({{"order", 1}}));
    EXPECT_EQ(event["subject"], "o 1");
    EXPECT_EQ(event["datacontenttype"], "application/json");
}

TEST_F(BridgeIntake, RefusesWhatIsNoEvent) {
    EXPECT_THAT(refusal("hello"), HasSubstr("byte 0"));
    EXPECT_THAT(refusal(""), HasSubstr("is empty"));
    EXPECT_THAT(refusal("[]"), HasSubstr("expected an object"));
    EXPECT_THAT(refusal(R"({"id": "e-1"})"), HasSubstr("specversion"));
    EXPECT_THAT(refusal("x", {{"Content-Type", "text/plain"}}), HasSubstr("specversion"));
    EXPECT_THAT(refusal("[" + plain().dump() + "]",
                        {{"Content-Type", "application/cloudevents-batch+json"}}),
                HasSubstr("one event"));
}

TEST_F(BridgeIntake, TellsWhatOthersSagasPublishFromItsOwn) {
    Json of_a_saga = plain();
    of_a_saga["source"] = "/v1/sagas/p-7";
    of_a_saga["sagaid"] = "p-7";
    const Json taken = take(of_a_saga.dump());
    EXPECT_EQ(taken["source"], "/v1/bridges/shop/v1/sagas/p-7");
    EXPECT_EQ(taken["sagaid"], "p-7");
    // By way of a third server it stays the same, so that it goes round in no circle for ever.
    EXPECT_EQ(take(taken.dump())["source"], taken["source"]);
}

TEST_F(BridgeIntake, RefusesWhatIsTooLarge) {
    Json large = plain();
    large["data"] = std::string(sagas::kEventBytesMax, 'x');
    EXPECT_THAT(refusal(large.dump()), HasSubstr("at most 262144"));
    // With its time it just fits; with the bridge's name it does not.
    large["time"] = "2026-11-21T22:32:28.000Z";
    large["data"] = "";
    large["data"] = std::string(sagas::kEventBytesMax - large.dump().size(), 'x');
    EXPECT_THAT(refusal(large.dump()), HasSubstr("With the name of its bridge"));
    large["data"] = std::string(sagas::kEventBytesMax - 1'000, 'x');
    EXPECT_EQ(take(large.dump())["skaldbridge"], "shop");
}

TEST_F(BridgeIntake, HoldsEventsAgainstTheContract) {
    store::Batch batch;
    batch.topics.push_back({"orders",
                            R"({"types":{"placed":{"schema":{"required":["order"]}}}})",
                            {},
                            {},
                            {},
                            clock_.now()});
    ASSERT_TRUE(store_->writer().write(batch).has_value());
    Json event = plain();
    event["data"] = Json::object();
    EXPECT_THAT(refusal(event.dump()), HasSubstr("breaks the contract of topic orders"));
    event["data"] = {{"order", 1}};
    EXPECT_EQ(take(event.dump())["id"], "e-1");
}

}  // namespace
}  // namespace skald::api
