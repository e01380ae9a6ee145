#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SagasReplay : public testing::Test {
 protected:
    void SetUp() override {
        Json order = definition("order", {step("reserve"), step("charge")});
        order["labels"] = {{"order", "$input.order"}};
        engine.put_definition(order);
        engine.participants =
            [this](const sagas::Request& request) -> std::optional<sagas::Answer> {
            const auto found = statuses.find(request.target);
            if (found == statuses.end()) return reply(200, Json::object());
            if (found->second == 0) return std::nullopt;
            return reply(found->second, Json::object());
        };
    }

    /// Saga "a".
    void start() {
        const Json body = {{"definition", "order"},
                           {"id", "a"},
                           {"input", {{"order", "o-1"}}},
                           {"labels", {{"tenant", "acme"}}}};
        ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
    }
    /// Runs it to its end, refused by the bank.
    void be_refused() {
        statuses["/charge"] = 402;
        start();
        engine.settle();
        ASSERT_EQ(saga("a")["status"], "compensated");
        statuses.clear();
    }
    Document saga(const std::string& id) { return body_of(engine.call("GET", "/v1/sagas/" + id)); }
    Reply replay(const Json& body = Json::object(), EngineInMemory::Headers headers = {}) {
        return engine.call("POST", "/v1/sagas/a/replay", body.dump(), std::move(headers));
    }
    std::size_t sagas() { return body_of(engine.call("GET", "/v1/sagas"))["items"].size(); }
    void expect_conflict(const Reply& reply, const std::string& code) {
        EXPECT_EQ(reply.status, 409) << reply.body;
        EXPECT_EQ(body_of(reply)["reason_code"], code);
    }

    std::map<std::string, int> statuses;
    EngineInMemory engine;
};

TEST_F(SagasReplay, RunsACompensatedSagaAgainWithNewKeys) {
    be_refused();
    const std::size_t before = engine.requests.size();
    const Reply reply = replay({{"reason", "card works now"}});
    ASSERT_EQ(reply.status, 201) << reply.body;
    const std::string id = body_of(reply)["id"];
    EXPECT_EQ(header_of(reply, "Location"), "/v1/sagas/" + id);
    EXPECT_EQ(body_of(reply)["replay_of"], "a");
    engine.settle();
    const Document done = saga(id);
    EXPECT_EQ(done["status"], "completed");
    EXPECT_EQ(done["replay_of"], "a");
    EXPECT_EQ(done["input"], saga("a")["input"]);
    EXPECT_EQ(done["labels"], saga("a")["labels"]);
    EXPECT_EQ(saga("a")["replayed_as"], id);
    const std::pair<std::string, std::string> key{"Idempotency-Key",
                                                  '"' + id + "/reserve/action\""};
    EXPECT_THAT(engine.requests.at(before).headers, testing::Contains(key));
    const Document begun = body_of(engine.call("GET", "/v1/sagas/" + id + "/history"))["items"][0];
    EXPECT_EQ(begun["replay_of"], "a");
    EXPECT_EQ(begun["by"], "local");
    EXPECT_EQ(begun["reason"], "card works now");
    EXPECT_FALSE(begun.contains("idempotency_key"));
}

TEST_F(SagasReplay, TakesAnotherInputVersionAndId) {
    be_refused();
    engine.put_definition(definition("order", {step("only")}));
    const Reply reply = replay({{"input", {{"order", "o-2"}}}, {"version", 2}, {"id", "b"}});
    ASSERT_EQ(reply.status, 201) << reply.body;
    engine.settle();
    EXPECT_EQ(saga("b")["version"], 2);
    EXPECT_EQ(saga("b")["input"]["order"], "o-2");
    EXPECT_EQ(saga("b")["labels"], Document::parse(R"({"tenant": "acme"})"));
    EXPECT_EQ(saga("b")["steps"][0]["name"], "only");
}

TEST_F(SagasReplay, HasOneWinner) {
    be_refused();
    const EngineInMemory::Headers key = {{"idempotency-key", "k"}};
    const Reply first = replay({{"reason", "x"}}, key);
    ASSERT_EQ(first.status, 201);
    const Reply again = replay({{"reason", "x"}}, key);
    EXPECT_EQ(again.status, 201) << again.body;
    EXPECT_EQ(body_of(again)["id"], body_of(first)["id"]);
    EXPECT_EQ(replay({{"reason", "y"}}, key).status, 422);
    const Reply other = replay({{"reason", "x"}}, {{"idempotency-key", "other"}});
    expect_conflict(other, "already_replayed");
    EXPECT_EQ(body_of(other)["replayed_as"], body_of(first)["id"]);
    expect_conflict(replay(), "already_replayed");
    EXPECT_EQ(sagas(), 2u);
}

