#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sagas/lint.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> warning_lines(const Json& document) {
    std::vector<std::string> lines;
    for (const Problem& problem : check_definition(document, std::nullopt).warnings) {
        EXPECT_FALSE(problem.detail.empty() || problem.hint.empty()) << problem.code;
        lines.push_back(problem.code + " " + problem.pointer);
    }
    return lines;
}

/// Those of the order after `patch`, but for the one that it has.
std::vector<std::string> warnings_after(const std::string& patch) {
    std::vector<std::string> lines = warning_lines(order_with(patch));
    std::erase(lines, "writes-without-undo /steps/2/compensation");
    return lines;
}

struct WarningRow {
    const char* warning;
    const char* patch;
    const char* near_miss;  ///< A patch that is right, and nearly the same.
};

std::vector<WarningRow> step_rows() {
    return {
        {"no-input-schema ", R"([{"op": "remove", "path": "/input_schema"}])",
         R"([{"op": "add", "path": "/input_schema", "value": {}}])"},
        {"own-output-in-compensation /steps/0/compensation/http/url",
         R"([{"op": "replace", "path": "/steps/0/compensation/http/url",
              "value": "http://localhost/x/{$output.id}"}])",
         R"([{"op": "replace", "path": "/steps/0/compensation/http/url",
              "value": "http://localhost/x/{$input.id}"}])"},
        {"own-output-in-compensation /steps/0/compensation/http/url",
         R"([{"op": "replace", "path": "/steps/0/compensation/http/url",
              "value": "http://localhost/x/{$steps.reserve.output.id}"}])",
         R"([{"op": "replace", "path": "/steps/1/compensation/http/body",
              "value": "$steps.reserve.output.id"}])"},
        {"retries-exceed-deadline /steps/0",
         R"([{"op": "add", "path": "/steps/0/timeout", "value": "5m"}])",
         R"([{"op": "add", "path": "/steps/0/timeout", "value": "2m"}])"},
        {"retries-exceed-deadline /steps/1",
         R"([{"op": "add", "path": "/steps/1/retry", "value": {"maximum_attempts": 1000000}}])",
         R"([{"op": "add", "path": "/steps/1/retry", "value": {"maximum_attempts": 1000000}},
             {"op": "remove", "path": "/deadline"}])"},
        {"unused-optional-output /steps/2/output",
         R"([{"op": "add", "path": "/steps/2/output", "value": "$response.body.id"},
             {"op": "remove", "path": "/steps/3/action/http/body/mail"}])",
         R"([{"op": "add", "path": "/steps/2/output", "value": {"id": "$response.body.id"}}])"},
        {"unused-output /steps/4/output",
         R"([{"op": "add", "path": "/steps/4/output", "value": {"at": "$response.headers.date"}}])",
         R"([{"op": "add", "path": "/steps/4/output", "value": {"at": "$response.body.at?"}}])"},
        {"unused-output /steps/4/output",
         R"([{"op": "add", "path": "/steps/4/output", "value": "$response.body.at"}])",
         R"([{"op": "add", "path": "/steps/4/output", "value": "$response.body"}])"},
        {"limited-compensation /steps/1/compensation/retry/maximum_attempts",
         R"([{"op": "add", "path": "/steps/1/compensation/retry/maximum_attempts", "value": 3}])",
         R"([{"op": "add", "path": "/defaults/retry", "value": {"maximum_attempts": 3}}])"},
        {"never-runs /steps/4/compensation",
         R"([{"op": "add", "path": "/steps/4/compensation", "value":
              {"http": {"method": "POST", "url": "http://127.0.0.1/"}}}])",
         R"([{"op": "add", "path": "/steps/3/compensation", "value":
              {"http": {"method": "POST", "url": "http://127.0.0.1/{$action_key}"}}}])"},
        {"never-applies /steps/4/in_doubt",
         R"([{"op": "add", "path": "/steps/4/in_doubt", "value": "park"}])",
         R"([{"op": "add", "path": "/steps/3/in_doubt", "value": "park"}])"},
        {"limited-after-pivot /steps/4/retry/maximum_attempts",
         R"([{"op": "add", "path": "/steps/4/retry", "value": {"maximum_attempts": 3}}])",
         R"([{"op": "add", "path": "/steps/4/retry", "value": {"maximum_attempts": 3}},
             {"op": "add", "path": "/steps/4/optional", "value": true}])"},
        {"writes-without-undo /steps/0/compensation",
         R"([{"op": "replace", "path": "/steps/0/compensation", "value": "none"}])",
         R"([{"op": "replace", "path": "/steps/0/compensation", "value": "none"},
             {"op": "replace", "path": "/steps/0/action/http/method", "value": "GET"},
             {"op": "remove", "path": "/steps/0/action/http/body"}])"},
        {"retries-without-pause /steps/1/compensation/retry",
         R"([{"op": "replace", "path": "/steps/1/compensation/retry", "value":
              {"initial_interval": "100ms", "maximum_interval": "999ms"}}])",
         R"([{"op": "replace", "path": "/steps/1/compensation/retry", "value":
              {"initial_interval": "100ms", "maximum_interval": "1s"}}])"},
        {"retries-without-pause /steps/4/retry",
         R"([{"op": "add", "path": "/steps/4/retry", "value": {"backoff_coefficient": 1}}])",
         R"([{"op": "add", "path": "/steps/0/retry", "value": {"backoff_coefficient": 1}}])"},
        {"retries-without-pause /defaults/retry",
         R"([{"op": "add", "path": "/defaults/retry", "value": {"backoff_coefficient": 1}}])",
         R"([{"op": "add", "path": "/defaults/retry", "value":
              {"backoff_coefficient": 1, "initial_interval": "1s"}}])"},
    };
}

