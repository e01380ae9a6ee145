#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;
using testing::Not;

constexpr sagas::Milliseconds kSecond{1'000};

/// One saga "a": reserve, then charge, whose participant calls back.
class Callbacks : public testing::Test {
 protected:
    void SetUp() override {
        Json charge = step("charge");
        charge["action"]["http"]["reply"] = "callback";
        charge["action"]["http"]["headers"] = {{"X-Key", "$secrets.LONG"}};
        charge["callback_timeout"] = "10m";
        engine.put_definition(definition("order", {step("reserve"), charge}));
    }
    /// The bank says later what became of it.
    void accept() {
        engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
            return request.target == "/charge" ? reply(202) : reply(200, Json::object());
        };
    }
    void start() {
        const Json body = {{"definition", "order"}, {"id", "a"}, {"input", {{"order", 7}}}};
        ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
        engine.settle();
        ASSERT_EQ(engine.requests.size(), 2u);
        target = callback_target(engine.requests[1]);
    }
    void start_and_accept() {
        accept();
        start();
    }
    Reply call_back(const Json& body) { return engine.call("POST", target, body.dump()); }
    Document saga() { return body_of(engine.call("GET", "/v1/sagas/a")); }

    EngineInMemory engine;
    std::string target;
};

TEST_F(Callbacks, EndTheCallThatWaitsForThem) {
    start_and_accept();
    EXPECT_EQ(header_of(engine.requests[1], "Skald-Callback"), "https://skald.example" + target);
    EXPECT_EQ(header_of(engine.requests[0], "Skald-Callback"), "");
    const Document waiting = saga();
    EXPECT_EQ(waiting["status"], "running");
    EXPECT_EQ(waiting["steps"][1]["status"], "waiting");
    EXPECT_EQ(waiting["steps"][1]["callback_until"], "2026-11-21T22:42:28.000Z");
    EXPECT_EQ(waiting["waiting_for"], Document::parse(R"([
        "callback from step charge until 2026-11-21T22:42:28.000Z"])"));

    engine.advance(kSecond);
    const Reply taken = call_back({{"outcome", "success"}, {"output", {{"id", "c-9"}}}});
    ASSERT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(body_of(taken), Document::parse(R"({"saga": "a", "step": "charge",
        "phase": "action", "taken": true, "status": "completed"})"));
    EXPECT_EQ(saga()["steps"][1]["output"], Document::parse(R"({"id": "c-9"})"));
    EXPECT_FALSE(saga().contains("waiting_for"));
    const Document history = body_of(engine.call("GET", "/v1/sagas/a/history"));
    const Document& last = history["items"].back();
    EXPECT_EQ(last["type"], "called_back");
    EXPECT_EQ(last["outcome"], "success");
    EXPECT_EQ(last["output"]["id"], "c-9");
}

TEST_F(Callbacks, MayComeBeforeThe202) {
    bool is_open = false;
    engine.participants = [&](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target != "/charge") return reply(200, Json::object());
        return is_open ? std::optional(reply(202)) : std::nullopt;
    };
    start();
    const Reply taken = call_back({{"outcome", "success"}, {"output", 1}});
    EXPECT_EQ(body_of(taken)["taken"], true) << taken.body;
    EXPECT_EQ(saga()["status"], "completed");
    is_open = true;
    engine.settle();
    EXPECT_EQ(saga()["status"], "completed");
    EXPECT_EQ(saga()["steps"][1]["output"], 1);
}

TEST_F(Callbacks, AreTakenOnce) {
    start_and_accept();
    ASSERT_EQ(body_of(call_back({{"outcome", "success"}}))["taken"], true);
    for (const char* outcome : {"success", "failure"}) {
        const Reply again = call_back({{"outcome", outcome}});
        EXPECT_EQ(again.status, 200) << again.body;
        EXPECT_EQ(body_of(again)["taken"], false);
        EXPECT_EQ(body_of(again)["status"], "completed");
    }
    EXPECT_EQ(saga()["status"], "completed");
}

TEST_F(Callbacks, MayRefuseAskForMoreTimeOrDoubt) {
    start_and_accept();
    ASSERT_EQ(body_of(call_back({{"outcome", "retry"}, {"error", "the bank is closed"}}))["taken"],
              true);
    EXPECT_EQ(saga()["steps"][1]["error"], "called back: the bank is closed");
    engine.advance(kSecond);
    ASSERT_EQ(engine.requests.size(), 3u);
    EXPECT_EQ(callback_target(engine.requests[2]), target) << "the same for every try";
    const Reply refused = call_back({{"outcome", "failure"}, {"error", "declined"}});
    EXPECT_EQ(body_of(refused)["taken"], true) << refused.body;
    EXPECT_EQ(body_of(refused)["status"], "compensating");
    engine.settle();
    EXPECT_EQ(saga()["status"], "compensated");
    EXPECT_EQ(saga()["failure"]["reason"], "called back: declined");
    EXPECT_EQ(saga()["steps"][1]["status"], "failed");
}

