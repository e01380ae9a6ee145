#include "sagas/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A world with an input, one step, and the reply of another.
class World : public Scope {
 public:
    Found find(const Root& root) const override {
        switch (root.kind) {
            case RootKind::Input:
                return &input;
            case RootKind::StepOutput:
                if (root.step != StepIndex{1}) return std::monostate{};
                return &output;
            case RootKind::StepStatus:
                return Json("succeeded");
            case RootKind::ResponseStatus:
                return Json(404);
            case RootKind::ResponseHeader:
                if (root.name != "etag") return std::monostate{};
                return Json("\"7\"");
            case RootKind::SagaId:
                return Json("saga-1");
            default:
                return std::monostate{};
        }
    }

    Json input = Json::parse(R"({
        "name": "Ann", "amount": 12.5, "count": 3, "none": null, "yes": true, "no": false,
        "items": [{"sku": "a"}, {"sku": "b"}], "a/b": {"c~d": 1}, "umlaut\u00e4": 5, "x-y_z": 6,
        "big": 9007199254740993, "0": "zero"
    })");
    Json output = Json::parse(R"({"id": "r-1", "list": [1, 2, 3]})");
};

const std::vector<std::string> kSteps{"first", "re-serve_1"};

std::string rendered(const Json& document) {
    Result<Template> parsed = Template::parse(document);
    if (!parsed) return "bad: " + parsed.error().message;
    const Template bound = parsed->bind_steps(kSteps);
    const Result<Json> json = bound.render(World());
    const std::string result = json ? json->dump() : "error: " + json.error().message;
    const Result<std::string> text = bound.render_json(World());
    EXPECT_EQ(text ? *text : "error: " + text.error().message, result);
    return result;
}

struct Case {
    const char* text;
    const char* result;
};

TEST(Template, RendersAWholePathWithItsType) {
    for (const Case& row : std::vector<Case>{
             {"$input.name", R"("Ann")"},
             {"$input.amount", "12.5"},
             {"$input.items[1].sku", R"("b")"},
             {"$input.items", R"([{"sku":"a"},{"sku":"b"}])"},
             {"$input#/items/0/sku", R"("a")"},
             {"$input.items#/1/sku", R"("b")"},
             {"$input#/a~1b/c~0d", "1"},
             {"$input.umlaut\xC3\xA4", "5"},
             {"$input.x-y_z", "6"},
             {"$input.0", R"("zero")"},
             {"$input.items.0.sku", R"("a")"},
             {"$input.none", "null"},
             {"$input.gone?", "null"},
             {"$input.name.deeper?", "null"},
             {"$input.items[7]?", "null"},
             {"$input#/gone/deeper?", "null"},
             {"$steps.re-serve_1.output.id", R"("r-1")"},
             {"$steps.re-serve_1.output", R"({"id":"r-1","list":[1,2,3]})"},
             {"$steps.first.status", R"("succeeded")"},
             {"$response.status", "404"},
             {"$response.headers.ETag", R"("\"7\"")"},
             {"$response.headers.X-None?", "null"},
             {"$saga.id", R"("saga-1")"},
         }) {
        EXPECT_EQ(rendered(row.text), row.result) << row.text;
    }
}

