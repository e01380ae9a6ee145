#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sagas/lint.h"
#include "tests/sagas/definition_faults.h"
#include "tests/sagas/definition_schema.h"
#include "tests/sagas/definition_text.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::SizeIs;

std::vector<std::string> summary(const std::vector<Problem>& problems) {
    std::vector<std::string> lines;
    for (const Problem& problem : problems) lines.push_back(problem.code + " " + problem.pointer);
    return lines;
}

TEST(CheckDefinition, ReportsEachFaultByCodeAndPointer) {
    for (const Fault& fault : all_faults()) {
        const Checked checked = check_definition(order_with(fault.patch), std::nullopt);
        const std::string expected = fault.code + " " + fault.pointer;
        EXPECT_THAT(summary(checked.errors), testing::Contains(expected))
            << fault.patch.substr(0, 300);
        EXPECT_EQ(checked.definition, nullptr) << expected;
        EXPECT_TRUE(checked.filled.is_null()) << expected;
        for (const Problem& problem : checked.errors) {
            EXPECT_FALSE(problem.detail.empty()) << expected;
        }
    }
}

// One fault must not draw others after it; these few do, each for a reason of its own.
TEST(CheckDefinition, ReportsNothingButTheFault) {
    const std::set<std::string> kDrawOthers{"wrong-type /steps/4", "duplicate-name /steps/4/name",
                                            "bad-name /steps/4/name", "cycle /steps/0/after"};
    for (const Fault& fault : all_faults()) {
        const std::string expected = fault.code + " " + fault.pointer;
        if (kDrawOthers.count(expected) > 0) continue;
        const Checked checked = check_definition(order_with(fault.patch), std::nullopt);
        EXPECT_THAT(summary(checked.errors), ElementsAre(expected)) << fault.patch.substr(0, 300);
    }
}

