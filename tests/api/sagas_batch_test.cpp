#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;

class SagasBatch : public testing::Test {
 protected:
    void SetUp() override { engine.put_definition(definition("order", {step("reserve")})); }

    static Json item(Json more = Json::object()) {
        Json start = {{"definition", "order"}, {"input", {{"order", 1}}}};
        start.update(more);
        return start;
    }
    Reply post(const Json& body, EngineInMemory::Headers headers = {}) {
        return engine.call("POST", "/v1/sagas/batch", body.dump(), std::move(headers));
    }
    Document items(const std::vector<Json>& starts) {
        const Reply reply = post({{"items", starts}});
        EXPECT_EQ(reply.status, 200) << reply.body;
        return body_of(reply)["items"];
    }
    static std::vector<int> statuses(const Document& items) {
        std::vector<int> found;
        for (const Document& each : items) found.push_back(each["status"]);
        return found;
    }
    std::size_t sagas() { return body_of(engine.call("GET", "/v1/sagas"))["items"].size(); }

    EngineInMemory engine;
};

TEST_F(SagasBatch, StartsAllAndTellsOfEach) {
    const Document done = items({item(), item({{"id", "mine"}}), item({{"definition", "nobody"}}),
                                 item({{"inptu", 1}}), "no object"});
    EXPECT_THAT(statuses(done), ElementsAre(201, 201, 404, 400, 400));
    EXPECT_EQ(done[1]["saga"],
              Document::parse(R"({"id": "mine", "definition": "order", "version": 1})"));
    EXPECT_EQ(done[2]["problem"]["type"], "urn:skald:problem:definition-not-found");
    EXPECT_EQ(done[3]["problem"]["errors"][0]["pointer"], "/inptu");
    engine.settle();
    EXPECT_EQ(sagas(), 2u);
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/mine"))["status"], "completed");
}

TEST_F(SagasBatch, AnswersRepeatsWithinAndAfterIt) {
    const Json keyed = item({{"idempotency_key", "k"}});
    const Json other = item({{"idempotency_key", "k"}, {"labels", {{"a", "b"}}}});
    const Document first = items({keyed, keyed, other, item({{"id", "x"}}), item({{"id", "x"}})});
    EXPECT_THAT(statuses(first), ElementsAre(201, 201, 422, 201, 200));
    EXPECT_EQ(first[0]["saga"], first[1]["saga"]);
    const Document again = items({keyed});
    EXPECT_EQ(again[0], first[0]);
    // One key, whichever way it comes.
    EXPECT_EQ(
        body_of(engine.call("POST", "/v1/sagas", item().dump(), {{"idempotency-key", "k"}}))["id"],
        first[0]["saga"]["id"]);
    ASSERT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    EXPECT_THAT(statuses(items({keyed, item()})), ElementsAre(201, 404));
    EXPECT_EQ(sagas(), 2u);
}

TEST_F(SagasBatch, RefusesWhatIsNoBatch) {
    EXPECT_EQ(post(Json::object()).status, 400);
    EXPECT_EQ(post({{"items", Json::array()}}).status, 400);
    EXPECT_EQ(post({{"items", std::vector<Json>(1'001, item())}}).status, 400);
    EXPECT_EQ(post({{"items", {item()}}, {"more", 1}}).status, 400);
    EXPECT_EQ(post({{"items", {item()}}}, {{"idempotency-key", "k"}}).status, 400);
    EXPECT_THAT(statuses(items({item({{"idempotency_key", ""}}), item({{"idempotency_key", 1}})})),
                ElementsAre(400, 400));
    EXPECT_EQ(sagas(), 0u);
}

TEST_F(SagasBatch, TellsEachItemWhenTheEngineIsBusy) {
    engine.refuse_commands();
    EXPECT_THAT(statuses(items({item(), item()})), ElementsAre(503, 503));
}

TEST_F(SagasBatch, TakesAThousandInOneCommit) {
    const Document done = items(std::vector<Json>(1'000, item()));
    EXPECT_EQ(done.size(), 1'000u);
    EXPECT_EQ(done.back()["status"], 201);
    engine.settle();
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas?count=true"))["counts"]["completed"], 1'000);
}

}  // namespace
}  // namespace skald::api