TEST_F(Callbacks, AreInDoubtWhenTheyDoNotCome) {
    start_and_accept();
    engine.advance(sagas::Milliseconds{600'000});
    const Document late = saga();
    EXPECT_EQ(late["status"], "compensated");
    EXPECT_EQ(late["steps"][1]["status"], "compensated");
    const Reply answer = call_back({{"outcome", "success"}});
    EXPECT_EQ(body_of(answer)["taken"], false) << answer.body;
    EXPECT_EQ(saga()["status"], "compensated");
}

TEST_F(Callbacks, AreRefusedWithAnUnknownToken) {
    start_and_accept();
    std::string other = target;
    other.back() = other.back() == 'A' ? 'Q' : 'A';
    for (const std::string& unknown :
         {other, std::string("/v1/callbacks/x"), "/v1/callbacks/" + std::string(5'000, 'A')}) {
        const Reply reply = engine.call("POST", unknown, R"({"outcome": "success"})");
        EXPECT_EQ(reply.status, 404);
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:unknown-callback");
        EXPECT_THAT(reply.body, Not(HasSubstr(unknown.substr(14))));
    }
    EXPECT_EQ(saga()["status"], "running");
}

TEST_F(Callbacks, AreReadStrictly) {
    start_and_accept();
    const std::pair<std::string, std::string> cases[] = {
        {"{}", "/outcome"},
        {R"({"outcome": "done"})", "is not an outcome"},
        {R"({"outcome": 1})", "/outcome"},
        {R"({"outcome": "success", "outputs": 1})", "/outputs"},
        {R"({"outcome": "failure", "error": 1})", "/error"},
        {R"({"outcome": "failure", "error": ")" + std::string(1'001, 'x') + "\"}", "1000"},
        {"[]", "object"},
        {"{", "byte"}};
    for (const auto& [body, why] : cases) {
        SCOPED_TRACE(body.substr(0, 60));
        const Reply reply = engine.call("POST", target, body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(reply.body, HasSubstr(why));
    }
    EXPECT_EQ(saga()["steps"][1]["status"], "waiting");
    engine.refuse_commands();
    EXPECT_EQ(call_back({{"outcome", "success"}}).status, 503);
}

TEST_F(Callbacks, DoNotKeepTheirTokenOrSecrets) {
    start_and_accept();
    const std::string token = target.substr(target.rfind('/') + 1);
    const Reply taken = call_back(
        {{"outcome", "success"},
         {"output", {{"url", "https://skald.example" + target}, {"key", "s3cret-s3cret"}}}});
    ASSERT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(saga()["steps"][1]["output"], Document::parse(R"({"key": "***",
        "url": "https://skald.example/v1/callbacks/***"})"));
    for (const char* path : {"/v1/sagas/a", "/v1/sagas/a/history", "/v1/sagas/a/plan"}) {
        EXPECT_THAT(engine.call("GET", path).body, Not(HasSubstr(token)));
        EXPECT_THAT(engine.call("GET", path).body, Not(HasSubstr("s3cret-s3cret")));
    }
}

TEST_F(Callbacks, OfTextsDoNotKeepTheirTokenEither) {
    start_and_accept();
    const std::string token = target.substr(target.rfind('/') + 1);
    ASSERT_EQ(call_back({{"outcome", "failure"}, {"error", "POST " + target + ": no"}}).status,
              200);
    EXPECT_EQ(saga()["failure"]["reason"], "called back: POST /v1/callbacks/***: no");
    EXPECT_THAT(engine.call("GET", "/v1/sagas/a/history").body, Not(HasSubstr(token)));
}

TEST_F(Callbacks, NeedToKnowWhereTheServerIs) {
    start_and_accept();
    engine.lose_public_url();
    Json document = definition("later", {step("charge")});
    document["steps"][0]["action"]["http"]["reply"] = "callback";
    document["steps"][0]["compensation"]["http"]["reply"] = "callback";
    const Reply refused = engine.call("PUT", "/v1/definitions/later", document.dump());
    EXPECT_EQ(refused.status, 422);
    const Document errors = body_of(refused)["errors"];
    ASSERT_EQ(errors.size(), 2u) << refused.body;
    EXPECT_EQ(errors[0]["code"], "no-public-url");
    EXPECT_EQ(errors[0]["pointer"], "/steps/0/action/http/reply");
    EXPECT_EQ(errors[1]["pointer"], "/steps/0/compensation/http/reply");
    EXPECT_THAT(errors[0]["hint"].get<std::string>(), HasSubstr("--public-url"));
    const Document lint = body_of(engine.call("POST", "/v1/lint", document.dump()));
    EXPECT_EQ(lint["valid"], false);
    EXPECT_EQ(Json(lint["errors"]), Json(errors));

    const Reply start =
        engine.call("POST", "/v1/sagas", R"({"definition": "order", "input": {"order": 1}})");
    EXPECT_EQ(start.status, 422);
    EXPECT_THAT(start.body, HasSubstr("--public-url"));
    // Who was told the URL before may still use it.
    EXPECT_EQ(body_of(call_back({{"outcome", "success"}}))["taken"], true);
}

}  // namespace
}  // namespace skald::api