/// "refuses  unknown-field /stepps  [{…}]": what the JSON Schema says of each fault. A change that
/// makes it refuse less shows as a difference.
TEST(CheckDefinition, HasASchemaThatRefusesWhatItCanExpress) {
    const DefinitionSchema schema;
    ASSERT_THAT(schema.faults(order_document()), IsEmpty());
    // Whatever else is added of these kinds, a schema can tell.
    const std::set<std::string> kAlways{
        "bad-header",     "bad-method",       "bad-name",        "bad-pointer",
        "bad-schema",     "bad-value",        "duplicate-after", "forbidden-header",
        "for-each-pivot", "host-not-literal", "missing-field",   "no-callback",
        "no-for-each",    "no-steps",         "not-for-event",   "not-for-saga",
        "not-for-wait",   "one-action",       "one-wait",        "optional-park",
        "optional-pivot", "schema-keyword",   "too-long",        "too-many",
        "unknown-field",  "wrong-type"};
    std::string table;
    for (const Fault& fault : all_faults()) {
        const bool is_refused = !schema.accepts(order_with(fault.patch));
        EXPECT_TRUE(is_refused || kAlways.count(fault.code) == 0) << fault.code << fault.pointer;
        const std::string patch = Json::parse(fault.patch).dump();
        table += std::string(is_refused ? "refuses" : "cannot") + '\t' + fault.code + '\t' +
                 fault.pointer + '\t' +
                 (patch.size() > 1'000 ? std::to_string(patch.size()) + " bytes" : patch) + '\n';
    }
    expect_golden("tests/sagas/testdata/definition_schema.txt", table);
}

/// Every code that docs/definitions.md lists as an error.
const std::set<std::string> kErrorCodes{
    "bad-condition",   "bad-duration",      "bad-expression",
    "bad-header",      "bad-method",        "bad-name",
    "bad-pointer",     "bad-schema",        "bad-time",
    "bad-url",         "bad-value",         "beside-pivot",
    "cycle",           "duplicate-after",   "duplicate-header",
    "duplicate-name",  "duplicate-trigger", "duplicate-type",
    "for-each-pivot",  "forbidden-header",  "host-not-literal",
    "list-output",     "may-be-null",       "missing-compensation",
    "missing-field",   "name-mismatch",     "no-callback",
    "no-for-each",     "no-steps",          "not-for-event",
    "not-for-saga",    "not-for-wait",      "not-settled",
    "one-action",      "one-wait",          "optional-park",
    "optional-pivot",  "out-of-range",      "root-not-here",
    "schema-keyword",  "schema-ref",        "schema-too-large",
    "second-pivot",    "secret-shown",      "self-reference",
    "sensitive-shown", "too-large",         "too-long",
    "too-many",        "unknown-field",     "unknown-step",
    "wrong-type"};

TEST(CheckDefinition, HasAFaultForEveryCode) {
    std::set<std::string> codes{"name-mismatch"};  // Has a test of its own.
    for (const Fault& fault : all_faults()) codes.insert(fault.code);
    EXPECT_EQ(codes, kErrorCodes);
}

/// The first column of the table below "### Errors".
std::set<std::string> documented_codes() {
    const std::string page = read_file(SKALD_SOURCE_DIR "/docs/definitions.md");
    const std::size_t begin = page.find("### Errors\n");
    const std::string table = page.substr(begin, page.find("### Warnings\n") - begin);
    std::set<std::string> codes;
    const std::string mark = "\n| `";
    for (std::size_t at = 0; (at = table.find(mark, at)) != std::string::npos;) {
        at += mark.size();
        codes.insert(table.substr(at, table.find('`', at) - at));
    }
    return codes;
}

TEST(CheckDefinition, HasItsCodesInTheReference) {
    std::set<std::string> codes = kErrorCodes;
    codes.insert({"internal-error", "more-problems"});
    // Of children.h, and of a server.
    codes.insert({"child-cycle", "child-depth", "child-lock", "child-pivot", "unknown-definition",
                  "no-public-url"});
    EXPECT_EQ(documented_codes(), codes);
}

TEST(CheckDefinition, AcceptsTheOrder) {
    const Checked checked = check_definition(order_document(), "order");
    EXPECT_THAT(summary(checked.errors), IsEmpty());
    ASSERT_NE(checked.definition, nullptr);
    EXPECT_THAT(step_names(*checked.definition),
                ElementsAre("reserve", "charge", "notify", "ship", "close"));
    EXPECT_THAT(summary(checked.warnings),
                ElementsAre("writes-without-undo /steps/2/compensation"));
}

TEST(CheckDefinition, AcceptsTheParcel) {
    const Checked checked = check_definition(parcel_document(), "parcel");
    EXPECT_THAT(summary(checked.errors), IsEmpty());
    EXPECT_NE(checked.definition, nullptr);
    EXPECT_THAT(summary(checked.warnings), IsEmpty());
}

TEST(CheckDefinition, AcceptsTheTour) {
    const Checked checked = check_definition(tour_document(), "tour");
    EXPECT_THAT(summary(checked.errors), IsEmpty());
    EXPECT_NE(checked.definition, nullptr);
    EXPECT_THAT(summary(checked.warnings), IsEmpty());
}

// Of what a kind of action has no use for none is asked.
TEST(CheckDefinition, AsksForNoCompensationOfWaitsAndChildren) {
    for (const char* action :
         {R"({"wait": {"for": "1h"}})", R"({"saga": {"definition": "a"}})",
          R"({"wait": {"event": {"topic": "a", "success": {"type": "b"}, "timeout": "1h"}}})"}) {
        const Json document = {{"name", "one"},
                               {"steps", {{{"name", "a"}, {"action", Json::parse(action)}}}}};
        EXPECT_NE(check_definition(document, std::nullopt).definition, nullptr) << action;
    }
}

TEST(CheckDefinition, SaysWhatNamesTheElement) {
    const auto problem = [](const std::string& patch) {
        return check_definition(tour_with(patch), std::nullopt).errors.at(0);
    };
    EXPECT_THAT(problem(adding("/steps/1/action/http/body", "\"$item.a\"")).detail,
                HasSubstr("there is no $item in a step without `for_each`"));
    EXPECT_THAT(problem(adding("/steps/0/action/http/body", "\"$response.body\"")).hint,
                HasSubstr("$secrets, $item, $index"));
    EXPECT_THAT(problem(adding("/steps/3/action/saga/input", "\"$secrets.A\"")).detail,
                HasSubstr("what stands in the input of a child is stored and shown"));
    EXPECT_THAT(problem(adding("/steps/3/action", R"({"event": {"topic": "a", "type": "b",
                                "data": "$secrets.A"}})"))
                    .detail,
                HasSubstr("what stands in an event is stored and shown"));
}

TEST(CheckDefinition, SaysWhyAFieldIsNotForAnEvent) {
    const auto hint = [](const std::string& patch) {
        return check_definition(parcel_with(patch), std::nullopt).errors.at(0).hint;
    };
    EXPECT_THAT(hint(adding("/steps/0/timeout", "\"1s\"")),
                HasSubstr(R"("reply": {"timeout": "30s"})"));
    EXPECT_THAT(hint(adding("/steps/0/outcome", "[]")), HasSubstr("the type of the reply"));
    EXPECT_THAT(hint(adding("/steps/4/retry", "{}")), HasSubstr("add \"reply\""));
    EXPECT_THAT(hint(adding("/steps/0/action/event/topic", "\"skald.sagas\"")),
                HasSubstr("Skald's own"));
    EXPECT_EQ(hint(adding("/steps/0/action/event/reply/sucess", "1")), "did you mean \"success\"?");
}

