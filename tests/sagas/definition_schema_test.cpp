#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "sagas/lint.h"
#include "tests/sagas/definition_schema.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/order_document.h"

/// The JSON Schema of definitions against the checks of a registration. Which faults it can't
/// express: definition_test.cpp and testdata/definition_schema.txt.
namespace skald::sagas {
namespace {

using testing::IsEmpty;
using Names = std::set<std::string>;

const DefinitionSchema& schema() {
    static const DefinitionSchema kSchema;
    return kSchema;
}

/// Where an object of a document stands, and what the schema says of it.
struct Place {
    const char* pointer;  ///< Into order_document().
    const char* schema;
};

constexpr Place kPlaces[] = {
    {"", ""},
    {"/defaults", "/definitions/defaults"},
    {"/defaults/retry", "/definitions/retry"},
    {"/steps/0", "/definitions/step"},
    {"/steps/0/action", "/definitions/action"},
    {"/steps/0/action/http", "/definitions/call"},
    {"/steps/0/compensation", "/definitions/compensation/anyOf/1"},
    {"/steps/0/compensation/http", "/definitions/call"},
    {"/steps/1/compensation/retry", "/definitions/retry"},
    {"/steps/1/outcome/0", "/definitions/outcome_rule"},
    {"/steps/1/retry", "/definitions/retry"},
    {"/steps/5/action/wait", "/definitions/wait"},
    {"/steps/6/action/saga", "/definitions/child"},
    {"/steps/8/action/event", "/definitions/event"},
    {"/steps/8/action/event/reply", "/definitions/event_reply"},
    {"/steps/8/action/event/reply/success", "/definitions/event_types"},
    {"/steps/8/action/event/reply/match", "/definitions/event_match"},
    {"/steps/8/compensation/event", "/definitions/event"},
    {"/steps/9/action/wait/event", "/definitions/awaited_event"},
    {"/triggers/0", "/definitions/trigger"},
};

/// The order, with something at each of the places.
Json whole_order() {
    return order_with(R"([
        {"op": "add", "path": "/defaults/retry", "value": {"jitter": 0}},
        {"op": "add", "path": "/lock", "value": "{$input.account}"},
        {"op": "add", "path": "/triggers", "value":
          [{"topic": "orders", "type": "order.placed", "input": {"order_id": "$event.data.id"}}]},
        {"op": "add", "path": "/steps/-", "value":
          {"name": "rest", "action": {"wait": {"for": "1m"}}}},
        {"op": "add", "path": "/steps/-", "value":
          {"name": "bill", "for_each": "$input.bills", "max_parallel": 2,
           "action": {"saga": {"definition": "bill", "input": {"bill": "$item"}}}}},
        {"op": "add", "path": "/steps/-", "value":
          {"name": "tell", "callback_timeout": "1h",
           "action": {"http": {"method": "POST", "url": "http://127.0.0.1/", "reply": "callback"}},
           "compensation": {"saga": {"definition": "untell"}}}},
        {"op": "add", "path": "/steps/-", "value":
          {"name": "ask",
           "action": {"event": {"topic": "asks", "type": "ask", "subject": "$input.a", "data": [1],
             "reply": {"topic": "answers", "success": {"type": "yes"}, "failure": {"type": ["no"]},
                       "match": {"event": "$event.data.id", "saga": "$input.a"},
                       "timeout": "5s"}}},
           "compensation": {"event": {"topic": "asks", "type": "unask", "subject": "a",
             "data": "$action_key", "reply": {"topic": "answers", "success": {"type": "done"}}}}}},
        {"op": "add", "path": "/steps/-", "value":
          {"name": "signal", "action": {"wait": {"event":
            {"topic": "signals", "success": {"type": "go"}, "failure": {"type": "stop"},
             "match": {"event": "$event.subject", "saga": true}, "timeout": "1h"}}}}}])");
}

bool has_problem(const std::vector<Problem>& problems, const std::string& code,
                 const std::string& pointer) {
    return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
        return problem.code == code && problem.pointer == pointer;
    });
}

