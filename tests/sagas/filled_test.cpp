#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/lint.h"
#include "tests/sagas/definition_text.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::HasSubstr;

Json fill(const Json& document) {
    const Checked checked = check_definition(document, std::nullopt);
    EXPECT_TRUE(checked.errors.empty());
    for (const Problem& problem : checked.errors) ADD_FAILURE() << problem.code << problem.pointer;
    return checked.filled;
}

std::vector<Json> documents() {
    std::vector<Json> all{order_document()};
    for (const char* patch : {
             R"([{"op": "remove", "path": "/steps/3/pivot"},
                 {"op": "add", "path": "/steps/3/compensation", "value": "none"},
                 {"op": "add", "path": "/steps/4/compensation", "value": "none"}])",
             R"([{"op": "remove", "path": "/defaults"}, {"op": "remove", "path": "/labels"},
                 {"op": "remove", "path": "/output"}, {"op": "remove", "path": "/deadline"},
                 {"op": "remove", "path": "/input_schema"},
                 {"op": "remove", "path": "/description"}])",
             R"([{"op": "add", "path": "/defaults/retry", "value":
                   {"maximum_attempts": 9, "initial_interval": "45s", "backoff_coefficient": 1.5,
                    "jitter": 0}}])",
             R"([{"op": "add", "path": "/steps/0/action/http/body", "value": null},
                 {"op": "add", "path": "/steps/1/output", "value": null},
                 {"op": "add", "path": "/output", "value": null}])",
             R"([{"op": "add", "path": "/steps/0/in_doubt", "value": "park"},
                 {"op": "add", "path": "/steps/3/compensation", "value": "none"},
                 {"op": "add", "path": "/steps/4/retry", "value": {"maximum_attempts": 1000000}}])",
             R"([{"op": "add", "path": "/defaults/timeout", "value": "3600s"},
                 {"op": "add", "path": "/steps/0/timeout", "value": "1500ms"},
                 {"op": "add", "path": "/steps/0/retry",
                  "value": {"backoff_coefficient": 1.1, "jitter": 0.333333333333}}])",
             R"([{"op": "add", "path": "/sensitive", "value":
                   ["/input/mail", "/input/items/*/price", "/steps/reserve/output/id"]}])",
         }) {
        all.push_back(order_with(patch));
    }
    all.push_back(tour_document());
    all.push_back(tour_with(R"([
        {"op": "add", "path": "/sensitive", "value": ["/input/rooms/*/kind", "/input/customer"]},
        {"op": "remove", "path": "/lock"}])"));
    all.push_back(parcel_document());
    all.push_back(parcel_with(R"([
        {"op": "add", "path": "/steps/0/retry", "value": {"jitter": 0}},
        {"op": "remove", "path": "/steps/0/action/event/reply/failure"},
        {"op": "add", "path": "/steps/1/action/event/reply/match/saga", "value": 1.5},
        {"op": "add", "path": "/steps/3/action/event/data", "value": null},
        {"op": "add", "path": "/sensitive", "value": ["/input/items", "/steps/approve/output"]}])"));
    return all;
}

TEST(Filled, LoadsTheSameDefinition) {
    for (const Json& document : documents()) {
        const Checked checked = check_definition(document, std::nullopt);
        ASSERT_NE(checked.definition, nullptr) << document;
        // As it comes back from the disk.
        const Json stored = parse_json(checked.filled.dump()).value();
        const auto loaded = load_definition(stored);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        EXPECT_EQ(to_json(**loaded), to_json(*checked.definition));
    }
}

TEST(Filled, HasNothingLeftToFill) {
    for (const Json& document : documents()) {
        const Json once = fill(document);
        EXPECT_EQ(fill(once), once);
    }
}

