#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "api/masking.h"
#include "tests/api/engine_in_memory.h"

/// What a definition calls sensitive is nowhere but in the calls.
namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCard = "4111-1111";
constexpr const char* kToken = "tok-9999";

class SensitiveViews : public testing::Test {
 protected:
    void SetUp() override {
        Json pay = definition("pay", {step("tokenise"), step("charge")});
        pay["sensitive"] = {"/input/card", "/steps/tokenise/output/token"};
        Json& steps = pay["steps"];
        steps[0]["action"]["http"]["body"] = {{"card", "$input.card"}, {"for", "$input.name"}};
        steps[1]["action"]["http"]["body"] = {{"token", "$steps.tokenise.output.token"}};
        pay["output"] = {{"token", "$steps.tokenise.output.token"}, {"name", "$input.name"}};
        engine.put_definition(pay);
        engine.participants = [this](const sagas::Request& request) { return answer_to(request); };
    }
    std::optional<sagas::Answer> answer_to(const sagas::Request& request) {
        if (request.target == "/tokenise") return reply(200, {{"token", kToken}, {"ok", true}});
        if (request.target == "/charge" && refuses) {
            return reply(402, {{"no", {kCard, kToken}}});
        }
        return reply(200, Json::object());
    }
    void start(const std::string& id) {
        const Json body = {
            {"definition", "pay"}, {"id", id}, {"input", {{"card", kCard}, {"name", "Ada"}}}};
        const Reply reply = engine.call("POST", "/v1/sagas?wait=10s", body.dump());
        ASSERT_EQ(reply.status, 200) << reply.body;
        expect_hidden(reply.body);
    }
    static void expect_hidden(const std::string& text) {
        EXPECT_THAT(text, Not(HasSubstr(kCard)));
        EXPECT_THAT(text, Not(HasSubstr(kToken)));
    }
    Document get(const std::string& target) {
        const Reply reply = engine.call("GET", target);
        EXPECT_EQ(reply.status, 200) << reply.body;
        expect_hidden(reply.body);
        return body_of(reply);
    }

    EngineInMemory engine;
    bool refuses = false;
};

TEST_F(SensitiveViews, AreMaskedWhereASagaIsShown) {
    start("a");
    const Document saga = get("/v1/sagas/a");
    EXPECT_EQ(saga["input"], Document::parse(R"({"card": "***", "name": "Ada"})"));
    EXPECT_EQ(saga["steps"][0]["input"], Document::parse(R"({"card": "***", "for": "Ada"})"));
    EXPECT_EQ(saga["steps"][0]["output"], Document::parse(R"({"ok": true, "token": "***"})"));
    EXPECT_EQ(saga["steps"][1]["input"], Document::parse(R"({"token": "***"})"));
    EXPECT_EQ(saga["output"], Document::parse(R"({"name": "Ada", "token": "***"})"));
    // The calls got what they need.
    ASSERT_EQ(engine.requests.size(), 2u);
    EXPECT_THAT(engine.requests[0].body, HasSubstr(kCard));
    EXPECT_THAT(engine.requests[1].body, HasSubstr(kToken));
}

TEST_F(SensitiveViews, AreMaskedInHistoryEventsAndLists) {
    refuses = true;
    start("a");
    EXPECT_THAT(get("/v1/sagas/a").dump(), HasSubstr(R"("error":"HTTP 402: ***")"));
    EXPECT_EQ(get("/v1/sagas/a")["failure"]["reason"], "HTTP 402: ***");
    EXPECT_THAT(get("/v1/sagas/a/history").dump(), HasSubstr(R"("token":"***")"));
    EXPECT_EQ(get("/v1/sagas")["items"][0]["last_error"]["error"], "HTTP 402: ***");
    EXPECT_EQ(get("/v1/sagas?error=4111")["items"].size(), 0u);
    auto events = engine.open("/v1/sagas/a/events");
    std::string text = events.read();
    text += events.read();
    EXPECT_THAT(text, HasSubstr("HTTP 402: ***"));
    expect_hidden(text);
}

TEST_F(SensitiveViews, AreMaskedInAReplaysPlanAndSentAgain) {
    refuses = true;
    start("a");
    refuses = false;
    const Reply plan = engine.call("POST", "/v1/sagas/a/replay", R"({"dry_run": true})");
    EXPECT_EQ(body_of(plan)["input"]["card"], "***") << plan.body;
    expect_hidden(plan.body);
    const Reply replayed = engine.call("POST", "/v1/sagas/a/replay", "{}");
    ASSERT_EQ(replayed.status, 201) << replayed.body;
    engine.settle();
    EXPECT_THAT(engine.requests[engine.requests.size() - 2].body, HasSubstr(kCard));
}

