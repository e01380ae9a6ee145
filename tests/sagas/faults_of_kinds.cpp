#include "sagas/json.h"
#include "tests/sagas/definition_faults.h"

namespace skald::sagas {
namespace {

/// `close`, the step after the pivot, which nobody reads, with this action.
std::string close_by(const std::string& action) { return adding("/steps/4/action", action); }

/// The same with one more field, of the step or of the definition.
std::string close_by(const std::string& action, const std::string& path, const std::string& value) {
    Json patch = Json::parse(close_by(action));
    patch.push_back(Json::parse(adding(path, value)).front());
    return patch.dump();
}

constexpr const char* kWait = R"({"wait": {"for": "1m"}})";
constexpr const char* kSaga = R"({"saga": {"definition": "payment"}})";
constexpr const char* kCalledBack =
    R"({"http": {"method": "POST", "url": "http://h/", "reply": "callback"}})";

std::vector<Fault> wait_faults() {
    std::vector<Fault> faults{
        {"missing-field", "/steps/4/action/wait", close_by(R"({"wait": {}})")},
        {"one-wait", "/steps/4/action/wait",
         close_by(R"({"wait": {"for": "1m", "until": "$input.at"}})")},
        {"unknown-field", "/steps/4/action/wait/fro",
         close_by(R"({"wait": {"for": "1m", "fro": 1}})")},
        {"wrong-type", "/steps/4/action/wait", close_by(R"({"wait": "1m"})")},
        {"out-of-range", "/steps/4/action/wait/for", close_by(R"({"wait": {"for": "0s"}})")},
        {"bad-duration", "/steps/4/action/wait/for", close_by(R"({"wait": {"for": "soon"}})")},
        {"wrong-type", "/steps/4/action/wait/until", close_by(R"({"wait": {"until": 5}})")},
        {"bad-time", "/steps/4/action/wait/until", close_by(R"({"wait": {"until": "soon"}})")},
        {"bad-time", "/steps/4/action/wait/until", close_by(R"({"wait": {"until": ""}})")},
        {"bad-expression", "/steps/4/action/wait/until",
         close_by(R"({"wait": {"until": "$inptu.at"}})")},
        {"root-not-here", "/steps/4/action/wait/until",
         close_by(R"({"wait": {"until": "$response.body"}})")},
        {"secret-shown", "/steps/4/action/wait/until",
         close_by(R"({"wait": {"until": "$secrets.A"}})")},
        {"one-action", "/steps/4/action",
         close_by(R"({"wait": {"for": "1m"}, "http": {"method": "GET", "url": "http://h/"}})")},
        {"may-be-null", "/output/at", close_by(kWait, "/output/at", "\"$steps.close.output.at\"")},
    };
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, std::string>>{{"compensation", "\"none\""},
                                                          {"output", "1"},
                                                          {"timeout", "\"1s\""},
                                                          {"retry", "{}"},
                                                          {"outcome", "[]"},
                                                          {"in_doubt", "\"park\""},
                                                          {"for_each", "\"$input.items\""},
                                                          {"max_parallel", "2"},
                                                          {"callback_timeout", "\"1m\""}}) {
        faults.push_back(
            {"not-for-wait", "/steps/4/" + field, close_by(kWait, "/steps/4/" + field, value)});
    }
    return faults;
}

std::vector<Fault> child_faults() {
    std::vector<Fault> faults{
        {"missing-field", "/steps/4/action/saga", close_by(R"({"saga": {"input": {}}})")},
        {"unknown-field", "/steps/4/action/saga/version",
         close_by(R"({"saga": {"definition": "payment", "version": 1}})")},
        {"wrong-type", "/steps/4/action/saga", close_by(R"({"saga": "payment"})")},
        {"wrong-type", "/steps/4/action/saga/definition",
         close_by(R"({"saga": {"definition": 5}})")},
        {"bad-name", "/steps/4/action/saga/definition",
         close_by(R"({"saga": {"definition": "{$input.kind}"}})")},
        {"root-not-here", "/steps/4/action/saga/input/a",
         close_by(R"({"saga": {"definition": "payment", "input": {"a": "$response.body"}}})")},
        {"secret-shown", "/steps/4/action/saga/input/a",
         close_by(R"({"saga": {"definition": "payment", "input": {"a": "$secrets.A"}}})")},
        {"secret-shown", "/steps/0/compensation/saga/input",
         adding("/steps/0/compensation",
                R"({"saga": {"definition": "undo", "input": "{$secrets.A}"}})")},
        {"root-not-here", "/steps/4/output",
         close_by(kSaga, "/steps/4/output", "\"$response.headers.date\"")},
    };
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, std::string>>{{"timeout", "\"1s\""},
                                                          {"retry", "{}"},
                                                          {"outcome", "[]"},
                                                          {"callback_timeout", "\"1m\""}}) {
        faults.push_back(
            {"not-for-saga", "/steps/4/" + field, close_by(kSaga, "/steps/4/" + field, value)});
        if (field == "outcome") continue;
        Json undo = Json::parse(kSaga);
        undo[field] = Json::parse(value);
        faults.push_back({"not-for-saga", "/steps/0/compensation/" + field,
                          adding("/steps/0/compensation", undo.dump())});
    }
    return faults;
}

std::vector<Fault> for_each_faults() {
    const std::string put = R"({"http": {"method": "PUT", "url": "http://h/{$index}"}})";
    const auto of_items = [&put](const std::string& path, const std::string& value) {
        Json patch = Json::parse(close_by(put, "/steps/4/for_each", "\"$input.items\""));
        patch.push_back(Json::parse(adding(path, value)).front());
        return patch.dump();
    };
    return {
        {"wrong-type", "/steps/4/for_each", adding("/steps/4/for_each", "[1, 2]")},
        {"bad-expression", "/steps/4/for_each", adding("/steps/4/for_each", "\"items\"")},
        {"bad-expression", "/steps/4/for_each", adding("/steps/4/for_each", "\"{$input.items}\"")},
        {"bad-expression", "/steps/4/for_each", adding("/steps/4/for_each", "\"$inptu.items\"")},
        {"root-not-here", "/steps/4/for_each", adding("/steps/4/for_each", "\"$item.items\"")},
        {"secret-shown", "/steps/4/for_each", adding("/steps/4/for_each", "\"$secrets.A\"")},
        {"not-settled", "/steps/1/for_each",
         adding("/steps/1/for_each", "\"$steps.notify.output\"")},
        {"no-for-each", "/steps/4/max_parallel", adding("/steps/4/max_parallel", "2")},
        {"wrong-type", "/steps/4/max_parallel", of_items("/steps/4/max_parallel", "\"2\"")},
        {"out-of-range", "/steps/4/max_parallel", of_items("/steps/4/max_parallel", "0")},
        {"out-of-range", "/steps/4/max_parallel", of_items("/steps/4/max_parallel", "101")},
        {"for-each-pivot", "/steps/3/for_each",
         R"([{"op": "add", "path": "/steps/3/for_each", "value": "$input.items"},
             {"op": "remove", "path": "/output/shipment"}])"},
        {"list-output", "/steps/3/action/http/body/reservation",
         adding("/steps/0/for_each", "\"$input.items\"")},
        {"list-output", "/output/n", of_items("/output/n", "\"$steps.close.output.n?\"")},
        {"root-not-here", "/steps/4/when", of_items("/steps/4/when", "\"$item > 1\"")},
        {"root-not-here", "/output/n", of_items("/output/n", "\"$index\"")},
        {"root-not-here", "/defaults/headers/X", adding("/defaults/headers/X", "\"{$index}\"")},
        {"root-not-here", "/steps/0/action/http/body",
         adding("/steps/0/action/http/body", "\"$item.x\"")},
        {"root-not-here", "/steps/0/output/n", adding("/steps/0/output/n", "\"$index\"")},
    };
}

std::vector<Fault> callback_faults() {
    return {
        {"wrong-type", "/steps/0/action/http/reply", adding("/steps/0/action/http/reply", "true")},
        {"no-callback", "/steps/0/callback_timeout", adding("/steps/0/callback_timeout", "\"1h\"")},
        {"no-callback", "/steps/0/compensation/callback_timeout",
         adding("/steps/0/compensation/callback_timeout", "\"1h\"")},
        {"out-of-range", "/steps/4/callback_timeout",
         close_by(kCalledBack, "/steps/4/callback_timeout", "\"999ms\"")},
        {"out-of-range", "/steps/4/callback_timeout",
         close_by(kCalledBack, "/steps/4/callback_timeout", "\"31d\"")},
    };
}

std::vector<Fault> lock_faults() {
    return {
        {"wrong-type", "/lock", adding("/lock", "5")},
        {"bad-value", "/lock", adding("/lock", "\"\"")},
        {"bad-expression", "/lock", adding("/lock", "\"{$input.a\"")},
        {"root-not-here", "/lock", adding("/lock", "\"$saga.id\"")},
        {"secret-shown", "/lock", adding("/lock", "\"$secrets.A\"")},
        {"sensitive-shown", "/lock",
         R"([{"op": "add", "path": "/sensitive", "value": ["/input/mail"]},
             {"op": "add", "path": "/lock", "value": "to {$input.mail}"}])"},
    };
}

}  // namespace

std::vector<Fault> kind_faults() {
    std::vector<Fault> all;
    for (const auto& part :
         {wait_faults(), child_faults(), for_each_faults(), callback_faults(), lock_faults()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

}  // namespace skald::sagas