TEST(Filled, WritesEveryDefaultOut) {
    const Json steps = fill(order_document())["steps"];
    const Json& reserve = steps[0];
    EXPECT_EQ(reserve["after"], Json::array());
    EXPECT_EQ(reserve["timeout"], "5s");
    EXPECT_EQ(reserve["outcome"], Json::array());
    EXPECT_EQ(reserve["pivot"], false);
    EXPECT_EQ(reserve["optional"], false);
    EXPECT_EQ(reserve["in_doubt"], "compensate");
    EXPECT_EQ(reserve["action"]["http"]["query"], Json::object());
    EXPECT_EQ(reserve["retry"], Json::parse(R"({"maximum_attempts": 5, "initial_interval": "200ms",
        "backoff_coefficient": 2.0, "maximum_interval": "30s", "jitter": 0.2})"));
    EXPECT_EQ(reserve["compensation"]["timeout"], "5s");
    EXPECT_EQ(reserve["compensation"]["retry"],
              Json::parse(R"({"initial_interval": "200ms", "backoff_coefficient": 2.0,
                              "maximum_interval": "5m", "jitter": 0.2})"));
    EXPECT_EQ(steps[1]["after"], Json::parse(R"(["reserve"])"));
    EXPECT_EQ(steps[4]["after"], Json::parse(R"(["ship"])"));
    EXPECT_FALSE(fill(order_document()).contains("defaults"));
}

TEST(Filled, LimitsTriesByTheStepsPlace) {
    const Json steps = fill(order_with(R"([
        {"op": "add", "path": "/defaults/retry", "value": {"maximum_attempts": 9}},
        {"op": "add", "path": "/steps/-", "value": {"name": "tell", "optional": true,
            "action": {"http": {"method": "GET", "url": "http://127.0.0.1"}}}}])"))["steps"];
    EXPECT_EQ(steps[0]["retry"]["maximum_attempts"], 9);
    EXPECT_EQ(steps[1]["retry"]["maximum_attempts"], 3);
    EXPECT_EQ(steps[3]["retry"]["maximum_attempts"], 9) << "the pivot";
    EXPECT_FALSE(steps[4]["retry"].contains("maximum_attempts")) << "after the pivot";
    EXPECT_EQ(steps[5]["retry"]["maximum_attempts"], 9) << "optional, after the pivot";
    EXPECT_FALSE(steps[0]["compensation"]["retry"].contains("maximum_attempts"));
}

TEST(Filled, TakesIntervalsOfTheDefaultsForCompensationsToo) {
    const Json steps = fill(order_with(
        R"([{"op": "add", "path": "/defaults/retry",
             "value": {"initial_interval": "45s", "jitter": 0}}])"))["steps"];
    EXPECT_EQ(steps[0]["retry"]["initial_interval"], "45s");
    EXPECT_EQ(steps[0]["retry"]["maximum_interval"], "45s");  // No shorter than the first.
    EXPECT_EQ(steps[0]["compensation"]["retry"]["initial_interval"], "45s");
    EXPECT_EQ(steps[0]["compensation"]["retry"]["maximum_interval"], "5m");
    EXPECT_EQ(steps[1]["compensation"]["retry"]["maximum_interval"], "10m");
    EXPECT_EQ(steps[0]["compensation"]["retry"]["jitter"], 0.0);
}

TEST(Filled, MergesDefaultHeadersIntoEveryCall) {
    const Json steps = fill(order_document())["steps"];
    const Json tenant = Json::parse(R"({"X-Tenant": "{$input.tenant?}"})");
    EXPECT_EQ(steps[0]["action"]["http"]["headers"], tenant);
    EXPECT_EQ(steps[0]["compensation"]["http"]["headers"], tenant);
    EXPECT_EQ(steps[1]["action"]["http"]["headers"],
              Json::parse(R"({"Authorization": "Bearer {$secrets.PAYMENT}", "x-tenant": "shop"})"));
}