TEST(CheckDefinition, SaysWhatATriggerIsMadeOf) {
    const auto problem = [](const std::string& patch) {
        return check_definition(parcel_with(patch), std::nullopt).errors.at(0);
    };
    EXPECT_THAT(problem(adding("/triggers/0/input/a", "\"$input.a\"")).hint, HasSubstr("$event"));
    EXPECT_THAT(problem(adding("/triggers/0/input/a", "\"$evnt.a\"")).hint, HasSubstr("$event"));
    EXPECT_THAT(problem(removing("/triggers/0/input")).hint, HasSubstr("$event"));
    EXPECT_THAT(problem(adding("/triggers", "{}")).hint, HasSubstr("\"order.placed\""));
    EXPECT_THAT(problem(adding("/triggers/0/input/a", "\"$secrets.A\"")).detail,
                HasSubstr("what stands in the input of a trigger is stored and shown"));
    EXPECT_THAT(problem(adding("/triggers/0/topic", "\"skald.sagas\"")).hint,
                HasSubstr("starts the next one"));
    EXPECT_THAT(problem(adding("/triggers/-", parcel_document()["triggers"][0].dump())).detail,
                HasSubstr("\"order.placed\" on \"orders\""));
}

TEST(CheckDefinition, TakesSixteenTriggersOfDifferentEvents) {
    Json document = order_document();
    // One topic or one type alone is not the same event.
    for (int i = 0; i < 8; ++i) {
        document["triggers"].push_back(
            {{"topic", "a"}, {"type", "type-" + std::to_string(i)}, {"input", "$event"}});
        document["triggers"].push_back(
            {{"topic", "topic-" + std::to_string(i)}, {"type", "a"}, {"input", "$event.data?"}});
    }
    const Checked checked = check_definition(document, std::nullopt);
    EXPECT_THAT(summary(checked.errors), IsEmpty());
    EXPECT_THAT(checked.definition->triggers, SizeIs(16));
}

// What comes in by a trigger is hidden like any other input.
TEST(CheckDefinition, TakesASensitiveInputOfATrigger) {
    const Checked checked =
        check_definition(parcel_with(adding("/sensitive", R"(["/input/items"])")), std::nullopt);
    EXPECT_THAT(summary(checked.errors), IsEmpty());
}

TEST(CheckDefinition, TakesItsNameFromOutsideOrFromTheDocument) {
    Json document = order_document();
    document.erase("name");
    EXPECT_EQ(check_definition(document, "other").definition->name, "other");
    EXPECT_THAT(summary(check_definition(order_document(), "other").errors),
                ElementsAre("name-mismatch /name"));
    EXPECT_THAT(summary(check_definition(document, "Bad Name").errors), ElementsAre("bad-name "));
}

TEST(CheckDefinition, AcceptsASchemaReferenceForEditors) {
    const Checked checked =
        check_definition(order_with(adding("/$schema", "\"http://x/definition.json\"")), "order");
    ASSERT_NE(checked.definition, nullptr);
    EXPECT_FALSE(checked.filled.contains("$schema"));
}

TEST(CheckDefinition, TellsAllProblemsAtOnceInOrder) {
    const Checked checked =
        check_definition(order_with(R"([{"op": "add", "path": "/steps/0/action/wait", "value": {}},
                       {"op": "add", "path": "/steps/1/timeout", "value": "soon"},
                       {"op": "add", "path": "/output", "value": ["$steps.gone.output", "$x"]},
                       {"op": "remove", "path": "/steps/0/compensation"},
                       {"op": "add", "path": "/triggers", "value": ""}])"),
                         std::nullopt);
    EXPECT_THAT(summary(checked.errors),
                ElementsAre("bad-expression /output/1", "missing-compensation /steps/0",
                            "one-action /steps/0/action", "missing-field /steps/0/action/wait",
                            "bad-duration /steps/1/timeout", "wrong-type /triggers"));
    EXPECT_THAT(summary(checked.warnings), IsSupersetOf({"writes-without-undo "
                                                         "/steps/2/compensation"}));
}