std::vector<WarningRow> waiting_rows() {
    return {
        {"wait-exceeds-deadline /steps/2/action/wait/for",
         R"([{"op": "replace", "path": "/steps/2/action", "value": {"wait": {"for": "15m"}}},
             {"op": "remove", "path": "/steps/2/compensation"}])",
         R"([{"op": "replace", "path": "/steps/2/action", "value": {"wait": {"for": "14m"}}},
             {"op": "remove", "path": "/steps/2/compensation"}])"},
        {"wait-exceeds-deadline /steps/0/action/http/reply",
         R"([{"op": "add", "path": "/steps/0/action/http/reply", "value": "callback"}])",
         R"([{"op": "add", "path": "/steps/3/action/http/reply", "value": "callback"}])"},
        {"wait-exceeds-deadline /steps/0/callback_timeout",
         R"([{"op": "add", "path": "/steps/0/action/http/reply", "value": "callback"},
             {"op": "add", "path": "/steps/0/callback_timeout", "value": "20m"}])",
         R"([{"op": "add", "path": "/steps/0/action/http/reply", "value": "callback"},
             {"op": "add", "path": "/steps/0/callback_timeout", "value": "10m"}])"},
        {"header-of-callback /steps/3/output/at",
         R"([{"op": "add", "path": "/steps/3/action/http/reply", "value": "callback"},
             {"op": "add", "path": "/steps/3/output", "value":
              {"at": "$response.headers.date", "id": "$response.body.id"}}])",
         R"([{"op": "add", "path": "/steps/3/action/http/reply", "value": "callback"},
             {"op": "add", "path": "/steps/3/output", "value":
              {"at": "$response.headers.date?", "id": "$response.body.id"}}])"},
        {"null-in-lock /lock",
         R"([{"op": "add", "path": "/lock", "value": "order {$input.order_id?}"}])",
         R"([{"op": "add", "path": "/lock", "value": "order {$input.order_id}"}])"},
        {"writes-without-undo /steps/0/compensation",
         R"([{"op": "replace", "path": "/steps/0/action", "value":
              {"saga": {"definition": "stock", "input": "$input.items"}}},
             {"op": "replace", "path": "/steps/0/compensation", "value": "none"}])",
         R"([{"op": "replace", "path": "/steps/0/action", "value":
              {"saga": {"definition": "stock", "input": "$input.items"}}},
             {"op": "remove", "path": "/steps/0/compensation"}])"},
        {"compensation-without-reference /steps/1/compensation/saga",
         R"([{"op": "replace", "path": "/steps/1/compensation", "value":
              {"saga": {"definition": "refund", "input": {"why": "$failure.reason"}}}}])",
         R"([{"op": "replace", "path": "/steps/1/compensation", "value":
              {"saga": {"definition": "refund", "input": {"charge": "$action_key"}}}}])"},
    };
}