TEST(Filled, WritesOnlyWhatTheKindOfActionHas) {
    const Json steps = fill(tour_document())["steps"];
    const Json& rooms = steps[0];
    EXPECT_EQ(rooms["for_each"], "$input.rooms");
    EXPECT_EQ(rooms["max_parallel"], 3);
    EXPECT_FALSE(rooms.contains("callback_timeout"));
    EXPECT_FALSE(rooms["action"]["http"].contains("reply"));
    const Json& visa = steps[1];
    EXPECT_EQ(visa["action"]["http"]["reply"], "callback");
    EXPECT_EQ(visa["callback_timeout"], "3d");
    EXPECT_EQ(visa["compensation"]["callback_timeout"], "90m");
    EXPECT_FALSE(visa.contains("for_each") || visa.contains("max_parallel"));
    EXPECT_EQ(steps[2], Json::parse(R"({"name": "insure", "after": ["rooms"],
        "action": {"saga": {"definition": "insurance", "input":
            {"rooms": "$steps.rooms.output", "customer": "$input.customer"}}},
        "output": "$response.body.policy", "in_doubt": "park", "pivot": false,
        "optional": false})"));
    EXPECT_EQ(steps[3]["max_parallel"], 10);
    EXPECT_EQ(steps[3]["compensation"], tour_document()["steps"][3]["compensation"]);
    EXPECT_EQ(steps[4], Json::parse(R"({"name": "cool-off", "after": ["visa", "insure", "guides"],
        "action": {"wait": {"for": "1d"}}, "pivot": false, "optional": false})"));
    EXPECT_EQ(steps[7]["action"]["saga"]["input"], Json::object());
}

TEST(Filled, WritesOnlyWhatAnEventHas) {
    const Json steps = fill(parcel_document())["steps"];
    EXPECT_EQ(steps[0], Json::parse(R"({"name": "reserve", "after": [],
        "action": {"event": {"topic": "stock.commands", "type": "stock.reserve",
            "subject": "$input.order_id", "data": {"items": "$input.items"},
            "reply": {"topic": "stock.events", "success": {"type": ["stock.reserved"]},
                      "failure": {"type": ["stock.rejected"]}, "timeout": "30s"}}},
        "retry": {"maximum_attempts": 4, "initial_interval": "200ms", "backoff_coefficient": 2.0,
                  "maximum_interval": "30s", "jitter": 0.2},
        "output": {"id": "$response.body.reservation"}, "in_doubt": "park", "pivot": false,
        "optional": false,
        "compensation": {"event": {"topic": "stock.commands", "type": "stock.release",
            "data": {"of": "$action_key", "why": "$failure.reason"},
            "reply": {"topic": "stock.events",
                      "success": {"type": ["stock.released", "stock.unknown"]},
                      "timeout": "1m"}},
            "retry": {"initial_interval": "200ms", "backoff_coefficient": 2.0,
                      "maximum_interval": "5m", "jitter": 0.2}}})"));
    EXPECT_EQ(steps[1]["max_parallel"], 10);
    EXPECT_EQ(steps[1]["in_doubt"], "compensate");
    EXPECT_EQ(steps[1]["compensation"], parcel_document()["steps"][1]["compensation"]);
    EXPECT_EQ(steps[2], Json::parse(R"({"name": "approve", "after": ["pack"],
        "action": {"wait": {"event": {"topic": "decisions", "success": {"type": ["approved"]},
            "failure": {"type": ["declined", "expired"]},
            "match": {"event": "$event.subject", "saga": "$input.order_id"}, "timeout": "7d"}}},
        "output": {"by": "$response.body.by"}, "pivot": false, "optional": false})"));
    EXPECT_EQ(steps[4], Json::parse(R"({"name": "tell", "after": ["ship"],
        "action": {"event": {"topic": "news", "type": "order.shipped",
                             "subject": "$input.order_id"}},
        "pivot": false, "optional": false})"));
}

TEST(Filled, HasTriggersWhereThereAreSome) {
    EXPECT_EQ(fill(parcel_document())["triggers"], parcel_document()["triggers"]);
    EXPECT_FALSE(fill(parcel_with(R"([{"op": "replace", "path": "/triggers", "value": []}])"))
                     .contains("triggers"));
}