TEST(Template, InsertsTextInsideALongerString) {
    for (const Case& row : std::vector<Case>{
             {"Hi {$input.name}!", R"("Hi Ann!")"},
             {"{$input.name}", R"("Ann")"},
             {"{$input.count}", R"("3")"},
             {"{$input.items}|{$input.none}|{$input.yes}",
              R"("[{\"sku\":\"a\"},{\"sku\":\"b\"}]|null|true")"},
             {"{$input#/a~1b/c~0d}.", R"("1.")"},
             {"{$input.gone?}.", R"("null.")"},
             {"5 $$ {$input.count}", R"("5 $ 3")"},
             {"$$input.name", R"("$input.name")"},
             {"{$$input.name}", R"("{$input.name}")"},
             {"{literal} {", R"("{literal} {")"},
             {"", R"("")"},
         }) {
        EXPECT_EQ(rendered(row.text), row.result) << row.text;
    }
}

TEST(Template, RendersDocumentsAndKeepsTheRest) {
    const Json document = Json::parse(
        R"({"$input": 1, "deep": [{"id": "$input.name"}, 5, null, {"plain": ["$$"]}], "e": {}})");
    EXPECT_EQ(rendered(document),
              R"({"$input":1,"deep":[{"id":"Ann"},5,null,{"plain":["$"]}],"e":{}})");
}

TEST(Template, NamesThePathAndWhatIsMissing) {
    for (const Case& row : std::vector<Case>{
             {"$input.gone", R"(error: $input.gone: no member "gone" in $input)"},
             {"$input.items[2].sku",
              "error: $input.items[2].sku: no element 2 in $input.items, which has 2"},
             {"$input.name.x", "error: $input.name.x: $input.name is no object"},
             {"$input.none.x", "error: $input.none.x: $input.none is null"},
             {"$input.name[0]", "error: $input.name[0]: $input.name is no array"},
             {"$steps.re-serve_1.output.list[0].x",
              "error: $steps.re-serve_1.output.list[0].x: $steps.re-serve_1.output.list[0] is no "
              "object"},
             {"a {$steps.first.output} b", "error: $steps.first.output: the step has no output"},
             {"$response.headers.gone",
              R"(error: $response.headers.gone: the reply has no header "gone")"},
             {"$secrets.STRIPE",
              "error: $secrets.STRIPE: the secret STRIPE is not set (environment variable "
              "SKALD_SECRET_STRIPE, or a file STRIPE in --secrets-dir)"},
         }) {
        EXPECT_EQ(rendered(row.text), row.result) << row.text;
    }
}

TEST(Template, RefusesTextsThatAreNoExpression) {
    for (const Case& row : std::vector<Case>{
             {"$inptu.x", R"(bad: "$inptu.x": there is no "$inptu"; did you mean "$input"?)"},
             {"$", R"x(bad: "$": a "$" begins an expression; write "$$" for a dollar sign)x"},
             {"$5", R"(bad: "$5": there is no "$5")"},
             {"$input.", R"(bad: "$input.": a name must follow ".")"},
             {"$input[x]",
              R"(bad: "$input[x]": between [ and ] stands an element's position, from 0)"},
             {"$input#x", R"x(bad: "$input#x": a JSON Pointer (after "#") starts with "/")x"},
             {"$input#/~2", R"(bad: "$input#/~2": in a JSON Pointer "~" is written ~0 and "/" ~1)"},
             {"$steps.reserve",
              R"(bad: "$steps.reserve": write $steps.reserve.output or $steps.reserve.status)"},
             {"$steps.reserve.outptu",
              R"(bad: "$steps.reserve.outptu": write $steps.reserve.output or )"
              "$steps.reserve.status"},
             {"$saga.name", R"(bad: "$saga.name": write $saga.id or $saga.started_at)"},
             {"$key.x", R"(bad: "$key.x": $key has no members)"},
             {"$secrets.a-b",
              "bad: \"$secrets.a-b\": write $secrets.NAME with letters, digits and _ "
              "(SKALD_SECRET_NAME)"},
         }) {
        EXPECT_EQ(rendered(row.text), row.result) << row.text;
    }
    EXPECT_THAT(rendered("$input.a b"), HasSubstr("unexpected \" b\""));
    EXPECT_THAT(rendered("costs $5"), HasSubstr("a lone \"$\" at \"$5\""));
    EXPECT_THAT(rendered("x {$input.a"), HasSubstr("the closing \"}\" is missing"));
    EXPECT_THAT(rendered("x {$input.a b}"), HasSubstr("unexpected \" b\""));
    EXPECT_THAT(rendered("$input." + std::string(1'000, 'a')), HasSubstr("1000 characters"));
    std::string deep = "$input";
    for (int i = 0; i < 65; ++i) deep += ".a";
    EXPECT_THAT(rendered(deep), HasSubstr("64 members"));
    EXPECT_THAT(rendered("$input[9999999999]"), HasSubstr("position"));
}

TEST(Template, ReportsEveryFaultWithItsPointer) {
    std::vector<Template::Fault> faults;
    const Json document = Json::parse(R"({"a/b": "$x", "c": [1, "{$y}"], "d": "$input"})");
    EXPECT_FALSE(Template::parse(document, faults).has_value());
    ASSERT_EQ(faults.size(), 2u);
    EXPECT_EQ(faults[0].pointer, "/a~1b");
    EXPECT_EQ(faults[1].pointer, "/c/1");
    EXPECT_THAT(Template::parse(document).error().message, testing::StartsWith("/a~1b: \"$x\""));
}

TEST(Template, ListsItsPathsWithPointers) {
    const Template parsed =
        Template::parse(Json::parse(R"({"a": "$input.x?", "b": ["z", "{$key}{$saga.id}"]})"))
            .value();
    std::vector<std::string> uses;
    for (const Template::Use& use : parsed.uses())
        uses.push_back(use.pointer + " " + use.path.text);
    EXPECT_THAT(uses, ElementsAre("/a $input.x?", "/b/1 $key", "/b/1 $saga.id"));
}

TEST(Template, EncodesInsertedValuesOnly) {
    World world;
    world.input["name"] = "a/b c\xC3\xA4?";
    const Template parsed = Template::parse("/x/{$input.name}/{$input.items}?y=%20").value();
    EXPECT_EQ(parsed.render_text(world, percent_encode).value(),
              "/x/a%2Fb%20c%C3%A4%3F/%5B%7B%22sku%22%3A%22a%22%7D%2C%7B%22sku%22%3A%22b%22%7D%5D"
              "?y=%20");
    EXPECT_EQ(Template::parse("$input.count").value().render_text(world, nullptr).value(), "3");
}

TEST(Template, LeavesASingleNullOut) {
    const World world;
    const auto text = [&world](const char* document) {
        return Template::parse(document).value().render_optional_text(world, nullptr).value();
    };
    EXPECT_EQ(text("$input.gone?"), std::nullopt);
    EXPECT_EQ(text("{$input.gone?}"), std::nullopt);
    EXPECT_EQ(text("{$input.gone?}."), "null.");
    EXPECT_EQ(text("plain"), "plain");
}

// Steps that put each other's outputs into a list would else build a value that no one can print.
TEST(Template, RefusesResultsThatAreTooDeepOrTooLarge) {
    World world;
    Json deep = 1;
    for (int i = 0; i < 63; ++i) deep = Json::array({deep});
    world.input = {{"deep", std::move(deep)}};  // 63 levels
    EXPECT_TRUE(Template::parse(Json::array({"$input.deep"})).value().render(world).has_value());
    const Result<Json> too_deep =
        Template::parse(Json::parse(R"([["$input.deep"]])")).value().render(world);
    ASSERT_FALSE(too_deep.has_value());
    EXPECT_THAT(too_deep.error().message, HasSubstr("too deep"));

    world.input = {{"big", std::string(kBodyBytesMax / 2, 'x')}};
    EXPECT_TRUE(Template::parse(Json::array({"$input.big"})).value().render(world).has_value());
    const Json many = Json(Json::array_t(1'000, "$input.big"));
    EXPECT_FALSE(Template::parse(many).value().render(world).has_value());
    EXPECT_FALSE(Template::parse("{$input.big}{$input.big}{$input.big}")
                     .value()
                     .render_text(world, percent_encode)
                     .has_value());
}

std::string judged(std::string_view text) {
    Result<Condition> parsed = Condition::parse(text);
    if (!parsed) return parsed.error().message;
    EXPECT_EQ(parsed->text(), text);
    Result<bool> held = parsed->bind_steps(kSteps).holds(World());
    if (!held) return "error: " + held.error().message;
    return *held ? "true" : "false";
}

TEST(Condition, JudgesAsItShould) {
    for (const Case& row : std::vector<Case>{
             {"$response.status == 404", "true"},
             {"$response.status != 404", "false"},
             {"$response.status == 404.0", "true"},
             {"$response.status == \"404\"", "false"},
             {"$response.status != \"404\"", "true"},
             {"$input.count < 4 && $input.count >= 3", "true"},
             {"$input.name < \"B\"", "true"},
             {"$input.name < 5", "false"},
             {"$input.name >= 5", "false"},
             {"$input.yes > false", "false"},
             {"$input.yes", "true"},
             {"$input.no", "false"},
             {"$input.none", "false"},
             {"$input.gone?", "false"},
             {"$input.gone? == null", "true"},
             {"$input.count", "true"},
             {"0", "true"},
             {"\"\"", "true"},
             {"!$input.no", "true"},
             {"!!$input.no", "false"},
             {"!$input.no == true", "true"},
             {"false && true || true", "true"},
             {"true || true && false", "true"},
             {"(true || true) && false", "false"},
             {"1 == 1 && 2 == 2", "true"},
             {"(1 == 1) == (2 < 3)", "true"},
             {"$input.items == [{\"sku\": \"a\"}, {\"sku\": \"b\"}]", "true"},
             {"$input.items[0] == {\"sku\": \"a\"}", "true"},
             {"$input#/items/0/sku==\"a\"", "true"},
             {"($input#/a~1b/c~0d)==1", "true"},
             {"$input.big == 9007199254740992.0", "false"},
             {"$input.big > 9007199254740992.0", "true"},
             {"$input.name == \"a \\\" && b\"", "false"},
             {"-1 < 1e2", "true"},
             {"$steps.re-serve_1.output.id == \"r-1\"", "true"},
             {"true || $input.gone", "true"},
             {"false && $input.gone", "false"},
             {"false || $input.gone", R"(error: $input.gone: no member "gone" in $input)"},
             {"$input.gone == 1", R"(error: $input.gone: no member "gone" in $input)"},
         }) {
        EXPECT_EQ(judged(row.text), row.result) << row.text;
    }
}

TEST(Condition, SaysAtWhichColumnItIsBroken) {
    for (const Case& row : std::vector<Case>{
             {"", "column 1: an expression or a value is missing"},
             {"1 ==", "column 5: an expression or a value is missing"},
             {"1 = 1", "column 3: equality is written =="},
             {"1 < 2 < 3", "column 8: comparisons don't chain: join them with &&"},
             {"(1", "column 3: a \")\" is missing"},
             {"1)", "column 2: unexpected \")\""},
             {"1 & 2", "column 3: unexpected \"& 2\""},
             {"'a' == 1", "column 1: a string is written in double quotes"},
             {"not 1", "column 1: and, or, not are written && || !"},
             {"true and false", "column 6: unexpected \"and false\""},
             {"$inptu == 1",
              "column 1: \"$inptu\": there is no \"$inptu\"; did you mean \"$input\"?"},
             {"nul",
              "column 1: \"nul\" is neither an expression (which starts with $) nor a JSON value"},
         }) {
        EXPECT_EQ(judged(row.text), row.result) << row.text;
    }
}

TEST(Condition, HasLimits) {
    EXPECT_THAT(judged(std::string(1'001, ' ')), HasSubstr("1000 characters"));
    EXPECT_EQ(judged(std::string(62, '!') + "true"), "true");
    EXPECT_THAT(judged(std::string(900, '!') + "true"), HasSubstr("64 levels"));
    EXPECT_THAT(judged(std::string(900, '(')), HasSubstr("64 levels"));
    std::string chain = "true";
    while (chain.size() < 990) chain += "&&true";
    EXPECT_EQ(judged(chain), "true");
}

}  // namespace
}  // namespace skald::sagas