TEST_F(SensitiveViews, AreMaskedInAPlanForAVersionThatSaysNothing) {
    refuses = true;
    start("a");
    engine.put_definition(definition("pay", {step("tokenise"), step("charge")}));
    const Reply plan =
        engine.call("POST", "/v1/sagas/a/replay", R"({"dry_run": true, "version": 2})");
    EXPECT_EQ(plan.status, 200);
    expect_hidden(plan.body);
}

TEST_F(SensitiveViews, AreMaskedWhereAnOperatorSaysThem) {
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/tokenise") return reply(500);
        return reply(200, Json::object());
    };
    Json parked = definition("parked", {step("tokenise")});
    parked["sensitive"] = {"/steps/tokenise/output"};
    parked["steps"][0]["in_doubt"] = "park";
    parked["steps"][0]["retry"] = {{"maximum_attempts", 1}};
    engine.put_definition(parked);
    ASSERT_EQ(engine
                  .call("POST", "/v1/sagas?wait=10s",
                        R"({"definition": "parked", "id": "p", "input": {"order": 1}})")
                  .status,
              200);
    const Json resolve = {
        {"step", "tokenise"}, {"as", "succeeded"}, {"output", kToken}, {"reason", "seen"}};
    const Reply resolved = engine.call("POST", "/v1/sagas/p/resolve", resolve.dump());
    EXPECT_EQ(resolved.status, 200) << resolved.body;
    expect_hidden(resolved.body);
    engine.settle();
    EXPECT_EQ(get("/v1/sagas/p")["steps"][0]["output"], "***");
    EXPECT_THAT(get("/v1/sagas/p/history").dump(), HasSubstr(R"("output":"***")"));
}

TEST_F(SensitiveViews, AreNoInput) {
    for (const char* target : {"/v1/sagas", "/v1/sagas/a/replay"}) {
        refuses = true;
        if (engine.requests.empty()) start("a");
        Json body = {{"input", {{"card", "***"}}}};
        if (target == std::string("/v1/sagas")) body["definition"] = "pay";
        const Reply refused = engine.call("POST", target, body.dump());
        EXPECT_EQ(refused.status, 422) << refused.body;
        EXPECT_EQ(body_of(refused)["errors"][0]["code"], "masked-value");
        EXPECT_EQ(body_of(refused)["errors"][0]["pointer"], "/input/card");
    }
}

/// The block of JSON in docs/definitions.md that begins with this name.
Json documented(const std::string& name) {
    std::ifstream file(SKALD_DOCS "/definitions.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "```json\n{\n  \"name\": \"" + name + "\"";
    const auto at = page.find(begin);
    EXPECT_NE(at, std::string::npos);
    const auto from = at + 8;
    return Json::parse(page.substr(from, page.find("\n```", from) - from));
}

TEST(SensitiveDocumentation, HoldsForItsExample) {
    EngineInMemory engine;
    engine.put_definition(documented("pay-by-card"));
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/tokens") return reply(200, {{"token", kToken}});
        return reply(200, Json::object());
    };
    const Json input = {{"card", kCard}, {"amount", 12}, {"payers", {{{"mail", "a@b"}}}}};
    const Json body = {{"definition", "pay-by-card"}, {"input", input}};
    const Document saga = body_of(engine.call("POST", "/v1/sagas?wait=10s", body.dump()));
    EXPECT_EQ(saga["input"],
              Document::parse(R"({"amount": 12, "card": "***", "payers": [{"mail": "***"}]})"));
    EXPECT_EQ(saga["output"], Document::parse(R"({"amount": 12, "card": "***"})"));
    EXPECT_EQ(saga["steps"][0]["input"], Document::parse(R"({"card": "***"})"));
    EXPECT_EQ(saga["steps"][1]["input"], Document::parse(R"({"amount": 12, "token": "***"})"));
}

TEST(Masked, ReachesEveryElementAndMember) {
    const Document all = Document::parse(
        R"({"items": [{"card": 1, "n": 2}, {"card": null}, 3], "by": {"a/b": {"card": [4]}}})");
    EXPECT_EQ(masked(all, {{"items", "*", "card"}, {"by", "*", "card"}}), Document::parse(R"({
        "items": [{"card": "***", "n": 2}, {"card": "***"}, 3], "by": {"a/b": {"card": "***"}}})"));
    EXPECT_EQ(masked(all, {{"items", "1"}})["items"][1], "***");
    EXPECT_EQ(masked(all, {{}}), "***");
    EXPECT_EQ(masked(all, {{"gone"}, {"items", "x"}, {"items", "9"}}), all);
    EXPECT_EQ(find_mask(Json::parse(R"({"by": {"a/b": {"card": "***"}}})"), {{"by", "*", "card"}}),
              "/by/a~1b/card");
    EXPECT_EQ(find_mask(Json::parse(R"({"other": "***"})"), {{"by"}}), std::nullopt);
}

}  // namespace
}  // namespace skald::api