TEST(Filled, WritesADefaultOutWhereTheReplyIsACallback) {
    const Json steps = fill(tour_with(R"([
        {"op": "remove", "path": "/steps/1/callback_timeout"},
        {"op": "remove", "path": "/steps/1/compensation/callback_timeout"},
        {"op": "add", "path": "/steps/0/action/http/reply", "value": "direct"}])"))["steps"];
    EXPECT_EQ(steps[1]["callback_timeout"], "1h");
    EXPECT_EQ(steps[1]["compensation"]["callback_timeout"], "1h");
    EXPECT_FALSE(steps[0]["action"]["http"].contains("reply"));
}

// What a server stored before there were waits, children, elements, callbacks and locks.
TEST(LoadDefinition, TakesWhatWasStoredBefore) {
    for (const char* name : {"order", "branches"}) {
        const std::string file = "/" + std::string(name) + ".json";
        const Json stored = parse_json(read_file(SKALD_TESTDATA "/stored" + file)).value();
        const Json source = parse_json(read_file(SKALD_TESTDATA "/definitions" + file)).value();
        EXPECT_EQ(fill(source), stored) << name;
        const auto loaded = load_definition(stored);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        EXPECT_EQ((*loaded)->lock, std::nullopt);
        for (const Step& step : (*loaded)->steps) {
            EXPECT_EQ(step.for_each, std::nullopt);
            EXPECT_EQ(step.callback_timeout, std::chrono::hours{1});
            EXPECT_EQ(std::get<HttpCall>(step.action).reply, ReplyMode::Direct);
        }
    }
}

TEST(LoadDefinition, TriesWaitsAndChildrenOnce) {
    const auto definition = check_definition(tour_document(), std::nullopt).definition;
    for (const std::size_t step : {2u, 3u, 4u, 6u, 7u}) {
        EXPECT_EQ(definition->steps[step].retry.maximum_attempts, 1u) << step;
    }
    EXPECT_EQ(std::get<Compensation>(definition->steps[3].undo).retry.maximum_attempts, 1u);
}

TEST(LoadDefinition, KnowsWhatAnEventIsTriedBy) {
    const auto definition = check_definition(parcel_document(), std::nullopt).definition;
    EXPECT_TRUE(definition->has_events);
    EXPECT_FALSE(check_definition(tour_document(), std::nullopt).definition->has_events);
    const Step& reserve = definition->steps[0];
    EXPECT_EQ(reserve.callback_timeout, std::chrono::seconds{30});
    EXPECT_EQ(reserve.retry.maximum_attempts, 4u);
    const auto& release = std::get<Compensation>(reserve.undo);
    EXPECT_EQ(release.callback_timeout, std::chrono::minutes{1});
    EXPECT_EQ(release.retry.maximum_attempts, std::nullopt);
    EXPECT_EQ(std::get<EventCall>(release.call).reply->success,
              (std::vector<std::string>{"stock.released", "stock.unknown"}));
    EXPECT_EQ(definition->steps[2].callback_timeout, std::chrono::days{7});
    EXPECT_EQ(definition->steps[2].retry.maximum_attempts, 1u);
    EXPECT_EQ(definition->steps[3].retry.maximum_attempts, 4u) << "the pivot";
    EXPECT_EQ(definition->steps[4].retry.maximum_attempts, 1u) << "without a reply";
}