TEST_F(SagasReplay, IsTheSameWhenSentTwiceWithoutAKey) {
    be_refused();
    EXPECT_EQ(body_of(replay())["id"], body_of(replay())["id"]);
    EXPECT_EQ(sagas(), 2u);
}

TEST_F(SagasReplay, TakesNoOtherReplaysSagaForItsOwn) {
    be_refused();
    ASSERT_EQ(replay({{"id", "redo"}}).status, 201);
    statuses["/charge"] = 402;
    const Json other = {{"definition", "order"}, {"id", "b"}, {"input", {{"order", "o-2"}}}};
    engine.call("POST", "/v1/sagas", other.dump());
    ASSERT_EQ(saga("b")["status"], "compensated");
    const Reply reply = engine.call("POST", "/v1/sagas/b/replay", R"({"id": "redo"})");
    EXPECT_EQ(reply.status, 409) << reply.body;
    EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:id-taken");
    EXPECT_FALSE(saga("b").contains("replayed_as"));
}

TEST_F(SagasReplay, TellsOfEffectsThatAnUndoneSagaLeft) {
    statuses = {{"/charge", 402}, {"/undo-reserve", 409}};
    start();
    ASSERT_EQ(saga("a")["status"], "stuck");
    const Json leave = {{"step", "reserve"}, {"as", "skipped"}, {"reason", "let it be"}};
    ASSERT_EQ(engine.call("POST", "/v1/sagas/a/resolve", leave.dump()).status, 200);
    ASSERT_EQ(saga("a")["status"], "compensated");
    const Reply refused = replay();
    expect_conflict(refused, "effects_stand");
    EXPECT_EQ(body_of(refused)["effects"][0]["step"], "reserve");
    EXPECT_EQ(replay({{"accept_repeats", true}}).status, 201);
}

TEST_F(SagasReplay, IsTheSameWithAndWithoutItsKey) {
    be_refused();
    const Reply keyed = replay({{"reason", "x"}}, {{"idempotency-key", "k"}});
    EXPECT_EQ(body_of(replay({{"reason", "x"}}))["id"], body_of(keyed)["id"]);
    expect_conflict(replay({{"reason", "y"}}), "already_replayed");
}

TEST_F(SagasReplay, RefusesWhatGoesOn) {
    statuses["/charge"] = 0;
    start();
    expect_conflict(replay(), "still_live");
    EXPECT_EQ(sagas(), 1u);
}

TEST_F(SagasReplay, ListsTheEffectsThatStandAndRepeatsThemOnlyWhenTold) {
    start();
    engine.settle();
    ASSERT_EQ(saga("a")["status"], "completed");
    const Reply refused = replay();
    expect_conflict(refused, "effects_stand");
    EXPECT_EQ(body_of(refused)["effects"].size(), 2u);
    EXPECT_EQ(body_of(refused)["effects"][1]["key"], "a/charge/action");
    EXPECT_EQ(replay({{"accept_repeats", true}}).status, 201);
}

TEST_F(SagasReplay, ShowsWhatItWouldDo) {
    be_refused();
    const Reply reply = replay({{"dry_run", true}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(body_of(reply), Document::parse(R"({"saga": "a", "definition": "order", "version": 1,
        "input": {"order": "o-1"},
        "calls": [
          {"step": "reserve", "method": "POST", "url": "http://127.0.0.1:9000/reserve",
           "key": "{id}/reserve/action", "ran_before": true},
          {"step": "charge", "method": "POST", "url": "http://127.0.0.1:9000/charge",
           "key": "{id}/charge/action", "ran_before": true}],
        "effects": [], "would_be": "started"})"));
    EXPECT_EQ(sagas(), 1u);
    replay();
    const Document after = body_of(replay({{"dry_run", true}}));
    EXPECT_EQ(after["would_be"], "refused");
    EXPECT_THAT(after["why"], HasSubstr("was replayed as"));
}

TEST_F(SagasReplay, RefusesBadRequests) {
    be_refused();
    EXPECT_EQ(engine.call("POST", "/v1/sagas/nobody/replay").status, 404);
    EXPECT_EQ(replay({{"version", 9}}).status, 404);
    EXPECT_EQ(replay({{"id", "a/b"}}).status, 400);
    EXPECT_EQ(replay({{"dry_run", "yes"}}).status, 400);
    EXPECT_EQ(replay({{"dryrun", true}}).status, 400);
    EXPECT_EQ(replay({{"input", {{"n", 9007199254740993}}}}).status, 400);
    EXPECT_EQ(replay({{"id", "a"}}).status, 409);  // The old one has it.
    EXPECT_EQ(sagas(), 1u);
}

}  // namespace
}  // namespace skald::api