/// `for_each` over items of which the schema takes so many, in `close`, and what else is changed.
std::string each_of(const std::string& schema_of_items, const std::string& patch) {
    Json all = Json::parse(patch);
    all.push_back({{"op", "add"},
                   {"path", "/input_schema/properties"},
                   {"value", {{"items", Json::parse(schema_of_items)}}}});
    all.push_back({{"op", "add"}, {"path", "/steps/4/for_each"}, {"value", "$input.items"}});
    return all.dump();
}

constexpr const char* kByEvent = R"({"event": {"topic": "stock", "type": "reserve", "data": 1,
    "reply": {"topic": "stock", "success": {"type": "reserved"}, "timeout": "TIME"}}})";

/// A step that the third one becomes, with one more field or none.
std::string third_by(const std::string& action, const std::string& field) {
    return R"([{"op": "replace", "path": "/steps/2/action", "value": )" + action +
           R"(}, {"op": "remove", "path": "/steps/3/action/http/body/mail"},
                 {"op": "remove", "path": "/steps/2/optional"},
                 {"op": "remove", "path": "/steps/2/compensation"})" +
           field + "]";
}

std::string by_event(const std::string& time) {
    std::string text = kByEvent;
    return text.replace(text.find("TIME"), 4, time);
}

std::vector<WarningRow> event_rows() {
    static const std::string kUndo =
        R"(, {"op": "add", "path": "/steps/2/compensation", "value":
              {"event": {"topic": "stock", "type": "release"}}})";
    static const auto not_undone = [](const std::string& event, const std::string& more) {
        return R"([{"op": "replace", "path": "/steps/0/compensation", "value": "none"},
                   {"op": "replace", "path": "/steps/0/action", "value": )" +
               event + "}" + more + "]";
    };
    static const std::string kNotUndone = not_undone(by_event("1s"), "");
    static const std::string kNewsNotUndone =
        not_undone(R"({"event": {"topic": "news", "type": "ordered"}})",
                   R"(, {"op": "remove", "path": "/steps/0/output"},
                        {"op": "remove", "path": "/steps/3/action/http/body/reservation"})");
    static const std::string kUndone = third_by(by_event("1s"), kUndo);
    static const std::string kSlow = third_by(by_event("5m"), kUndo);
    static const auto wait = [](const std::string& time) {
        return third_by(R"({"wait": {"event": {"topic": "a", "success": {"type": "b"},
                            "timeout": ")" +
                            time + "\"}}}",
                        "");
    };
    static const std::string kLongWait = wait("15m");
    static const std::string kShortWait = wait("14m");
    static const std::string kEachTold =
        each_of(R"({"maxItems": 9})",
                R"([{"op": "replace", "path": "/steps/4/action", "value":
             {"event": {"topic": "news", "type": "closed", "data": "$item"}}}])");
    static const std::string kAllTold =
        each_of(R"({"maxItems": 9})",
                R"([{"op": "replace", "path": "/steps/4/action", "value":
             {"event": {"topic": "news", "type": "closed"}}}])");
    return {
        {"writes-without-undo /steps/0/compensation", kNotUndone.c_str(), kNewsNotUndone.c_str()},
        {"retries-exceed-deadline /steps/2", kSlow.c_str(), kUndone.c_str()},
        {"wait-exceeds-deadline /steps/2/action/wait/event/timeout", kLongWait.c_str(),
         kShortWait.c_str()},
        {"item-not-used /steps/4/action/event", kAllTold.c_str(), kEachTold.c_str()},
    };
}

