#include "sagas/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sagas/lint.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/order_document.h"
#include "tests/sagas/random_graphs.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::shared_ptr<const Definition> checked(const Json& document) {
    const Checked checked = check_definition(document, std::nullopt);
    for (const Problem& each : checked.errors) {
        ADD_FAILURE() << each.code << ' ' << each.pointer << ' ' << each.detail << ' ' << document;
    }
    return checked.definition;
}

Json written(const std::string& path) {
    return parse_json(read_file(std::string(SKALD_SOURCE_DIR) + "/" + path)).value();
}

Json json_of(const Json& document) {
    const auto definition = checked(document);
    return Json::parse(write_graph(graph_of(*definition), GraphFormat::JsonObject));
}

/// One step and another after it, changed.
Json two_steps(const std::string& patch) {
    const Json call = {{"http", {{"method", "POST"}, {"url", "http://h/"}}}};
    const Json steps = Json::array({{{"name", "a"}, {"action", call}, {"compensation", call}},
                                    {{"name", "b"}, {"action", call}, {"compensation", call}}});
    return Json{{"name", "two"}, {"steps", steps}}.patch(Json::parse(patch));
}

/// "a output.id -> b body"
std::vector<std::string> flows(const Json& document) {
    std::vector<std::string> lines;
    const Json graph = json_of(document);
    for (const Json& flow : graph.at("data")) {
        const auto name = [&flow](const char* end, const char* none) {
            return flow.at(end).is_null() ? std::string(none) : flow.at(end).get<std::string>();
        };
        lines.push_back(name("from", "input") + ' ' + flow.at("value").get<std::string>() + " -> " +
                        name("to", "saga") + ' ' + flow.at("in").get<std::string>());
    }
    return lines;
}

TEST(Graph, IsWrittenInEachFormat) {
    const std::map<std::string, std::string> documents{
        {"order", "examples/order/order.json"},
        {"branches", "tests/sagas/testdata/definitions/branches.json"},
        {"parcel", "tests/sagas/testdata/definitions/parcel.json"},
        {"tour", "tests/sagas/testdata/definitions/tour.json"}};
    for (const auto& [name, path] : documents) {
        const auto definition = checked(written(path));
        ASSERT_NE(definition, nullptr);
        const DefinitionGraph graph = graph_of(*definition);
        const std::string golden = "tests/sagas/testdata/graphs/" + name;
        expect_golden(golden + ".mmd", write_graph(graph, GraphFormat::Mermaid));
        expect_golden(golden + ".dot", write_graph(graph, GraphFormat::Dot));
        expect_golden(golden + ".json",
                      Json::parse(write_graph(graph, GraphFormat::JsonObject)).dump(2) + '\n');
    }
}

TEST(Graph, FollowsDataFromEachPlace) {
    const char* patch = R"([
        {"op": "add", "path": "/labels", "value": {"l": "$input.l"}},
        {"op": "add", "path": "/output", "value": ["$steps.b.output", "$input#/o p?"]},
        {"op": "add", "path": "/steps/1/when", "value": "$steps.a.status == $input.w"},
        {"op": "add", "path": "/steps/1/outcome", "value":
          [{"when": "$response.status == $input.r", "is": "success"}]},
        {"op": "add", "path": "/steps/1/output", "value": {"x": ["{$input.out} {$response.body}"]}},
        {"op": "add", "path": "/steps/1/action/http", "value": {"method": "POST",
          "url": "http://h/{$steps.a.output.u}", "query": {"q": "$input.q"},
          "headers": {"H": "{$input.h}"}, "body": {"b": ["$input.b[0]", "$input.b[0]", "$input"]}}},
        {"op": "add", "path": "/steps/1/compensation/http", "value": {"method": "POST",
          "url": "http://h/{$steps.a.output.c}", "query": {"q": "{$input.cq}"},
          "headers": {"H": "{$key}"}, "body": ["$output.own", "$action_key", "$failure.reason"]}}
    ])";
    EXPECT_THAT(flows(two_steps(patch)),
                ElementsAre("a status -> b when", "input w -> b when", "a output.u -> b url",
                            "input q -> b query", "input h -> b headers", "input b[0] -> b body",
                            "input  -> b body", "input r -> b outcome", "input out -> b output",
                            "a output.c -> b compensation", "input cq -> b compensation",
                            "b output.own -> b compensation", "input l -> saga label",
                            "b output -> saga output", "input #/o p -> saga output"));
}

