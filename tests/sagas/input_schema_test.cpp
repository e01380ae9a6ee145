#include "sagas/input_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> refusals(const Json& schema) {
    std::vector<Problem> problems;
    const auto compiled = compile_input_schema(schema, "/input_schema", problems);
    EXPECT_EQ(compiled == nullptr, !problems.empty());
    std::vector<std::string> lines;
    for (const Problem& problem : problems) lines.push_back(problem.code + " " + problem.pointer);
    return lines;
}

std::vector<std::string> refusals(const char* schema) { return refusals(Json::parse(schema)); }

std::vector<Problem> violations(const char* schema, const Json& input) {
    std::vector<Problem> problems;
    const auto compiled = compile_input_schema(Json::parse(schema), "", problems);
    for (const Problem& problem : problems) ADD_FAILURE() << problem.detail;
    return compiled == nullptr ? std::vector<Problem>{} : compiled->validate(input);
}

bool accepts(const char* schema, const char* input) {
    return violations(schema, Json::parse(input)).empty();
}

TEST(InputSchema, ValidatesEveryKeyword) {
    struct Row {
        const char* schema;
        const char* good;
        const char* bad;
    };
    for (const Row& row : std::vector<Row>{
             {R"({"type": "string"})", R"("a")", "1"},
             {R"({"type": ["string", "null"]})", "null", "1"},
             {R"({"type": "integer"})", "5", "5.5"},
             {R"({"enum": [1, "a", null, {"b": []}]})", R"({"b": []})", R"({"b": [1]})"},
             {R"({"const": [1]})", "[1]", "[2]"},
             {R"({"multipleOf": 5})", "10", "11"},
             {R"({"minimum": 5, "maximum": 7})", "7", "7.5"},
             {R"({"exclusiveMinimum": 5})", "5.5", "5"},
             {R"({"exclusiveMaximum": 5})", "4", "5"},
             {R"({"minLength": 2, "maxLength": 3})", R"("ä€x")", R"("ä")"},
             {R"({"items": {"type": "string"}})", R"(["a"])", R"(["a", 1])"},
             {R"({"items": [true, {"type": "string"}], "additionalItems": false})", R"([1, "a"])",
              R"([1, "a", 1])"},
             {R"({"minItems": 1, "maxItems": 2})", "[1]", "[1, 2, 3]"},
             {R"({"uniqueItems": true})", "[1, 2]", "[1, 2, 1]"},
             {R"({"contains": {"type": "null"}})", "[1, null]", "[1]"},
             {R"({"minProperties": 1})", R"({"a": 1})", "{}"},
             {R"({"maxProperties": 1})", "{}", R"({"a": 1, "b": 2})"},
             {R"({"required": ["a"]})", R"({"a": null})", R"({"b": 1})"},
             {R"({"properties": {"a": {"type": "string"}}})", R"({"a": "x"})", R"({"a": 1})"},
             {R"({"properties": {"a": true}, "additionalProperties": false})", R"({"a": 1})",
              R"({"b": 1})"},
             {R"({"dependencies": {"a": ["b"]}})", R"({"a": 1, "b": 2})", R"({"a": 1})"},
             {R"({"dependencies": {"a": {"required": ["c"]}}})", R"({"c": 1, "a": 2})",
              R"({"a": 1})"},
             {R"({"propertyNames": {"maxLength": 2}})", R"({"ab": 1})", R"({"abc": 1})"},
             {R"({"allOf": [{"minimum": 1}, {"maximum": 3}]})", "2", "4"},
             {R"({"anyOf": [{"type": "string"}, {"minimum": 3}]})", "3", "2"},
             {R"({"oneOf": [{"minimum": 1}, {"maximum": 3}]})", "5", "2"},
             {R"({"not": {"type": "string"}})", "1", R"("a")"},
             {R"({"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"minimum": 5}})",
              R"("a")", "3"},
             {R"({"definitions": {"a": {"type": "string"}}, "items": {"$ref": "#/definitions/a"}})",
              R"(["a"])", "[1]"},
             {R"({"$defs": {"a/b~c%": {"type": "string"}},
                  "items": {"$ref": "#/$defs/a~1b~0c%25", "description": "x"}})",
              R"(["a"])", "[1]"},
             {"true", "1", nullptr},
             {"false", nullptr, "1"},
         }) {
        if (row.good != nullptr) {
            EXPECT_TRUE(accepts(row.schema, row.good)) << row.schema;
        }
        if (row.bad != nullptr) {
            EXPECT_FALSE(accepts(row.schema, row.bad)) << row.schema;
        }
    }
}

