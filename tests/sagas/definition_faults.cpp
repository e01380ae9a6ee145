#include "tests/sagas/definition_faults.h"

#include "sagas/json.h"

namespace skald::sagas {

std::string adding(const std::string& path, const std::string& value) {
    return R"([{"op": "add", "path": ")" + path + R"(", "value": )" + value + "}]";
}
std::string removing(const std::string& path) {
    return R"([{"op": "remove", "path": ")" + path + R"("}])";
}

namespace {

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
        {"unknown-field", "/stepps", adding("/stepps", "[]")},
        {"unknown-field", "/steps/0/tiemout", adding("/steps/0/tiemout", "\"5s\"")},
        {"unknown-field", "/steps/0/action/http/bdy", adding(kHttp + "/bdy", "1")},
        {"unknown-field", "/steps/0/action/htpp", adding("/steps/0/action/htpp", "1")},
        {"unknown-field", "/steps/1/retry/attempts", adding("/steps/1/retry/attempts", "1")},
        {"unknown-field", "/defaults/a~1b", adding("/defaults/a~1b", "1")},
        {"unknown-field", "/steps/1/outcome/0/then", adding("/steps/1/outcome/0/then", "1")},
        {"missing-field", "", removing("/name")},
        {"missing-field", "/steps/0/action", removing("/steps/0/action/http")},
        {"missing-field", "/steps/0/action/http", removing(kHttp + "/method")},
        {"missing-field", "/steps/0/action/http", removing(kHttp + "/url")},
        {"missing-field", "/steps/4", removing("/steps/4/action")},
        {"missing-field", "/steps/1/outcome/0", removing("/steps/1/outcome/0/is")},
        {"missing-field", "/steps/1/compensation", adding("/steps/1/compensation", "{}")},
        {"wrong-type", "", R"([{"op": "replace", "path": "", "value": []}])"},
        {"wrong-type", "/steps", adding("/steps", "{}")},
        {"wrong-type", "/description", adding("/description", "1")},
        {"wrong-type", "/deadline", adding("/deadline", "900")},
        {"wrong-type", "/defaults", adding("/defaults", "[]")},
        {"wrong-type", "/labels", adding("/labels", "[]")},
        {"wrong-type", "/labels/order_id", adding("/labels/order_id", "5")},
        {"wrong-type", "/steps/4", adding("/steps/4", "\"ship\"")},
        {"wrong-type", "/steps/3/after", adding("/steps/3/after", "\"charge\"")},
        {"wrong-type", "/steps/3/after/1", adding("/steps/3/after/1", "1")},
        {"wrong-type", "/steps/2/when", adding("/steps/2/when", "true")},
        {"wrong-type", "/steps/3/pivot", adding("/steps/3/pivot", "\"yes\"")},
        {"wrong-type", "/steps/1/outcome", adding("/steps/1/outcome", "{}")},
        {"wrong-type", "/steps/1/retry/maximum_attempts",
         adding("/steps/1/retry/maximum_attempts", "2.5")},
        {"wrong-type", "/steps/1/retry/jitter", adding("/steps/1/retry/jitter", "\"0\"")},
        {"wrong-type", "/steps/0/action/http/query", adding(kHttp + "/query", "\"a=b\"")},
        {"wrong-type", "/steps/0/action/http/query/n", adding(kHttp + "/query", R"({"n": 5})")},
        {"wrong-type", "/steps/0/action/http/headers/N", adding(kHttp + "/headers", R"({"N": 5})")},
        {"bad-name", "/name", adding("/name", "\"Order\"")},
        {"bad-name", "/steps/4/name", adding("/steps/4/name", "\"clo se\"")},
        {"bad-name", "/steps/4/name", adding("/steps/4/name", '"' + std::string(64, 'a') + '"')},
        {"bad-name", "/labels/A", adding("/labels/A", "\"x\"")},
        {"duplicate-name", "/steps/4/name", adding("/steps/4/name", "\"notify\"")},
        {"bad-duration", "/deadline", adding("/deadline", "\"15 minutes\"")},
        {"bad-duration", "/steps/0/timeout", adding("/steps/0/timeout", "\"4000d\"")},
        {"out-of-range", "/steps/0/timeout", adding("/steps/0/timeout", "\"61m\"")},
        {"out-of-range", "/steps/0/timeout", adding("/steps/0/timeout", "\"0s\"")},
        {"out-of-range", "/deadline", adding("/deadline", "\"0ms\"")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         adding("/defaults/retry", R"({"maximum_attempts": 0})")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         adding("/defaults/retry", R"({"maximum_attempts": -1})")},
        {"out-of-range", "/defaults/retry/maximum_attempts",
         adding("/defaults/retry", R"({"maximum_attempts": 1000001})")},
        {"out-of-range", "/defaults/retry/backoff_coefficient",
         adding("/defaults/retry", R"({"backoff_coefficient": 0.5})")},
        {"out-of-range", "/defaults/retry/jitter", adding("/defaults/retry", R"({"jitter": 1.1})")},
        {"out-of-range", "/defaults/retry/maximum_interval",
         adding("/defaults/retry", R"({"maximum_interval": "25h"})")},
        {"out-of-range", "/defaults/retry/initial_interval",
         adding("/defaults/retry", R"({"initial_interval": "2s", "maximum_interval": "1s"})")},
        {"bad-value", "/steps/0/in_doubt", adding("/steps/0/in_doubt", "\"parked\"")},
        {"bad-value", "/steps/0/compensation", adding("/steps/0/compensation", "\"nothing\"")},
        {"bad-value", "/steps/1/outcome/0/is", adding("/steps/1/outcome/0/is", "\"ok\"")},
        {"bad-value", "/steps/0/action/http/reply", adding(kHttp + "/reply", "\"later\"")},
        {"no-steps", "/steps", adding("/steps", "[]")},
        {"too-many", "/steps", adding("/steps", "[" + repeated("{}", 201) + "]")},
        {"too-many", "/labels", adding("/labels", members(21))},
        {"too-many", "/steps/0/action/http/headers", adding(kHttp + "/headers", members(51))},
        {"too-many", "/steps/0/action/http/query", adding(kHttp + "/query", members(51))},
        {"too-many", "/steps/0/outcome",
         adding("/steps/0/outcome",
                "[" + repeated(R"({"when": "true", "is": "retry"})", 21) + "]")},
        {"too-long", "/description", adding("/description", '"' + std::string(4'001, 'x') + '"')},
        {"too-long", "/steps/0/action/http/url",
         adding(kHttp + "/url", "\"http://h/" + std::string(4'000, 'x') + '"')},
        {"too-large", "", adding("/output", '"' + std::string(1u << 20, 'x') + '"')},
    };
}

std::vector<Fault> call_faults() {
    std::vector<Fault> faults{
        {"bad-method", "/steps/0/action/http/method", adding(kHttp + "/method", "\"post\"")},
        {"bad-method", "/steps/0/action/http/method", adding(kHttp + "/method", "\"TRACE\"")},
    };
    for (const char* url : {"{$input.base}/x", "$input.url", "http://{$input.host}/x",
                            "http://h:{$input.port}/", "https://{$input.host#/a}/x"}) {
        faults.push_back({"host-not-literal", "/steps/0/action/http/url",
                          adding(kHttp + "/url", Json(url).dump())});
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
            {"bad-url", "/steps/0/action/http/url", adding(kHttp + "/url", Json(url).dump())});
    }
    for (const char* name :
         {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "Idempotency-Key",
          "Skald-Attempt", "skald-x", "traceparent", "Expect", "Accept-Encoding"}) {
        const std::string pointer = "/defaults/headers/" + std::string(name);
        faults.push_back({"forbidden-header", pointer, adding(pointer, "\"x\"")});
    }
    faults.push_back(
        {"bad-header", "/defaults/headers/a b", adding("/defaults/headers/a b", "\"\"")});
    faults.push_back(
        {"bad-header", "/defaults/headers/A", adding("/defaults/headers/A", R"("x\n")")});
    faults.push_back({"duplicate-header", "/defaults/headers/x-tenant",
                      adding("/defaults/headers/x-tenant", "\"\"")});
    return faults;
}

std::vector<Fault> graph_faults() {
    return {
        {"unknown-step", "/steps/3/after/0", adding("/steps/3/after/0", "\"chagre\"")},
        {"duplicate-after", "/steps/3/after/2", adding("/steps/3/after/2", "\"charge\"")},
        {"self-reference", "/steps/3/after/0", adding("/steps/3/after/0", "\"ship\"")},
        {"cycle", "/steps/0/after", adding("/steps/0/after", R"(["close"])")},
        {"cycle", "/steps/0/after", adding("/steps/0/after", R"(["charge"])")},
        {"second-pivot", "/steps/4/pivot", adding("/steps/4/pivot", "true")},
        {"beside-pivot", "/steps/4", adding("/steps/4/after", "[]")},
        {"optional-pivot", "/steps/3/optional",
         R"([{"op": "add", "path": "/steps/3/optional", "value": true},
             {"op": "remove", "path": "/output/shipment"}])"},
        {"optional-park", "/steps/2/in_doubt", adding("/steps/2/in_doubt", "\"park\"")},
        {"missing-compensation", "/steps/0", removing("/steps/0/compensation")},
        {"missing-compensation", "/steps/2", removing("/steps/2/compensation")},
        {"missing-compensation", "/steps/4",
         R"([{"op": "remove", "path": "/steps/3/pivot"},
             {"op": "add", "path": "/steps/3/compensation", "value": "none"}])"},
    };
}

std::vector<Fault> expression_faults() {
    return {
        {"bad-expression", "/steps/0/action/http/body/order_id",
         adding(kHttp + "/body/order_id", "\"$inptu.order_id\"")},
        {"bad-expression", "/steps/0/action/http/url",
         adding(kHttp + "/url", "\"http://h/{$input.a\"")},
        {"bad-expression", "/output", adding("/output", "\"$5\"")},
        {"bad-condition", "/steps/2/when", adding("/steps/2/when", "\"$input.mail ==\"")},
        {"bad-condition", "/steps/1/outcome/0/when",
         adding("/steps/1/outcome/0/when", "\"$response.status = 404\"")},
        {"unknown-step", "/output", adding("/output", "\"$steps.shipp.output\"")},
        {"not-settled", "/steps/0/action/http/body",
         adding(kHttp + "/body", "\"$steps.charge.output\"")},
        {"not-settled", "/steps/1/action/http/body",
         adding("/steps/1/action/http/body", "\"$steps.notify.status\"")},
        {"not-settled", "/steps/0/output", adding("/steps/0/output", "\"$steps.reserve.output\"")},
        {"not-settled", "/steps/0/compensation/http/url",
         adding("/steps/0/compensation/http/url", "\"http://h/{$steps.charge.status}\"")},
        {"may-be-null", "/steps/3/action/http/body/mail",
         adding("/steps/3/action/http/body/mail", "\"$steps.notify.output.id\"")},
        {"may-be-null", "/output", adding("/output", "\"{$steps.notify.output.id} sent\"")},
        {"root-not-here", "/steps/0/action/http/body",
         adding(kHttp + "/body", "\"$response.body\"")},
        {"root-not-here", "/steps/0/action/http/body", adding(kHttp + "/body", "\"$action_key\"")},
        {"root-not-here", "/steps/2/when", adding("/steps/2/when", "\"$response.status == 1\"")},
        {"root-not-here", "/steps/2/when", adding("/steps/2/when", "\"$key == 1\"")},
        {"root-not-here", "/steps/0/output", adding("/steps/0/output", "\"$output\"")},
        {"root-not-here", "/steps/0/output", adding("/steps/0/output", "\"$event.data\"")},
        {"root-not-here", "/labels/order_id", adding("/labels/order_id", "\"$saga.id\"")},
        {"root-not-here", "/defaults/headers/X",
         adding("/defaults/headers/X", "\"$steps.reserve.output\"")},
        {"root-not-here", "/output", adding("/output", "\"$failure.step\"")},
        {"secret-shown", "/steps/0/action/http/url",
         adding("/steps/0/action/http/url", "\"http://127.0.0.1:9001/hooks/{$secrets.A}?x=1\"")},
        {"secret-shown", "/steps/0/output", adding("/steps/0/output", "\"$secrets.A\"")},
        {"secret-shown", "/output/a", adding("/output", "{\"a\": \"{$secrets.A}\"}")},
        {"secret-shown", "/labels/order_id", adding("/labels/order_id", "\"$secrets.A\"")},
        {"secret-shown", "/steps/2/when", adding("/steps/2/when", "\"$secrets.A == 1\"")},
        {"secret-shown", "/steps/1/outcome/0/when",
         adding("/steps/1/outcome/0/when", "\"$secrets.A == 1\"")},
    };
}

std::vector<Fault> sensitive_faults() {
    return {
        {"wrong-type", "/sensitive", adding("/sensitive", R"("/input/mail")")},
        {"wrong-type", "/sensitive/0", adding("/sensitive", "[1]")},
        {"too-many", "/sensitive", adding("/sensitive", '[' + repeated(R"("/input/a")", 51) + ']')},
        {"bad-pointer", "/sensitive/1", adding("/sensitive", R"(["/input/mail", "input/mail"])")},
        {"bad-pointer", "/sensitive/0", adding("/sensitive", R"(["/steps/charge"])")},
        {"unknown-step", "/sensitive/0", adding("/sensitive", R"(["/steps/chagre/output/id"])")},
        {"sensitive-shown", "/labels/order_id",
         R"([{"op": "add", "path": "/sensitive", "value": ["/input/mail"]},
             {"op": "add", "path": "/labels/order_id", "value": "$input.mail"}])"},
    };
}

std::vector<Fault> schema_faults() {
    return {
        {"bad-schema", "/input_schema", adding("/input_schema", "5")},
        {"bad-schema", "/input_schema/type", adding("/input_schema/type", "\"strnig\"")},
        {"schema-keyword", "/input_schema/requird", adding("/input_schema/requird", "[]")},
        {"schema-keyword", "/input_schema/properties/a/pattern",
         adding("/input_schema/properties", R"({"a": {"pattern": "^a$"}})")},
        {"schema-ref", "/input_schema/properties/a/$ref",
         adding("/input_schema/properties", R"({"a": {"$ref": "#"}})")},
        {"schema-too-large", "/input_schema/definitions/a/const",
         adding("/input_schema", R"({"allOf": [)" + repeated(R"({"$ref": "#/definitions/a"})", 4) +
                                     R"(], "definitions": {"a": {"const": ")" +
                                     std::string(300'000, 'x') + "\"}}}")},
    };
}

}  // namespace

std::vector<Fault> all_faults() {
    std::vector<Fault> all;
    for (const auto& part :
         {structure_faults(), call_faults(), graph_faults(), expression_faults(),
          sensitive_faults(), schema_faults(), kind_faults(), event_faults(), trigger_faults()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

}  // namespace skald::sagas