TEST(Graph, FollowsDataThroughWaitsChildrenAndElements) {
    EXPECT_THAT(flows(tour_document()),
                ElementsAre("input nights -> rooms when", "input rooms -> rooms for_each",
                            "input customer -> visa body", "input customer -> insure input",
                            "rooms output -> insure input", "input guides -> guides for_each",
                            "guides output.id -> guides compensation",
                            "guides output[0] -> pay body", "insure output -> pay body",
                            "visa output.number -> pay body", "input reminded -> departure when",
                            "input starts_at -> departure until", "input customer -> saga lock",
                            "rooms output -> saga output", "visa output.number -> saga output"));
}

TEST(Graph, FollowsDataThroughEvents) {
    EXPECT_THAT(flows(parcel_document()),
                ElementsAre("input order_id -> reserve subject", "input items -> reserve data",
                            "input parcels -> pack for_each", "input order_id -> pack match",
                            "input order_id -> approve match", "approve output.by -> ship data",
                            "reserve output.id -> ship data", "input order_id -> tell subject",
                            "pack output -> saga output"));
}

TEST(Graph, HasTheDefaultHeadersInEachCall) {
    const Json document = two_steps(
        R"([{"op": "add", "path": "/defaults", "value": {"headers": {"T": "$input.t"}}}])");
    EXPECT_THAT(flows(document), ElementsAre("input t -> a headers", "input t -> a compensation",
                                             "input t -> b headers", "input t -> b compensation"));
}

TEST(Graph, NamesWhatIsUndoneFirst) {
    const Json undo = json_of(written("tests/sagas/testdata/definitions/branches.json")).at("undo");
    std::map<std::string, Json> after;
    std::vector<std::string> order;
    for (const Json& each : undo) {
        order.push_back(each.at("step"));
        after[order.back()] = each.at("after");
    }
    // check has nothing to undo: hotel waits for what is behind it. mail is after the pivot.
    EXPECT_THAT(order, UnorderedElementsAre("pay", "car", "hotel", "flight"));
    EXPECT_EQ(order.front(), "pay");
    EXPECT_EQ(after["pay"], Json::array());
    EXPECT_EQ(after["car"], Json::parse(R"(["pay"])"));
    EXPECT_EQ(after["hotel"], Json::parse(R"(["pay"])"));
    EXPECT_EQ(after["flight"], Json::parse(R"(["car"])"));
}

TEST(Graph, SaysWhatEachStepIs) {
    const Json graph = json_of(written("tests/sagas/testdata/definitions/branches.json"));
    EXPECT_EQ(graph.at("pivot"), "pay");
    const Json& steps = graph.at("steps");
    EXPECT_EQ(steps[0].at("stage"), 0);
    EXPECT_EQ(steps[1].at("stage"), 0);
    EXPECT_EQ(steps[2].at("stage"), 1);
    EXPECT_EQ(steps[4].at("stage"), 2);
    EXPECT_EQ(steps[1].at("in_doubt"), "park");
    EXPECT_EQ(steps[1].at("compensation").at("url"), "https://[::1]:8443/rooms");
    EXPECT_EQ(steps[2].at("optional"), true);
    EXPECT_EQ(steps[3].at("compensation"), "none");
    EXPECT_EQ(steps[3].at("after"), Json::parse(R"(["flight", "hotel"])"));
    EXPECT_EQ(steps[4].at("position"), "pivot");
    EXPECT_EQ(steps[5].at("position"), "after_pivot");
    EXPECT_FALSE(steps[6].contains("compensation"));
    EXPECT_FALSE(json_of(two_steps("[]")).at("steps")[0].contains("position"));
}

TEST(Graph, SaysWhatWaitsRepeatsOrCallsOtherSagas) {
    const Json graph = json_of(tour_document());
    EXPECT_EQ(graph.at("lock"), "customer {$input.customer}");
    const Json& steps = graph.at("steps");
    EXPECT_EQ(steps[0].at("for_each"),
              Json::parse(R"({"items": "$input.rooms", "max_parallel": 3})"));
    EXPECT_EQ(steps[1].at("action").at("reply"), "callback");
    EXPECT_FALSE(steps[0].at("action").contains("reply"));
    EXPECT_EQ(steps[2].at("action"), Json::parse(R"({"saga": "insurance"})"));
    EXPECT_EQ(steps[2].at("compensation"), "child");
    EXPECT_EQ(steps[3].at("compensation"), Json::parse(R"({"saga": "free-guide"})"));
    EXPECT_EQ(steps[4].at("action"), Json::parse(R"({"wait": {"for": "1d"}})"));
    EXPECT_FALSE(steps[4].contains("compensation"));
    EXPECT_EQ(steps[6].at("action"), Json::parse(R"({"wait": {"until": "$input.starts_at"}})"));
    std::vector<std::string> undone;
    for (const Json& each : graph.at("undo")) undone.push_back(each.at("step"));
    EXPECT_THAT(undone, UnorderedElementsAre("rooms", "visa", "insure", "guides"));
}