std::vector<WarningRow> for_each_rows() {
    static const std::string kBounded = R"({"maxItems": 1000})";
    static const std::string kByIndex =
        R"([{"op": "replace", "path": "/steps/4/action/http/url", "value": "http://[::1]/{$index}"}])";
    static const std::string kByNothing = each_of(kBounded, "[]");
    static const std::string kNamed = each_of(kBounded, kByIndex);
    static const std::string kTooMany = each_of(R"({"maxItems": 1001})", kByIndex);
    static const std::string kReferred = each_of(R"({"$ref": "#/definitions/items"})", R"([
        {"op": "replace", "path": "/steps/4/action/http/url", "value": "http://[::1]/{$index}"},
        {"op": "add", "path": "/input_schema/definitions", "value": {"items": true}}])");
    static const std::string kInBody = each_of(
        kBounded, R"([{"op": "add", "path": "/steps/4/action/http/body", "value": "$item"}])");
    static const std::string kOneByOne =
        each_of(kBounded, R"([{"op": "add", "path": "/steps/4/action/http/body", "value": "$item"},
                      {"op": "add", "path": "/steps/4/max_parallel", "value": 1}])");
    static const std::string kUndo = R"([
        {"op": "add", "path": "/input_schema/properties", "value": {"items": {"maxItems": 9}}},
        {"op": "add", "path": "/steps/1/for_each", "value": "$input.items"},
        {"op": "replace", "path": "/steps/1/action/http/body", "value": "$item"},
        {"op": "replace", "path": "/steps/1/compensation/http/body", "value": ")";
    static const std::string kUndoOfAll = kUndo + R"($saga.id"}])";
    static const std::string kUndoOfEach = kUndo + R"($item"}])";
    return {
        {"item-not-used /steps/4/action/http", kByNothing.c_str(), kNamed.c_str()},
        {"item-not-used /steps/1/compensation/http", kUndoOfAll.c_str(), kUndoOfEach.c_str()},
        {"unbounded-items /steps/4/for_each", kTooMany.c_str(), kReferred.c_str()},
        {"parallel-writes /steps/4/action/http/url", kInBody.c_str(), kOneByOne.c_str()},
    };
}

std::vector<WarningRow> call_rows() {
    return {
        {"get-with-body /steps/4/action/http/body",
         R"([{"op": "replace", "path": "/steps/4/action/http/method", "value": "GET"},
             {"op": "add", "path": "/steps/4/action/http/body", "value": 1}])",
         R"([{"op": "replace", "path": "/steps/4/action/http/method", "value": "GET"},
             {"op": "add", "path": "/steps/4/action/http/query", "value": {"n": "1"}}])"},
        {"plain-http /steps/4/action/http/url",
         R"([{"op": "replace", "path": "/steps/4/action/http/url",
              "value": "http://orders.example/x"}])",
         R"([{"op": "replace", "path": "/steps/4/action/http/url",
              "value": "http://orders.localhost/x"}])"},
        {"null-in-url /steps/4/action/http/url",
         R"([{"op": "replace", "path": "/steps/4/action/http/url",
              "value": "http://[::1]:9004/orders/{$input.order_id?}"}])",
         R"([{"op": "replace", "path": "/steps/4/action/http/url",
              "value": "http://[::1]:9004/orders/{$input.order_id?}"},
             {"op": "add", "path": "/steps/4/when", "value": "$input.order_id? != null"}])"},
        {"null-in-url /steps/4/action/http/url",
         R"([{"op": "replace", "path": "/steps/4/action/http/url",
              "value": "http://[::1]:9004/orders?id={$input.order_id?}"}])",
         R"([{"op": "add", "path": "/steps/4/action/http/query",
              "value": {"id": "$input.order_id?"}}])"},
        {"literal-credential /steps/4/action/http/headers/Authorization",
         R"([{"op": "add", "path": "/steps/4/action/http/headers",
              "value": {"Authorization": "Bearer abc"}}])",
         R"([{"op": "add", "path": "/steps/4/action/http/headers",
              "value": {"Authorization": "Bearer {$secrets.ORDERS}"}}])"},
        {"literal-credential /defaults/headers/X-API-Key",
         R"([{"op": "add", "path": "/defaults/headers/X-API-Key", "value": "abc"}])",
         R"([{"op": "add", "path": "/defaults/headers/X-API-Kind", "value": "abc"}])"},
        {"compensation-by-get /steps/0/compensation/http/method",
         R"([{"op": "replace", "path": "/steps/0/compensation/http/method", "value": "GET"}])",
         R"([{"op": "replace", "path": "/steps/0/compensation/http/method", "value": "PATCH"}])"},
        {"compensation-of-get /steps/0/compensation",
         R"([{"op": "replace", "path": "/steps/0/action/http/method", "value": "GET"},
             {"op": "remove", "path": "/steps/0/action/http/body"}])",
         R"([{"op": "replace", "path": "/steps/0/action/http/method", "value": "PUT"}])"},
        {"compensation-repeats-action /steps/1/compensation/http",
         R"([{"op": "copy", "from": "/steps/1/action/http", "path": "/steps/1/compensation/http"},
             {"op": "remove", "path": "/steps/1/compensation/http/headers"}])",
         R"([{"op": "copy", "from": "/steps/1/action/http", "path": "/steps/1/compensation/http"},
             {"op": "add", "path": "/steps/1/compensation/http/body/undo", "value": true}])"},
        {"compensation-without-reference /steps/1/compensation/http",
         R"([{"op": "replace", "path": "/steps/1/compensation/http/body",
              "value": {"why": "$failure.reason"}}])",
         R"([{"op": "replace", "path": "/steps/1/compensation/http/body",
              "value": {"saga": "$saga.id"}}])"},
        {"compensation-without-reference /steps/1/compensation/http",
         R"([{"op": "remove", "path": "/steps/1/compensation/http/body"}])",
         R"([{"op": "remove", "path": "/steps/1/compensation/http/body"},
             {"op": "add", "path": "/defaults/headers/X-Saga", "value": "$saga.id"}])"},
        {"parallel-writes /steps/2/action/http/url",
         R"([{"op": "replace", "path": "/steps/1/action/http/method", "value": "PUT"},
             {"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "POST", "url": "http://127.0.0.1:9002/charges"}}])",
         R"([{"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "POST", "url": "http://127.0.0.1:9002/charges"}}])"},
        {"parallel-writes /steps/2/action/http/url",
         R"([{"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "DELETE", "url": "http://127.0.0.1:9002/charges"}}])",
         R"([{"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "DELETE", "url": "http://127.0.0.1:9002/charges"}},
             {"op": "add", "path": "/steps/2/after", "value": ["charge"]}])"},
        {"parallel-writes /steps/2/action/http/url",
         R"([{"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "DELETE", "url": "http://127.0.0.1:9002/charges"}}])",
         R"([{"op": "replace", "path": "/steps/2/action/http", "value":
              {"method": "DELETE", "url": "http://127.0.0.1:9002/charges"}},
             {"op": "add", "path": "/steps/1/when", "value": "$input.mail? == null"}])"},
    };
}