TEST(LoadDefinition, TakesNoEventThatIsNotOurs) {
    const Json filled = fill(parcel_document());
    for (const char* patch : {
             R"([{"op": "add", "path": "/steps/0/timeout", "value": "1s"}])",
             R"([{"op": "add", "path": "/steps/0/callback_timeout", "value": "1s"}])",
             R"([{"op": "add", "path": "/steps/0/outcome", "value": []}])",
             R"([{"op": "remove", "path": "/steps/0/retry"}])",
             R"([{"op": "remove", "path": "/steps/0/in_doubt"}])",
             R"([{"op": "remove", "path": "/steps/0/action/event/topic"}])",
             R"([{"op": "remove", "path": "/steps/0/action/event/type"}])",
             R"([{"op": "add", "path": "/steps/0/action/event/subject", "value": 5}])",
             R"([{"op": "add", "path": "/steps/0/action/event/data", "value": "$x"}])",
             R"([{"op": "add", "path": "/steps/0/action/event/more", "value": 1}])",
             R"([{"op": "remove", "path": "/steps/0/action/event/reply/timeout"}])",
             R"([{"op": "remove", "path": "/steps/0/action/event/reply/success"}])",
             R"([{"op": "add", "path": "/steps/0/action/event/reply/success/type", "value": "a"}])",
             R"([{"op": "add", "path": "/steps/0/action/event/reply/success/type", "value": []}])",
             R"([{"op": "add", "path": "/steps/0/action/event/reply/success/type", "value": [1]}])",
             R"([{"op": "add", "path": "/steps/0/action/event/reply/match", "value": {}}])",
             R"([{"op": "add", "path": "/steps/1/action/event/reply/match/event", "value": "x"}])",
             R"([{"op": "remove", "path": "/steps/2/action/wait/event/timeout"}])",
             R"([{"op": "add", "path": "/steps/2/action/wait/for", "value": "1s"}])",
             R"([{"op": "add", "path": "/steps/2/in_doubt", "value": "park"}])",
             R"([{"op": "add", "path": "/steps/4/output", "value": 1}])",
             R"([{"op": "add", "path": "/steps/4/in_doubt", "value": "park"}])",
             R"([{"op": "add", "path": "/steps/4/retry", "value": {}}])",
             R"([{"op": "remove", "path": "/steps/0/compensation/retry"}])",
             R"([{"op": "add", "path": "/steps/1/compensation/retry", "value": {}}])",
             R"([{"op": "add", "path": "/triggers", "value": {}}])",
             R"([{"op": "add", "path": "/triggers/0", "value": 5}])",
             R"([{"op": "remove", "path": "/triggers/0/topic"}])",
             R"([{"op": "remove", "path": "/triggers/0/type"}])",
             R"([{"op": "remove", "path": "/triggers/1/input"}])",
             R"([{"op": "add", "path": "/triggers/1/input", "value": "$x"}])",
             R"([{"op": "add", "path": "/triggers/1/more", "value": 1}])",
         }) {
        const auto loaded = load_definition(filled.patch(Json::parse(patch)));
        ASSERT_FALSE(loaded.has_value()) << patch;
        EXPECT_EQ(loaded.error().code, ErrorCode::Corruption) << patch;
    }
}

TEST(LoadDefinition, TakesNothingOfAKindThatThisOneHasNot) {
    const Json filled = fill(tour_document());
    for (const char* patch : {
             R"([{"op": "add", "path": "/steps/4/timeout", "value": "1s"}])",
             R"([{"op": "add", "path": "/steps/4/compensation", "value": "none"}])",
             R"([{"op": "add", "path": "/steps/4/in_doubt", "value": "park"}])",
             R"([{"op": "add", "path": "/steps/2/outcome", "value": []}])",
             R"([{"op": "add", "path": "/steps/2/action/http", "value": {}}])",
             R"([{"op": "add", "path": "/steps/0/callback_timeout", "value": "1h"}])",
             R"([{"op": "add", "path": "/steps/0/action/http/reply", "value": "direct"}])",
             R"([{"op": "add", "path": "/steps/1/max_parallel", "value": 1}])",
             R"([{"op": "remove", "path": "/steps/0/max_parallel"}])",
             R"([{"op": "remove", "path": "/steps/1/callback_timeout"}])",
             R"([{"op": "remove", "path": "/steps/1/compensation/callback_timeout"}])",
             R"([{"op": "remove", "path": "/steps/7/action/saga/input"}])",
             R"([{"op": "remove", "path": "/steps/2/in_doubt"}])",
             R"([{"op": "replace", "path": "/steps/4/action/wait", "value": {}}])",
             R"([{"op": "replace", "path": "/steps/3/compensation", "value":
                   {"wait": {"for": "1s"}}}])",
             R"([{"op": "replace", "path": "/lock", "value": {"a": 1}}])",
         }) {
        const auto loaded = load_definition(filled.patch(Json::parse(patch)));
        ASSERT_FALSE(loaded.has_value()) << patch;
        EXPECT_EQ(loaded.error().code, ErrorCode::Corruption) << patch;
    }
}