TEST(Graph, SaysWhatGoesByEvents) {
    const Json steps = json_of(parcel_document()).at("steps");
    EXPECT_EQ(steps[0].at("action"),
              Json::parse(R"({"event": {"topic": "stock.commands", "type": "stock.reserve",
                  "reply": {"topic": "stock.events", "success": ["stock.reserved"],
                            "failure": ["stock.rejected"]}}})"));
    EXPECT_EQ(steps[1].at("compensation"),
              Json::parse(R"({"event": {"topic": "packing", "type": "parcel.unpack"}})"));
    EXPECT_EQ(steps[2].at("action"),
              Json::parse(R"({"wait": {"event": {"topic": "decisions", "success": ["approved"],
                                                 "failure": ["declined", "expired"]}}})"));
}

TEST(Graph, SaysWhatStartsTheSaga) {
    EXPECT_EQ(json_of(parcel_document()).at("triggers"),
              Json::parse(R"([{"topic": "orders", "type": "order.placed"},
                              {"topic": "parcels", "type": "parcel.asked"}])"));
    EXPECT_FALSE(json_of(tour_document()).contains("triggers"));
    const char* trigger = R"([{"op": "add", "path": "/triggers", "value":
        [{"topic": "orders", "type": "a \"b\"", "input": {}}]}])";
    const auto drawn = [](const Json& document, GraphFormat format) {
        const auto definition = checked(document);
        return write_graph(graph_of(*definition), format);
    };
    const Json two = two_steps(trigger);
    EXPECT_THAT(drawn(two, GraphFormat::Mermaid),
                HasSubstr("    triggers[/\"started by<br/>a #34;b#34; on orders\"/]\n"
                          "    triggers --> s0\n"));
    EXPECT_THAT(drawn(two, GraphFormat::Dot),
                HasSubstr("    triggers [label=\"started by\\na \\\"b\\\" on orders\", "
                          "shape=parallelogram];\n    triggers -> s0;\n"));
    // A lock comes before the first steps.
    const Json locked = tour_document().patch(Json::parse(trigger));
    EXPECT_THAT(drawn(locked, GraphFormat::Mermaid), HasSubstr("    triggers --> lock\n"));
    EXPECT_THAT(drawn(locked, GraphFormat::Dot), HasSubstr("    triggers -> lock;\n"));
}

TEST(Graph, EscapesWhatWouldBeSyntax) {
    const Json document = two_steps(R"([{"op": "add", "path": "/steps/0/when",
        "value": "$input.a == \"\\\"]<b>&#1;style:\\\\\""}])");
    const auto definition = checked(document);
    const DefinitionGraph graph = graph_of(*definition);
    EXPECT_THAT(write_graph(graph, GraphFormat::Mermaid),
                HasSubstr("when $input.a == #34;#92;#34;]#60;b#62;#38;#35;1#59;#115;tyle:"
                          "#92;#92;#34;\"]\n"));
    EXPECT_THAT(write_graph(graph, GraphFormat::Dot),
                HasSubstr(R"(when $input.a == \"\\\"]<b>&amp;#1;style:\\\\\""])"));
}

TEST(Graph, CutsWhatIsLong) {
    Json document = two_steps("[]");
    for (int i = 0; i < 100; ++i) {
        document["steps"][0]["action"]["http"]["query"]["q" + std::to_string(i % 50)] = "x";
        document["steps"][0]["action"]["http"]["body"].push_back("$input.m" + std::to_string(i));
    }
    document["steps"][0]["action"]["http"]["url"] = "http://h/" + std::string(3'000, 'x');
    const auto definition = checked(document);
    for (const GraphFormat format : {GraphFormat::Mermaid, GraphFormat::Dot}) {
        const std::string text = write_graph(graph_of(*definition), format);
        EXPECT_LT(text.size(), 2'000u);
        EXPECT_THAT(text, HasSubstr("..."));
    }
}

TEST(Graph, HoldsOfDefinitionsThatAreHardToDraw) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const Json document = definition_that_is_hard_to_draw(random);
        const auto definition = checked(document);
        ASSERT_NE(definition, nullptr);
        const DefinitionGraph graph = graph_of(*definition);
        for (const GraphFormat format : {GraphFormat::Mermaid, GraphFormat::Dot}) {
            for (const char byte : write_graph(graph, format)) {
                EXPECT_TRUE(byte == '\n' || static_cast<std::uint8_t>(byte) >= 0x20);
            }
        }
        std::set<std::string> done;
        for (const UndoStep& each : graph.undo) {
            for (const StepIndex first : each.after) {
                EXPECT_TRUE(done.contains(definition->step(first).name));
            }
            EXPECT_TRUE(done.insert(definition->step(each.step).name).second);
        }
    }
}

}  // namespace
}  // namespace skald::sagas