std::vector<WarningRow> condition_rows() {
    return {
        {"constant-condition /steps/2/when",
         R"([{"op": "replace", "path": "/steps/2/when", "value": "1 < 2"}])",
         R"([{"op": "replace", "path": "/steps/2/when", "value": "$input.amount < 2"}])"},
        {"rule-never-met /steps/1/outcome/0/when",
         R"([{"op": "add", "path": "/steps/1/outcome/0",
              "value": {"when": "$response.status == \"410\"", "is": "success"}}])",
         R"([{"op": "add", "path": "/steps/1/outcome/0",
              "value": {"when": "$response.status == 410", "is": "success"}}])"},
        {"shadowed-rule /steps/1/outcome/1",
         R"([{"op": "add", "path": "/steps/1/outcome/0",
              "value": {"when": "$response.status >= 400", "is": "unknown"}}])",
         R"([{"op": "add", "path": "/steps/1/outcome/1",
              "value": {"when": "$response.status >= 400", "is": "unknown"}}])"},
        {"shadowed-rule /steps/1/outcome/1",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.body.done", "is": "success"},
               {"when": "$response.body.done", "is": "retry"}]}])",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.body.done", "is": "success"},
               {"when": "!$response.body.done", "is": "retry"}]}])"},
        {"shadowed-rule /steps/1/outcome/1",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "true", "is": "unknown"},
               {"when": "$response.body.done", "is": "success"}]}])",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.body.done", "is": "success"},
               {"when": "true", "is": "unknown"}]}])"},
        {"rule-denies-doubt /steps/1/outcome/0",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.status >= 500", "is": "retry"}]}])",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.status == 500 || $response.status == 503", "is": "retry"}]}])"},
        {"rule-denies-doubt /steps/1/outcome/0",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.status != 409", "is": "failure"}]}])",
         R"([{"op": "replace", "path": "/steps/1/outcome", "value":
              [{"when": "$response.status >= 500", "is": "unknown"},
               {"when": "$response.status != 409", "is": "failure"}]}])"},
    };
}