TEST(LoadDefinition, TakesNothingThatItDoesNotKnow) {
    const Json filled = fill(order_document());
    for (const char* patch : {
             R"([{"op": "add", "path": "/defaults", "value": {}}])",
             R"([{"op": "add", "path": "/steps/0/lock", "value": 1}])",
             R"([{"op": "add", "path": "/steps/0/action/wait", "value": 1}])",
             R"([{"op": "add", "path": "/steps/0/retry/x", "value": 1}])",
             R"([{"op": "remove", "path": "/steps/0/retry"}])",
             R"([{"op": "remove", "path": "/steps/0/retry/jitter"}])",
             R"([{"op": "remove", "path": "/steps/0/timeout"}])",
             R"([{"op": "remove", "path": "/steps/0/after"}])",
             R"([{"op": "remove", "path": "/steps/0/pivot"}])",
             R"([{"op": "remove", "path": "/steps/0/in_doubt"}])",
             R"([{"op": "remove", "path": "/steps/0/outcome"}])",
             R"([{"op": "remove", "path": "/steps/0/name"}])",
             R"([{"op": "remove", "path": "/steps/0/action/http/headers"}])",
             R"([{"op": "remove", "path": "/steps/0/compensation/timeout"}])",
             R"([{"op": "remove", "path": "/steps"}])",
             R"([{"op": "replace", "path": "/steps", "value": []}])",
             R"([{"op": "replace", "path": "", "value": 5}])",
             R"([{"op": "replace", "path": "/steps/0", "value": 5}])",
             R"([{"op": "replace", "path": "/steps/0/after", "value": ["close"]}])",
             R"([{"op": "replace", "path": "/steps/0/after", "value": ["gone"]}])",
             R"([{"op": "replace", "path": "/steps/0/action/http/url", "value": "x"}])",
             R"([{"op": "replace", "path": "/steps/1/outcome/0/is", "value": "x"}])",
             R"([{"op": "replace", "path": "/output", "value": "$x"}])",
             R"([{"op": "replace", "path": "/labels", "value": {"a": 1}}])",
             R"([{"op": "replace", "path": "/input_schema", "value": 1}])",
             R"([{"op": "replace", "path": "/deadline", "value": "x"}])",
             R"([{"op": "replace", "path": "/steps/4/pivot", "value": true}])",
         }) {
        const auto loaded = load_definition(filled.patch(Json::parse(patch)));
        ASSERT_FALSE(loaded.has_value()) << patch;
        EXPECT_EQ(loaded.error().code, ErrorCode::Corruption) << patch;
        EXPECT_THAT(loaded.error().message, HasSubstr("stored definition at "));
    }
}

// A limit that a later version lowers must not make what was accepted unreadable.
TEST(LoadDefinition, AppliesNoLimits) {
    const Json filled = fill(order_document());
    for (const char* patch : {
             R"([{"op": "replace", "path": "/steps/0/timeout", "value": "2h"}])",
             R"([{"op": "replace", "path": "/steps/0/retry/backoff_coefficient", "value": 1000}])",
             R"([{"op": "remove", "path": "/steps/0/compensation"}])",
             R"([{"op": "replace", "path": "/steps/0/action/http/method", "value": "LINK"}])",
         }) {
        EXPECT_TRUE(load_definition(filled.patch(Json::parse(patch))).has_value()) << patch;
    }
}

}  // namespace
}  // namespace skald::sagas