// valijson remembers subschemas by an unescaped path, under which these two would be one.
TEST(InputSchema, TellsPropertiesWithSlashesApart) {
    const char* const schema = R"({"properties": {
        "a": {"properties": {"b": {"type": "string"}}},
        "a/properties/b": {"type": "integer"},
        "c": {"$ref": "#/properties/a/properties/b"}}})";
    EXPECT_TRUE(accepts(schema, R"({"a": {"b": "x"}, "a/properties/b": 1, "c": "x"})"));
    EXPECT_FALSE(accepts(schema, R"({"a": {"b": 1}})"));
    EXPECT_FALSE(accepts(schema, R"({"a/properties/b": "x"})"));
    EXPECT_FALSE(accepts(schema, R"({"c": 1})"));
}

TEST(InputSchema, SaysWhereTheInputIsWrong) {
    const std::vector<Problem> problems =
        violations(R"({"properties": {"a/b": {"items": {"type": "string"}}}, "required": ["c"]})",
                   Json::parse(R"({"a/b": ["x", 5]})"));
    std::vector<std::string> pointers;
    for (const Problem& problem : problems) {
        EXPECT_EQ(problem.code, "schema-violation");
        EXPECT_FALSE(problem.detail.empty());
        pointers.push_back(problem.pointer);
    }
    EXPECT_THAT(pointers, testing::IsSupersetOf({"/a~1b/1", ""}));
}