/// The order with a trigger of this input, whose schema is changed by `patch` too.
std::string triggered(const std::string& input, const std::string& patch = "[]") {
    Json all = Json::parse(patch);
    const Json trigger{
        {"topic", "orders"}, {"type", "order.placed"}, {"input", Json::parse(input)}};
    all.push_back({{"op", "add"}, {"path", "/triggers"}, {"value", {trigger}}});
    return all.dump();
}

/// With a member `extra`, of which the schema says so much.
std::string triggered_extra(const std::string& schema, const std::string& extra) {
    return triggered(
        R"({"order_id": "$event.data.id", "items": [], "amount": 1, "extra": )" + extra + "}",
        R"([{"op": "add", "path": "/input_schema/properties", "value": {"extra": )" + schema +
            R"(}}, {"op": "add", "path": "/input_schema/definitions", "value":
                    {"small": {"enum": ["s", "$"]}, "big": {"$ref": "#/definitions/small"}}}])");
}

/// `close` publishes what starts the order.
std::string closed_by_trigger(const std::string& type, const std::string& more) {
    const std::string input = R"({"order_id": "$event.id", "items": [], "amount": 1})";
    return triggered(input, R"([{"op": "replace", "path": "/steps/4/action", "value":
        {"event": {"topic": "orders", "type": ")" +
                                type + "\"}}}" + more + "]");
}

std::vector<WarningRow> trigger_rows() {
    static const std::string kGood =
        triggered(R"({"order_id": "$event.data.id", "items": "$event.data.i", "amount": 1})");
    static const std::string kNoAttribute =
        triggered(R"({"order_id": "$event.order_id", "items": "$event.data.i", "amount": 1})");
    static const std::string kNoElement =
        triggered(R"({"order_id": "a {$event[0]?}", "items": "$event.data.i", "amount": 1})");
    static const std::string kExtension =
        triggered(R"({"order_id": "$event.orderid", "items": "$event.data_base64", "amount": 1})");
    static const std::string kLacking =
        triggered(R"({"order_id": "$event.data.id", "amount": "$event.data.amount"})");
    static const std::string kWhole = triggered(R"("$event.data")");
    static const std::string kText = triggered(R"("order {$event.data}")");
    static const std::string kOfWrongType = triggered_extra(R"({"type": "integer"})", "\"7\"");
    static const std::string kOfRightType =
        triggered_extra(R"({"type": ["integer", "null"]})", "7");
    static const std::string kWrongText =
        triggered_extra(R"({"allOf": [{"type": ["boolean", "array"]}]})", R"("{$event.data}")");
    static const std::string kRightText =
        triggered_extra(R"({"allOf": [{"type": "string", "enum": ["a"]}]})", R"("{$event.data}")");
    static const std::string kWrongValue =
        triggered_extra(R"({"$ref": "#/definitions/big"})", "\"m\"");
    static const std::string kRightValue =
        triggered_extra(R"({"$ref": "#/definitions/big"})", "\"$$\"");
    static const std::string kNotConst = triggered_extra(R"({"const": 5})", "6");
    static const std::string kConst = triggered_extra(R"({"const": 5})", "5.0");
    static const std::string kClosed = R"({"type": "object", "additionalProperties": false,
        "properties": {"a": {"required": ["b"]}}})";
    static const std::string kTooMuch = triggered_extra(kClosed, R"({"c": "$event.data"})");
    static const std::string kDeep = triggered_extra(kClosed, R"({"a": {"c": "$event.data"}})");
    static const std::string kNotTooMuch =
        triggered_extra(kClosed, R"({"a": {"b": "$event.data?"}})");
    static const auto without_schema = [](const std::string& member) {
        return R"([{"op": "replace", "path": "/input_schema", "value": {}}, {"op": "add",
                    "path": ")" +
               member + R"(", "value": "of {$input.customer.id}"}])";
    };
    static const std::string kNoLabel =
        triggered(R"({"order_id": 5, "customer": {"name": 1}})", without_schema("/labels/c"));
    static const std::string kLabel =
        triggered(R"({"order_id": 5, "customer": "$event.data.c"})", without_schema("/labels/c"));
    static const std::string kNoLock = triggered(R"({"order_id": 5})", without_schema("/lock"));
    static const std::string kLock =
        triggered(R"({"order_id": 5, "customer": {"id": 7}})", without_schema("/lock"));
    static const std::string kFed = closed_by_trigger("order.placed", "");
    static const std::string kNotFed = closed_by_trigger("order.closed", "");
    static const std::string kFedAtTimes = closed_by_trigger(
        "order.placed", R"(, {"op": "add", "path": "/steps/4/when", "value": "$input.again?"})");
    static const std::string kFedByUndo =
        triggered(R"({"order_id": "$event.id", "items": [], "amount": 1})",
                  R"([{"op": "replace", "path": "/steps/1/compensation", "value":
             {"event": {"topic": "orders", "type": "order.placed", "data": "$action_key"}}}])");
    return {
        {"no-such-attribute /triggers/0/input/order_id", kNoAttribute.c_str(), kGood.c_str()},
        {"no-such-attribute /triggers/0/input/order_id", kNoElement.c_str(), kExtension.c_str()},
        {"trigger-never-starts /triggers/0/input", kLacking.c_str(), kWhole.c_str()},
        {"trigger-never-starts /triggers/0/input/extra", kOfWrongType.c_str(),
         kOfRightType.c_str()},
        {"trigger-never-starts /triggers/0/input/extra", kWrongText.c_str(), kRightText.c_str()},
        {"trigger-never-starts /triggers/0/input/extra", kWrongValue.c_str(), kRightValue.c_str()},
        {"trigger-never-starts /triggers/0/input/extra", kNotConst.c_str(), kConst.c_str()},
        {"trigger-never-starts /triggers/0/input/extra/c", kTooMuch.c_str(), kNotTooMuch.c_str()},
        {"trigger-never-starts /triggers/0/input/extra/a", kDeep.c_str(), kNotTooMuch.c_str()},
        {"trigger-never-starts /triggers/0/input", kText.c_str(), kGood.c_str()},
        {"trigger-never-starts /triggers/0/input", kNoLabel.c_str(), kLabel.c_str()},
        {"trigger-never-starts /triggers/0/input", kNoLock.c_str(), kLock.c_str()},
        {"trigger-feeds-itself /triggers/0", kFed.c_str(), kNotFed.c_str()},
        {"trigger-feeds-itself /triggers/0", kFedByUndo.c_str(), kFedAtTimes.c_str()},
    };
}