/// What the reader itself tells of the fields of an object.
Names fields_of_the_reader(const std::string& pointer) {
    Json document = whole_order();
    Json& object = document[Json::json_pointer(pointer)];
    object["xyzzy"] = 1;
    Names names;
    for (const Problem& problem : check_definition(document, std::nullopt).errors) {
        constexpr std::string_view kStart = "the fields here are ";
        if (problem.pointer != pointer + "/xyzzy" || !problem.hint.starts_with(kStart)) continue;
        std::istringstream list(problem.hint.substr(kStart.size()));
        for (std::string name; std::getline(list, name, ',');) {
            names.insert(name.substr(name.find_first_not_of(' ')));
        }
    }
    return names;
}

TEST(DefinitionSchema, HasTheFieldsOfTheReader) {
    for (const Place& place : kPlaces) {
        SCOPED_TRACE(place.pointer);
        const Json& part = schema().json().at(Json::json_pointer(place.schema));
        Names properties;
        for (const auto& [name, value] : part.at("properties").items()) properties.insert(name);
        EXPECT_EQ(properties, fields_of_the_reader(place.pointer));
        EXPECT_EQ(part.at("additionalProperties"), false);
    }
}

TEST(DefinitionSchema, RequiresWhatTheReaderRequires) {
    for (const Place& place : kPlaces) {
        const Json document = whole_order();
        const Json::json_pointer pointer(place.pointer);
        for (const auto& [name, value] : document.at(pointer).items()) {
            Json without = document;
            without[pointer].erase(name);
            const bool is_needed = has_problem(check_definition(without, std::nullopt).errors,
                                               "missing-field", place.pointer);
            EXPECT_EQ(schema().accepts(without), !is_needed) << place.pointer << '/' << name;
        }
    }
}

/// The JSON blocks of a Markdown page.
std::vector<std::string> json_blocks(const std::string& page) {
    std::vector<std::string> blocks;
    const std::string open = "\n```json\n";
    for (std::size_t at = page.find(open); at != page.npos; at = page.find(open, at)) {
        at += open.size();
        blocks.push_back(page.substr(at, page.find("\n```", at) - at));
    }
    return blocks;
}

/// All that may be a definition in the tree's examples and documents, by where it stands.
std::map<std::string, Json> written_documents() {
    namespace fs = std::filesystem;
    const fs::path root(SKALD_SOURCE_DIR);
    std::vector<fs::path> files{root / "README.md"};
    for (const char* folder : {"docs", "examples", "tests/sagas/testdata"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::map<std::string, Json> documents;
    for (const fs::path& file : files) {
        std::vector<std::string> texts;
        if (file.extension() == ".json") texts.push_back(read_file(file.string()));
        if (file.extension() == ".md") texts = json_blocks(read_file(file.string()));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto json = parse_json(texts[i]);
            if (!json || !json->is_object() || !json->contains("steps")) continue;
            documents[fs::relative(file, root).string() + " " + std::to_string(i)] = *json;
        }
    }
    return documents;
}

TEST(DefinitionSchema, AcceptsEveryWrittenDefinition) {
    std::size_t count = 0;
    for (const auto& [where, document] : written_documents()) {
        const Checked checked = check_definition(document, std::nullopt);
        if (checked.definition == nullptr) continue;
        EXPECT_THAT(schema().faults(document), IsEmpty()) << where;
        EXPECT_THAT(schema().faults(checked.filled), IsEmpty()) << where;
        ++count;
    }
    EXPECT_GE(count, 4u);  // README.md, docs/definitions.md, examples/order, testdata.
}

TEST(DefinitionSchema, HasExamplesInItsReferenceThatSkaldTakes) {
    std::size_t count = 0;
    for (const auto& [where, document] : written_documents()) {
        if (!where.starts_with("docs/definitions.md") || !document.contains("name")) continue;
        for (const Problem& problem : check_definition(document, std::nullopt).errors) {
            ADD_FAILURE() << where << ' ' << problem.pointer << ' ' << problem.detail;
        }
        ++count;
    }
    EXPECT_GE(count, 8u);
}

/// Every place in `json`, but the whole of it.
std::set<std::string> places_in(const Json& json) {
    const Json flat = json.flatten();
    std::set<std::string> places;
    for (const auto& [leaf, value] : flat.items()) {
        for (Json::json_pointer at(leaf); !at.empty(); at = at.parent_pointer()) {
            places.insert(at.to_string());
        }
    }
    return places;
}

// It may let through what Skald refuses, but an editor must never complain of what Skald takes.
TEST(DefinitionSchema, RefusesNothingThatSkaldTakes) {
    const Json document = whole_order();
    const Json others =
        Json::parse(R"([null, 1, 1.5, "", "none", "001m", "$$", "{$input.a}", "$input",
        "HTTPS://H.example.:443?a={$input#/\u00e4 b}#}c", true, false, [], {}, {"a": "x"},
        ["reserve"]])");
    std::size_t taken = 0;
    for (const std::string& place : places_in(document)) {
        for (const Json& other : others) {
            Json changed = document;
            changed[Json::json_pointer(place)] = other;
            if (check_definition(changed, std::nullopt).definition == nullptr) continue;
            EXPECT_THAT(schema().faults(changed), IsEmpty()) << place << " " << other;
            ++taken;
        }
    }
    EXPECT_GT(taken, 100u);
}