TEST(CheckDefinition, HintsAtWhatWasMeant) {
    const auto hint = [](const std::string& patch) {
        return check_definition(order_with(patch), std::nullopt).errors.at(0).hint;
    };
    EXPECT_EQ(hint(adding("/steps/0/tiemout", "\"5s\"")), "did you mean \"timeout\"?");
    EXPECT_EQ(hint(adding("/steps/3/after/0", "\"chagre\"")), "did you mean \"charge\"?");
    EXPECT_EQ(hint(adding("/steps/0/action/http/method", "\"post\"")), "did you mean \"POST\"?");
    EXPECT_EQ(hint(adding("/steps/0/action/evnt", "1")), "did you mean \"event\"?");
    EXPECT_THAT(hint(adding("/steps/0/xyzzy", "1")), HasSubstr("the fields here are name, after"));
}

TEST(CheckDefinition, NamesTheWayOfACycle) {
    const Checked checked =
        check_definition(order_with(adding("/steps/0/after", R"(["charge"])")), std::nullopt);
    EXPECT_THAT(checked.errors.at(0).detail, HasSubstr("reserve -> charge -> reserve"));
}

TEST(CheckDefinition, BoundsWhatItReports) {
    Json document = order_document();
    for (int i = 0; i < 50'000; ++i) document["unknown" + std::to_string(i)] = 1;
    document[std::string(100'000, 'k')] = 1;
    const Checked checked = check_definition(document, std::nullopt);
    ASSERT_THAT(checked.errors, SizeIs(201));
    EXPECT_EQ(checked.errors.back().code, "more-problems");
    EXPECT_EQ(checked.errors.back().detail, "49801 more were found");
    for (const Problem& problem : checked.errors) EXPECT_LE(problem.pointer.size(), 1'000u);
}

TEST(CheckDefinition, SurvivesWhateverStandsInAnyPlace) {
    for (const Json& document : {order_document(), tour_document(), parcel_document()}) {
        const Json flat = document.flatten();
        for (const auto& [pointer, value] : flat.items()) {
            for (const Json& other :
                 {Json(), Json(-1), Json(1.5), Json("$"), Json("{$"), Json("none"), Json(true),
                  Json::array(), Json::object(), Json::parse(R"([[{"http": {}}], "x"])")}) {
                Json changed = document;
                changed[Json::json_pointer(pointer)] = other;
                const Checked checked = check_definition(changed, std::nullopt);
                EXPECT_EQ(checked.definition == nullptr, !checked.errors.empty()) << pointer;
                for (const Problem& problem : checked.errors) {
                    EXPECT_NE(problem.code, "internal-error") << problem.detail;
                }
            }
            Json parent = document;
            const Json::json_pointer at(pointer);
            parent[at.parent_pointer()] = 5;
            const Checked checked = check_definition(parent, std::nullopt);
            EXPECT_EQ(checked.definition == nullptr, !checked.errors.empty()) << pointer;
        }
    }
}

TEST(Definition, HoldsItsTriggers) {
    const auto definition = check_definition(parcel_document(), std::nullopt).definition;
    ASSERT_THAT(definition->triggers, SizeIs(2));
    const Trigger& placed = definition->triggers[0];
    EXPECT_EQ(placed.topic, "orders");
    EXPECT_EQ(placed.type, "order.placed");
    EXPECT_EQ(placed.input.document(), parcel_document()["triggers"][0]["input"]);
    EXPECT_EQ(placed.input.uses().size(), 3u);
    EXPECT_EQ(definition->triggers[1].input.document(), "$event.data");
    EXPECT_THAT(check_definition(order_document(), std::nullopt).definition->triggers, IsEmpty());
}

TEST(Definition, HoldsTheGraph) {
    const auto definition = check_definition(order_document(), std::nullopt).definition;
    const Json json = to_json(*definition);
    EXPECT_EQ(json["order"], Json::parse("[0,1,2,3,4]"));
    EXPECT_EQ(json["pivot"], 3);
    EXPECT_EQ(json["steps"][0]["after"], Json::array());
    EXPECT_EQ(json["steps"][0]["before"], Json::parse("[1,2]"));
    EXPECT_EQ(json["steps"][3]["after"], Json::parse("[1,2]"));
    EXPECT_EQ(json["steps"][4]["after"], Json::parse("[3]"));
    std::vector<Position> positions;
    for (const Step& step : definition->steps) positions.push_back(step.position);
    EXPECT_THAT(positions, ElementsAre(Position::Before, Position::Before, Position::Before,
                                       Position::Pivot, Position::After));
}

}  // namespace
}  // namespace skald::sagas