std::vector<WarningRow> all_rows() {
    std::vector<WarningRow> all;
    for (const auto& part : {step_rows(), waiting_rows(), event_rows(), for_each_rows(),
                             call_rows(), condition_rows(), trigger_rows()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

std::string code_of(const std::string& line) { return line.substr(0, line.find(' ')); }

TEST(Warnings, NameWhatIsProbablyNotMeant) {
    for (const WarningRow& row : all_rows()) {
        EXPECT_THAT(warnings_after(row.patch), ElementsAre(row.warning)) << row.patch;
        EXPECT_NE(check_definition(order_with(row.patch), std::nullopt).definition, nullptr)
            << row.patch;
    }
}

TEST(Warnings, LetPassWhatIsNearlyTheSameAndRight) {
    EXPECT_THAT(warnings_after("[]"), IsEmpty());
    for (const WarningRow& row : all_rows()) {
        EXPECT_THAT(warnings_after(row.near_miss), IsEmpty()) << row.near_miss;
        EXPECT_NE(check_definition(order_with(row.near_miss), std::nullopt).definition, nullptr)
            << row.near_miss;
    }
}

TEST(Warnings, AreGivenBesideErrors) {
    EXPECT_THAT(warnings_after(R"([{"op": "remove", "path": "/input_schema"},
                                   {"op": "remove", "path": "/steps/0/name"}])"),
                ElementsAre("no-input-schema "));
}

// A definition of a megabyte is checked in a request: no more rules are tried out than are quick.
TEST(Warnings, TryOutALimitedNumberOfRules) {
    Json document = order_document();
    document["steps"][1]["outcome"] = Json::array();
    Json rules = Json::array();
    for (int status = 400; status < 420; ++status) {
        rules.push_back(
            {{"when", "$response.status == " + std::to_string(status)}, {"is", "success"}});
    }
    Json step = document["steps"][4];
    step["outcome"] = rules;
    for (int i = 0; i < 5; ++i) {
        step["name"] = "close-" + std::to_string(i);
        document["steps"].push_back(step);
    }
    // The 101st.
    step["name"] = "last";
    step["outcome"] = {{{"when", "$response.status == true"}, {"is", "success"}}};
    document["steps"].push_back(step);
    EXPECT_THAT(warning_lines(document), ElementsAre("writes-without-undo /steps/2/compensation"));
    document["steps"].erase(document["steps"].size() - 2);
    EXPECT_THAT(warning_lines(document), ElementsAre("writes-without-undo /steps/2/compensation",
                                                     "rule-never-met /steps/9/outcome/0/when"));
}

// ---- The examples of docs/definitions.md ------------------------------------------------------

struct WarningExamples {
    std::vector<Json> wrong, right;
};

/// By code: the blocks of JSON below "<!-- wrong: CODE -->" and "<!-- right: CODE -->".
std::map<std::string, WarningExamples> documented_examples() {
    std::ifstream page(SKALD_SOURCE_DIR "/docs/definitions.md");
    EXPECT_TRUE(page.is_open());
    std::map<std::string, WarningExamples> examples;
    std::vector<Json>* expected = nullptr;
    std::string block;
    bool is_in_block = false;
    for (std::string line; std::getline(page, line);) {
        for (const char* kind : {"wrong", "right"}) {
            const std::string mark = std::string("<!-- ") + kind + ": ";
            const std::size_t at = line.find(mark);
            if (at == std::string::npos) continue;
            const std::size_t from = at + mark.size();
            WarningExamples& found = examples[line.substr(from, line.find(' ', from) - from)];
            expected = kind == std::string("wrong") ? &found.wrong : &found.right;
        }
        if (is_in_block && line == "```") {
            expected->push_back(Json::parse(block));
            expected = nullptr;
            is_in_block = false;
        } else if (is_in_block) {
            block += line + '\n';
        } else if (expected != nullptr && line == "```json") {
            is_in_block = true;
            block.clear();
        }
    }
    return examples;
}

/// As the page says: a step stands for a definition of it, and what is left out is in order.
Json completed(const Json& example, const std::string& code) {
    Json document = example;
    if (example.contains("action")) document = {{"steps", {example}}};
    document["name"] = "example";
    if (code != "no-input-schema" && !document.contains("input_schema")) {
        document["input_schema"] = {{"type", "object"}};
    }
    return document;
}

TEST(WarningExamples, DrawTheirWarningAndNoOther) {
    for (const auto& [code, examples] : documented_examples()) {
        SCOPED_TRACE(code);
        for (const Json& example : examples.wrong) {
            const Checked checked = check_definition(completed(example, code), std::nullopt);
            EXPECT_NE(checked.definition, nullptr) << example;
            ASSERT_EQ(checked.warnings.size(), 1u) << example;
            EXPECT_EQ(checked.warnings[0].code, code) << example;
        }
        for (const Json& example : examples.right) {
            const Json document = completed(example, code);
            EXPECT_NE(check_definition(document, std::nullopt).definition, nullptr) << example;
            EXPECT_THAT(warning_lines(document), IsEmpty()) << example;
        }
    }
}

TEST(WarningExamples, AreThereForEveryWarning) {
    std::set<std::string> codes;
    for (const WarningRow& row : all_rows()) codes.insert(code_of(row.warning));
    std::set<std::string> documented;
    for (const auto& [code, examples] : documented_examples()) {
        EXPECT_FALSE(examples.wrong.empty() || examples.right.empty()) << code;
        documented.insert(code);
    }
    EXPECT_EQ(documented, codes);
    // And each has its rows above.
    std::set<std::string> in_source;
    for (const char* name : {"warnings", "call_warnings", "condition_warnings", "for_each_warnings",
                             "trigger_warnings"}) {
        std::ifstream file(std::string(SKALD_SOURCE_DIR "/sagas/") + name + ".cpp");
        std::stringstream text;
        text << file.rdbuf();
        const std::string source = text.str();
        const std::string mark = "add(";
        for (std::size_t at = 0; (at = source.find(mark, at)) != std::string::npos;) {
            at = source.find_first_not_of(" \n", at + mark.size());
            if (source[at] != '"') continue;
            in_source.insert(source.substr(at + 1, source.find('"', at + 1) - at - 1));
        }
    }
    EXPECT_EQ(in_source, codes);
}

}  // namespace
}  // namespace skald::sagas