TEST(DefinitionSchema, TakesTheSchemasThatSkaldTakes) {
    for (
        const char* text :
        {"true", "false", R"({"type": ["object", "null"], "required": ["a"]})",
         R"({"properties": {"a": {"enum": [1]}}, "additionalProperties": false, "minProperties": 0})",
         R"({"items": [{"const": null}, true], "additionalItems": false, "contains": {},
              "uniqueItems": true, "maxItems": 3})",
         R"({"if": {"multipleOf": 0.5}, "then": {"maximum": 9}, "else": {"not": {}}})",
         R"({"dependencies": {"a": ["b"], "c": {"minLength": 1}}, "propertyNames": {"maxLength": 9},
              "title": "t", "default": 5, "$schema": "http://json-schema.org/draft-07/schema#"})",
         R"({"definitions": {"a": {"anyOf": [true], "oneOf": [true], "allOf": [true]}},
              "properties": {"b": {"$ref": "#/definitions/a", "description": "d"}}})"}) {
        Json document = order_document();
        document["input_schema"] = Json::parse(text);
        EXPECT_THAT(check_definition(document, "order").errors, IsEmpty()) << text;
        EXPECT_THAT(schema().faults(document), IsEmpty()) << text;
    }
}

/// The schemas inside it that stand for a member, by where they stand.
void gather_properties(const Json& json, const std::string& pointer,
                       std::map<std::string, Json>& found) {
    if (!json.is_structured()) return;
    for (const auto& [key, child] : json.items()) {
        const std::string at = pointer + '/' + key;
        if (key == "examples" || key == "default") continue;
        // Below these of the root, members only say when another part counts.
        if (pointer.empty() && (key == "if" || key == "then")) continue;
        const bool is_of_map =
            pointer.ends_with("/properties") && !pointer.ends_with("/properties/properties");
        if (is_of_map && pointer.find("/allOf/") == pointer.npos) found[at] = child;
        gather_properties(child, at, found);
    }
}

TEST(DefinitionSchema, DescribesEveryField) {
    std::map<std::string, Json> properties;
    gather_properties(schema().json(), "", properties);
    EXPECT_GT(properties.size(), 60u);
    for (const auto& [pointer, property] : properties) {
        const Json* described = &property;
        if (property.contains("$ref")) {
            const std::string place = property.at("$ref").get<std::string>().substr(1);
            described = &schema().json().at(Json::json_pointer(place));
        }
        EXPECT_THAT(described->value("description", ""), testing::Not("")) << pointer;
    }
}

TEST(DefinitionSchema, HasFittingExamplesAndDefaults) {
    std::map<std::string, Json> properties;
    gather_properties(schema().json(), "", properties);
    for (const auto& [name, definition] : schema().json().at("definitions").items()) {
        properties["/definitions/" + name] = definition;
    }
    std::size_t count = 0;
    for (const auto& [pointer, property] : properties) {
        if (!property.is_object() || pointer.starts_with("/definitions/input_schema/")) continue;
        Json values = property.value("examples", Json::array());
        if (property.contains("default")) values.push_back(property.at("default"));
        if (values.empty()) continue;
        const DefinitionSchema part = schema().part(property);
        for (const Json& value : values) {
            EXPECT_THAT(part.faults(value), IsEmpty()) << pointer << " " << value;
            ++count;
        }
    }
    EXPECT_GT(count, 30u);
}

}  // namespace
}  // namespace skald::sagas
