#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sagas/lint.h"
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

/// A document with `patch` on the good one has exactly this error.
struct Fault {
    const char* code;
    const char* pointer;
    std::string patch;
};

std::string add(const std::string& path, const std::string& value) {
    return R"([{"op": "add", "path": ")" + path + R"(", "value": )" + value + "}]";
}
std::string remove(const std::string& path) {
    return R"([{"op": "remove", "path": ")" + path + R"("}])";
}
std::string repeated(const std::string& piece, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i > 0 ? "," : "") + piece;
    return text;
}
std::string members(int count) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) {
        text += (i > 0 ? ",\"m" : "\"m") + std::to_string(i) + "\":\"x\"";
    }
    return text + "}";
}

const std::string kHttp = "/steps/0/action/http";

std::vector<Fault> structure_faults() {
    return {
        {"unknown-field", "/stepps", add("/stepps", "[]")},
        {"unknown-field", "/steps/0/tiemout", add("/steps/0/tiemout", "\"5s\"")},
        {"unknown-field", "/steps/0/action/http/bdy", add(kHttp + "/bdy", "1")},
        {"unknown-field", "/steps/0/action/htpp", add("/steps/0/action/htpp", "1")},
        {"unknown-field", "/steps/1/retry/attempts", add("/steps/1/retry/attempts", "1")},
        {"unknown-field", "/defaults/a~1b", add("/defaults/a~1b", "1")},
        {"unknown-field", "/steps/1/outcome/0/then", add("/steps/1/outcome/0/then", "1")},
        {"missing-field", "", remove("/name")},
        {"missing-field", "/steps/0/action", remove("/steps/0/action/http")},
        {"missing-field", "/steps/0/action/http", remove(kHttp + "/method")},
        {"missing-field", "/steps/0/action/http", remove(kHttp + "/url")},
        {"missing-field", "/steps/4", remove("/steps/4/action")},
        {"missing-field", "/steps/1/outcome/0", remove("/steps/1/outcome/0/is")},
        {"missing-field", "/steps/1/compensation", add("/steps/1/compensation", "{}")},
        {"wrong-type", "", R"([{"op": "replace", "path": "", "value": []}])"},
        {"wrong-type", "/steps", add("/steps", "{}")},
        {"wrong-type", "/description", add("/description", "1")},
        {"wrong-type", "/deadline", add("/deadline", "900")},
        {"wrong-type", "/defaults", add("/defaults", "[]")},
        {"wrong-type", "/labels", add("/labels", "[]")},
        {"wrong-type", "/labels/order_id", add("/labels/order_id", "5")},
        {"wrong-type", "/steps/4", add("/steps/4", "\"ship\"")},
        {"wrong-type", "/steps/3/after", add("/steps/3/after", "\"charge\"")},
        {"wrong-type", "/steps/3/after/1", add("/steps/3/after/1", "1")},
        {"wrong-type", "/steps/2/when", add("/steps/2/when", "true")},
        {"wrong-type", "/steps/3/pivot", add("/steps/3/pivot", "\"yes\"")},
        {"wrong-type", "/steps/1/outcome", add("/steps/1/outcome", "{}")},
        {"wrong-type", "/steps/1/retry/maximum_attempts",
         add("/steps/1/retry/maximum_attempts", "2.5")},
        {"wrong-type", "/steps/1/retry/jitter", add("/steps/1/retry/jitter", "\"0\"")},
        {"wrong-type", "/steps/0/action/http/query", add(kHttp + "/query", "\"a=b\"")},
        {"wrong-type", "/steps/0/action/http/query/n", add(kHttp + "/query", R"({"n": 5})")},
        {"wrong-type", "/steps/0/action/http/headers/N", add(kHttp + "/headers", R"({"N": 5})")},
        {"bad-name", "/name", add("/name", "\"Order\"")},
        {"bad-name", "/steps/4/name", add("/steps/4/name", "\"clo se\"")},
        {"bad-name", "/steps/4/name", add("/steps/4/name", '"' + std::string(64, 'a') + '"')},
        {"bad-name", "/labels/A", add("/labels/A", "\"x\"")},
        {"duplicate-name", "/steps/4/name", add("/steps/4/name", "\"notify\"")},
        {"bad-duration", "/deadline", add("/deadline", "\"15 minutes\"")},
        {"bad-duration", "/steps/0/timeout", add("/steps/0/timeout", "\"4000d\"")},
        {"out-of-range", "/steps/0/timeout", add("/steps/0/timeout", "\"61m\"")},
        {"out-of-range", "/steps/0/timeout", add("/steps/0/timeout", "\"0s\"")},
        {"out-of-range", "/deadline", add("/deadline", "\"0ms\"")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         add("/defaults/retry", R"({"maximum_attempts": 0})")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         add("/defaults/retry", R"({"maximum_attempts": -1})")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         add("/defaults/retry", R"({"maximum_attempts": 1000001})")},
        {"out-of-range", "/defaults/retry/backoff_coefficient",
         add("/defaults/retry", R"({"backoff_coefficient": 0.5})")},
        {"out-of-range", "/defaults/retry/jitter", add("/defaults/retry", R"({"jitter": 1.1})")},
        {"out-of-range", "/defaults/retry/maximum_interval",
         add("/defaults/retry", R"({"maximum_interval": "25h"})")},
        {"out-of-range", "/defaults/retry/initial_interval",
         add("/defaults/retry", R"({"initial_interval": "2s", "maximum_interval": "1s"})")},
        {"bad-value", "/steps/0/in_doubt", add("/steps/0/in_doubt", "\"parked\"")},
        {"bad-value", "/steps/0/compensation", add("/steps/0/compensation", "\"nothing\"")},
        {"bad-value", "/steps/1/outcome/0/is", add("/steps/1/outcome/0/is", "\"ok\"")},
        {"bad-value", "/steps/0/action/http/reply", add(kHttp + "/reply", "\"later\"")},
        {"no-steps", "/steps", add("/steps", "[]")},
        {"too-many", "/steps", add("/steps", "[" + repeated("{}", 201) + "]")},
        {"too-many", "/labels", add("/labels", members(21))},
        {"too-many", "/steps/0/action/http/headers", add(kHttp + "/headers", members(51))},
        {"too-many", "/steps/0/action/http/query", add(kHttp + "/query", members(51))},
        {"too-many", "/steps/0/outcome",
         add("/steps/0/outcome", "[" + repeated(R"({"when": "true", "is": "retry"})", 21) + "]")},
        {"too-long", "/description", add("/description", '"' + std::string(4'001, 'x') + '"')},
        {"too-long", "/steps/0/action/http/url",
         add(kHttp + "/url", "\"http://h/" + std::string(4'000, 'x') + '"')},
        {"too-large", "", add("/output", '"' + std::string(1u << 20, 'x') + '"')},
        {"one-action", "/steps/0/action", ""},  // Has a test of its own: it never comes alone.
    };
}

std::vector<Fault> call_faults() {
    std::vector<Fault> faults{
        {"bad-method", "/steps/0/action/http/method", add(kHttp + "/method", "\"post\"")},
        {"bad-method", "/steps/0/action/http/method", add(kHttp + "/method", "\"TRACE\"")},
    };
    for (const char* url : {"{$input.base}/x", "$input.url", "http://{$input.host}/x",
                            "http://h:{$input.port}/", "https://{$input.host#/a}/x"}) {
        faults.push_back({"host-not-literal", "/steps/0/action/http/url",
                          add(kHttp + "/url", Json(url).dump())});
    }
    for (const char* url : {"",
                            "127.0.0.1/x",
                            "ftp://h/",
                            "http://",
                            "http:///x",
                            "http://user:pw@h/",
                            "http://h#f",
                            "http://h/a#f",
                            "http://h/a b",
                            "http://h/{id}",
                            "http://h/\xC3\xA4",
                            "http://h/%2",
                            "http://h:0/",
                            "http://h:65536/",
                            "http://h:/",
                            "http://h:x/",
                            "http://[::1/",
                            "http://[xyz]/",
                            "http://[::1]x/",
                            "http://b\xC3\xBC.example/",
                            "http://a..b/",
                            "http://h/a/../b",
                            "http://h/%2E%2e/b",
                            "http://h/a\\b"}) {
        faults.push_back(
            {"bad-url", "/steps/0/action/http/url", add(kHttp + "/url", Json(url).dump())});
    }
    for (const char* name :
         {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "Idempotency-Key",
          "Skald-Attempt", "skald-x", "traceparent", "Expect", "Accept-Encoding"}) {
        static std::set<std::string> pointers;
        const std::string& pointer =
            *pointers.insert("/defaults/headers/" + std::string(name)).first;
        faults.push_back({"forbidden-header", pointer.c_str(), add(pointer, "\"x\"")});
    }
    faults.push_back({"bad-header", "/defaults/headers/a b", add("/defaults/headers/a b", "\"\"")});
    faults.push_back({"bad-header", "/defaults/headers/A", add("/defaults/headers/A", R"("x\n")")});
    faults.push_back({"duplicate-header", "/defaults/headers/x-tenant",
                      add("/defaults/headers/x-tenant", "\"\"")});
    return faults;
}

std::vector<Fault> not_yet_faults() {
    return {
        {"not-yet", "/lock", add("/lock", "\"x\"")},
        {"not-yet", "/triggers", add("/triggers", "[]")},
        {"not-yet", "/steps/0/action/event", add("/steps/0/action", R"({"event": {}})")},
        {"not-yet", "/steps/0/action/wait", add("/steps/0/action", R"({"wait": {"for": "1m"}})")},
        {"not-yet", "/steps/0/action/saga", add("/steps/0/action", R"({"saga": {}})")},
        {"not-yet", "/steps/0/compensation/saga", add("/steps/0/compensation", R"({"saga": {}})")},
        {"not-yet", "/steps/0/for_each", add("/steps/0/for_each", "\"$input.items\"")},
        {"not-yet", "/steps/0/max_parallel", add("/steps/0/max_parallel", "2")},
        {"not-yet", "/steps/0/callback_timeout", add("/steps/0/callback_timeout", "\"1h\"")},
        {"not-yet", "/steps/0/action/http/reply", add(kHttp + "/reply", "\"callback\"")},
        {"not-yet", "/steps/0/action/http/body", add(kHttp + "/body", "\"$item.x\"")},
        {"not-yet", "/steps/0/action/http/body", add(kHttp + "/body", "\"$index\"")},
        {"not-yet", "/steps/0/output", add("/steps/0/output", "\"$event.data\"")},
    };
}

std::vector<Fault> graph_faults() {
    return {
        {"unknown-step", "/steps/3/after/0", add("/steps/3/after/0", "\"chagre\"")},
        {"duplicate-after", "/steps/3/after/2", add("/steps/3/after/2", "\"charge\"")},
        {"self-reference", "/steps/3/after/0", add("/steps/3/after/0", "\"ship\"")},
        {"cycle", "/steps/0/after", add("/steps/0/after", R"(["close"])")},
        {"cycle", "/steps/0/after", add("/steps/0/after", R"(["charge"])")},
        {"second-pivot", "/steps/4/pivot", add("/steps/4/pivot", "true")},
        {"beside-pivot", "/steps/4", add("/steps/4/after", "[]")},
        {"optional-pivot", "/steps/3/optional",
         R"([{"op": "add", "path": "/steps/3/optional", "value": true},
             {"op": "remove", "path": "/output/shipment"}])"},
        {"optional-park", "/steps/2/in_doubt", add("/steps/2/in_doubt", "\"park\"")},
        {"missing-compensation", "/steps/0", remove("/steps/0/compensation")},
        {"missing-compensation", "/steps/2", remove("/steps/2/compensation")},
        {"missing-compensation", "/steps/4",
         R"([{"op": "remove", "path": "/steps/3/pivot"},
             {"op": "add", "path": "/steps/3/compensation", "value": "none"}])"},
    };
}

std::vector<Fault> expression_faults() {
    return {
        {"bad-expression", "/steps/0/action/http/body/order_id",
         add(kHttp + "/body/order_id", "\"$inptu.order_id\"")},
        {"bad-expression", "/steps/0/action/http/url",
         add(kHttp + "/url", "\"http://h/{$input.a\"")},
        {"bad-expression", "/output", add("/output", "\"$5\"")},
        {"bad-condition", "/steps/2/when", add("/steps/2/when", "\"$input.mail ==\"")},
        {"bad-condition", "/steps/1/outcome/0/when",
         add("/steps/1/outcome/0/when", "\"$response.status = 404\"")},
        {"unknown-step", "/output", add("/output", "\"$steps.shipp.output\"")},
        {"not-settled", "/steps/0/action/http/body",
         add(kHttp + "/body", "\"$steps.charge.output\"")},
        {"not-settled", "/steps/1/action/http/body",
         add("/steps/1/action/http/body", "\"$steps.notify.status\"")},
        {"not-settled", "/steps/0/output", add("/steps/0/output", "\"$steps.reserve.output\"")},
        {"not-settled", "/steps/0/compensation/http/url",
         add("/steps/0/compensation/http/url", "\"http://h/{$steps.charge.status}\"")},
        {"may-be-null", "/steps/3/action/http/body/mail",
         add("/steps/3/action/http/body/mail", "\"$steps.notify.output.id\"")},
        {"may-be-null", "/output", add("/output", "\"{$steps.notify.output.id} sent\"")},
        {"root-not-here", "/steps/0/action/http/body", add(kHttp + "/body", "\"$response.body\"")},
        {"root-not-here", "/steps/0/action/http/body", add(kHttp + "/body", "\"$action_key\"")},
        {"root-not-here", "/steps/2/when", add("/steps/2/when", "\"$response.status == 1\"")},
        {"root-not-here", "/steps/2/when", add("/steps/2/when", "\"$key == 1\"")},
        {"root-not-here", "/steps/0/output", add("/steps/0/output", "\"$output\"")},
        {"root-not-here", "/labels/order_id", add("/labels/order_id", "\"$saga.id\"")},
        {"root-not-here", "/defaults/headers/X",
         add("/defaults/headers/X", "\"$steps.reserve.output\"")},
        {"root-not-here", "/output", add("/output", "\"$failure.step\"")},
        {"secret-shown", "/steps/0/action/http/url",
         add("/steps/0/action/http/url", "\"http://127.0.0.1:9001/hooks/{$secrets.A}?x=1\"")},
        {"secret-shown", "/steps/0/output", add("/steps/0/output", "\"$secrets.A\"")},
        {"secret-shown", "/output/a", add("/output", "{\"a\": \"{$secrets.A}\"}")},
        {"secret-shown", "/labels/order_id", add("/labels/order_id", "\"$secrets.A\"")},
        {"secret-shown", "/steps/2/when", add("/steps/2/when", "\"$secrets.A == 1\"")},
        {"secret-shown", "/steps/1/outcome/0/when",
         add("/steps/1/outcome/0/when", "\"$secrets.A == 1\"")},
    };
}

std::vector<Fault> sensitive_faults() {
    return {
        {"wrong-type", "/sensitive", add("/sensitive", R"("/input/mail")")},
        {"wrong-type", "/sensitive/0", add("/sensitive", "[1]")},
        {"too-many", "/sensitive", add("/sensitive", '[' + repeated(R"("/input/a")", 51) + ']')},
        {"bad-pointer", "/sensitive/1", add("/sensitive", R"(["/input/mail", "input/mail"])")},
        {"bad-pointer", "/sensitive/0", add("/sensitive", R"(["/steps/charge"])")},
        {"unknown-step", "/sensitive/0", add("/sensitive", R"(["/steps/chagre/output/id"])")},
        {"sensitive-shown", "/labels/order_id",
         R"([{"op": "add", "path": "/sensitive", "value": ["/input/mail"]},
             {"op": "add", "path": "/labels/order_id", "value": "$input.mail"}])"},
    };
}

std::vector<Fault> schema_faults() {
    return {
        {"bad-schema", "/input_schema", add("/input_schema", "5")},
        {"bad-schema", "/input_schema/type", add("/input_schema/type", "\"strnig\"")},
        {"schema-keyword", "/input_schema/requird", add("/input_schema/requird", "[]")},
        {"schema-keyword", "/input_schema/properties/a/pattern",
         add("/input_schema/properties", R"({"a": {"pattern": "^a$"}})")},
        {"schema-ref", "/input_schema/properties/a/$ref",
         add("/input_schema/properties", R"({"a": {"$ref": "#"}})")},
        {"schema-too-large", "/input_schema/definitions/a/const",
         add("/input_schema", R"({"allOf": [)" + repeated(R"({"$ref": "#/definitions/a"})", 4) +
                                  R"(], "definitions": {"a": {"const": ")" +
                                  std::string(300'000, 'x') + "\"}}}")},
    };
}

std::vector<Fault> all_faults() {
    std::vector<Fault> all;
    for (const auto& part : {structure_faults(), call_faults(), not_yet_faults(), graph_faults(),
                             expression_faults(), sensitive_faults(), schema_faults()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

TEST(CheckDefinition, ReportsEachFaultByCodeAndPointer) {
    for (const Fault& fault : all_faults()) {
        if (fault.patch.empty()) continue;
        const Checked checked = check_definition(order_with(fault.patch), std::nullopt);
        const std::string expected = std::string(fault.code) + " " + fault.pointer;
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
        const std::string expected = std::string(fault.code) + " " + fault.pointer;
        if (fault.patch.empty() || kDrawOthers.count(expected) > 0) continue;
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
        "bad-header", "bad-method",      "bad-name",         "bad-pointer",      "bad-schema",
        "bad-value",  "duplicate-after", "forbidden-header", "host-not-literal", "missing-field",
        "no-steps",   "optional-park",   "optional-pivot",   "schema-keyword",   "too-long",
        "too-many",   "unknown-field",   "wrong-type"};
    std::string table;
    for (const Fault& fault : all_faults()) {
        if (fault.patch.empty()) continue;
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
const std::set<std::string> kErrorCodes{"bad-condition",
                                        "bad-duration",
                                        "bad-expression",
                                        "bad-header",
                                        "bad-method",
                                        "bad-name",
                                        "bad-pointer",
                                        "bad-schema",
                                        "bad-url",
                                        "bad-value",
                                        "beside-pivot",
                                        "cycle",
                                        "duplicate-after",
                                        "duplicate-header",
                                        "duplicate-name",
                                        "forbidden-header",
                                        "host-not-literal",
                                        "may-be-null",
                                        "missing-compensation",
                                        "missing-field",
                                        "name-mismatch",
                                        "no-steps",
                                        "not-settled",
                                        "not-yet",
                                        "one-action",
                                        "optional-park",
                                        "optional-pivot",
                                        "out-of-range",
                                        "root-not-here",
                                        "schema-keyword",
                                        "schema-ref",
                                        "schema-too-large",
                                        "second-pivot",
                                        "secret-shown",
                                        "self-reference",
                                        "sensitive-shown",
                                        "too-large",
                                        "too-long",
                                        "too-many",
                                        "unknown-field",
                                        "unknown-step",
                                        "wrong-type"};

TEST(CheckDefinition, HasAFaultForEveryCode) {
    std::set<std::string> codes{"name-mismatch"};  // Has a test of its own.
    for (const Fault& fault : all_faults()) codes.insert(fault.code);
    EXPECT_EQ(codes, kErrorCodes);
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
        check_definition(order_with(add("/$schema", "\"http://x/definition.json\"")), "order");
    ASSERT_NE(checked.definition, nullptr);
    EXPECT_FALSE(checked.filled.contains("$schema"));
}

TEST(CheckDefinition, TellsAllProblemsAtOnceInOrder) {
    const Checked checked =
        check_definition(order_with(R"([{"op": "add", "path": "/steps/0/action/wait", "value": {}},
                       {"op": "add", "path": "/steps/1/timeout", "value": "soon"},
                       {"op": "add", "path": "/output", "value": ["$steps.gone.output", "$x"]},
                       {"op": "remove", "path": "/steps/0/compensation"},
                       {"op": "add", "path": "/lock", "value": ""}])"),
                         std::nullopt);
    EXPECT_THAT(summary(checked.errors),
                ElementsAre("not-yet /lock", "bad-expression /output/1",
                            "missing-compensation /steps/0", "one-action /steps/0/action",
                            "not-yet /steps/0/action/wait", "bad-duration /steps/1/timeout"));
    EXPECT_THAT(summary(checked.warnings), IsSupersetOf({"writes-without-undo "
                                                         "/steps/2/compensation"}));
}

TEST(CheckDefinition, HintsAtWhatWasMeant) {
    const auto hint = [](const std::string& patch) {
        return check_definition(order_with(patch), std::nullopt).errors.at(0).hint;
    };
    EXPECT_EQ(hint(add("/steps/0/tiemout", "\"5s\"")), "did you mean \"timeout\"?");
    EXPECT_EQ(hint(add("/steps/3/after/0", "\"chagre\"")), "did you mean \"charge\"?");
    EXPECT_EQ(hint(add(kHttp + "/method", "\"post\"")), "did you mean \"POST\"?");
    EXPECT_EQ(hint(add("/steps/0/action", R"({"event": {}})")), "use an http action");
    EXPECT_THAT(hint(add("/steps/0/xyzzy", "1")), HasSubstr("the fields here are name, after"));
}

TEST(CheckDefinition, NamesTheWayOfACycle) {
    const Checked checked =
        check_definition(order_with(add("/steps/0/after", R"(["charge"])")), std::nullopt);
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
    const Json document = order_document();
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