TEST(InputSchema, BoundsWhatItReports) {
    const char* const schema = R"({"items": {"type": "string"}})";
    EXPECT_THAT(violations(schema, Json(Json::array_t(1'000, 5))), SizeIs(100));
    EXPECT_THAT(violations(schema, Json(Json::array_t(100'000, 5))), SizeIs(1));
    const std::vector<Problem> long_name =
        violations(R"({"additionalProperties": false})", Json{{std::string(100'000, 'k'), 1}});
    ASSERT_FALSE(long_name.empty());
    EXPECT_LT(long_name[0].detail.size(), 400u);
}

TEST(InputSchema, BoundsTheCostOfUniqueItems) {
    const char* const schema = R"({"properties": {"a": {"uniqueItems": true}}})";
    Json input;
    input["a"] = Json::array();
    for (int i = 0; i < 1'001; ++i) input["a"].push_back(i);
    const std::vector<Problem> problems = violations(schema, input);
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(problems[0].pointer, "/a");
    input["a"].erase(0);
    EXPECT_THAT(violations(schema, input), IsEmpty());
}

TEST(InputSchema, ComparesLargeNumbersWithoutOverflow) {
    EXPECT_FALSE(accepts(R"({"multipleOf": 7})", "1e300") && accepts(R"({"multipleOf": 7})", "8"));
    EXPECT_FALSE(accepts(R"({"maximum": 5})", "1e300"));
}

TEST(CompileInputSchema, RefusesWhatCanNotBeDoneSafely) {
    EXPECT_THAT(refusals(R"({"properties": {"a": {"pattern": "^(a+)+b$"}}})"),
                ElementsAre("schema-keyword /input_schema/properties/a/pattern"));
    EXPECT_THAT(refusals(R"({"items": [{"patternProperties": {}}]})"),
                ElementsAre("schema-keyword /input_schema/items/0/patternProperties"));
    EXPECT_THAT(refusals(R"({"not": {"format": "date"}})"),
                ElementsAre("schema-keyword /input_schema/not/format"));
    EXPECT_THAT(refusals(R"({"$id": "http://x/"})"),
                ElementsAre("schema-keyword /input_schema/$id"));
    EXPECT_THAT(refusals(R"({"requird": ["a"]})"),
                ElementsAre("schema-keyword /input_schema/requird"));
    // Behind a reference too, and as a property's name it is none.
    EXPECT_THAT(refusals(R"({"x": 1, "items": {"$ref": "#/definitions/a"},
                             "definitions": {"a": {"pattern": "a"}}})"),
                ElementsAre("schema-keyword /input_schema/definitions/a/pattern",
                            "schema-keyword /input_schema/x"));
    EXPECT_THAT(refusals(R"({"properties": {"pattern": {"type": "string"}, "$ref": true}})"),
                IsEmpty());
}

TEST(CompileInputSchema, RefusesReferencesThatLeadNowhereOrBack) {
    for (const char* reference :
         {"http://x/y", "other.json", "#anchor", "#/definitions/gone", "#/definitions/%zz", ""}) {
        EXPECT_THAT(refusals(Json{{"items", {{"$ref", reference}}}}),
                    ElementsAre("schema-ref /input_schema/items/$ref"))
            << reference;
    }
    EXPECT_THAT(refusals(R"({"properties": {"child": {"$ref": "#"}}})"),
                ElementsAre("schema-ref /input_schema/properties/child/$ref"));
    EXPECT_THAT(refusals(R"({"items": {"$ref": "#/definitions/a"}, "definitions": {
                    "a": {"items": {"$ref": "#/definitions/b"}},
                    "b": {"$ref": "#/definitions/a"}}})"),
                ElementsAre("schema-ref /input_schema/definitions/b/$ref"));
    EXPECT_THAT(refusals(R"({"items": {"$ref": 5}})"),
                ElementsAre("bad-schema /input_schema/items/$ref"));
    EXPECT_THAT(refusals(R"({"items": {"$ref": "#/definitions/a", "minimum": 1},
                             "definitions": {"a": {}}})"),
                ElementsAre("bad-schema /input_schema/items/minimum"));
}

// Each level doubles: 2^40 parts.
TEST(CompileInputSchema, RefusesReferencesThatMultiply) {
    Json schema{{"$ref", "#/definitions/0"}};
    for (int i = 0; i < 40; ++i) {
        const Json next{{"$ref", "#/definitions/" + std::to_string(i + 1)}};
        schema["definitions"][std::to_string(i)] = {{"allOf", {next, next}}};
    }
    schema["definitions"]["40"] = true;
    EXPECT_THAT(refusals(schema), SizeIs(1));
    EXPECT_THAT(refusals(schema)[0], HasSubstr("schema-too-large"));
}

TEST(CompileInputSchema, RefusesKeywordsOfAWrongShape) {
    struct Row {
        const char* pointer;
        const char* schema;
    };
    for (const Row& row : std::vector<Row>{
             {"", "5"},
             {"/type", R"({"type": "strnig"})"},
             {"/type", R"({"type": []})"},
             {"/enum", R"({"enum": []})"},
             {"/multipleOf", R"({"multipleOf": 0})"},
             {"/maximum", R"({"maximum": "5"})"},
             {"/exclusiveMinimum", R"({"exclusiveMinimum": true})"},
             {"/maxLength", R"({"maxLength": -1})"},
             {"/minItems", R"({"minItems": 1.5})"},
             {"/items", R"({"items": 5})"},
             {"/uniqueItems", R"({"uniqueItems": "true"})"},
             {"/required", R"({"required": "a"})"},
             {"/required", R"({"required": [1]})"},
             {"/properties", R"({"properties": []})"},
             {"/properties/a~1b", R"({"properties": {"a/b": 1}})"},
             {"/additionalProperties", R"({"additionalProperties": "false"})"},
             {"/dependencies", R"({"dependencies": []})"},
             {"/dependencies/a", R"({"dependencies": {"a": [1]}})"},
             {"/anyOf", R"({"anyOf": []})"},
             {"/allOf/1", R"({"allOf": [true, 1]})"},
             {"/not", R"({"not": []})"},
             {"/$schema", R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})"},
         }) {
        EXPECT_THAT(refusals(row.schema),
                    ElementsAre("bad-schema /input_schema" + std::string(row.pointer)))
            << row.schema;
    }
}

}  // namespace
}  // namespace skald::sagas
