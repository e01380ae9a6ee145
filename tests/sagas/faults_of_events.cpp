#include "sagas/json.h"
#include "tests/sagas/definition_faults.h"

namespace skald::sagas {
namespace {

const std::string kAction = "/steps/4/action";
const std::string kPublished = kAction + "/event";
const std::string kReply = kPublished + "/reply";
const std::string kAwaited = kAction + "/wait/event";

using Members = std::vector<std::pair<std::string, std::string>>;

/// `close`, the step after the pivot, which nobody reads, publishes an event; with these members
/// more, or others, by their pointers.
std::string closed_by(Json action, const Members& members) {
    Json patch = Json::array();
    patch.push_back({{"op", "add"}, {"path", kAction}, {"value", std::move(action)}});
    for (const auto& [path, value] : members) {
        patch.push_back(Json::parse(adding(path, value)).front());
    }
    return patch.dump();
}

std::string alone_with(const std::string& path, const std::string& value) {
    return closed_by(Json::parse(R"({"event": {"topic": "orders", "type": "order.closed"}})"),
                     {{path, value}});
}

Json answered() {
    return Json::parse(R"({"event": {"topic": "orders", "type": "order.close", "reply":
        {"topic": "orders", "success": {"type": "order.closed"},
         "failure": {"type": "order.open"},
         "match": {"event": "$event.data.id", "saga": "$input.order_id"}}}})");
}

std::string answered_with(const std::string& path, const std::string& value) {
    return closed_by(answered(), {{path, value}});
}

/// The event of a reply, or of a wait, without one of its members.
std::string answered_without(const std::string& member) {
    Json action = answered();
    action["event"]["reply"].erase(member);
    return closed_by(action, {});
}

std::string wait_with(const std::string& path, const std::string& value) {
    Json event = answered()["event"]["reply"];
    event["timeout"] = "1d";
    return closed_by({{"wait", {{"event", event}}}}, {{path, value}});
}

/// The first step undone by an event.
std::string undone_by(const std::string& event, const std::string& member = "") {
    return adding("/steps/0/compensation", R"({"event": )" + event + member + "}");
}

std::vector<Fault> call_by_event_faults() {
    std::vector<Fault> faults{
        {"wrong-type", kPublished, closed_by({{"event", "order.closed"}}, {})},
        {"missing-field", kPublished, closed_by({{"event", {{"type", "order.closed"}}}}, {})},
        {"missing-field", kPublished, closed_by({{"event", {{"topic", "orders"}}}}, {})},
        {"unknown-field", kPublished + "/sbject", alone_with(kPublished + "/sbject", "\"x\"")},
        {"one-action", kAction, alone_with(kAction + "/wait", R"({"for": "1s"})")},
        {"wrong-type", kPublished + "/topic", alone_with(kPublished + "/topic", "5")},
        {"wrong-type", kPublished + "/type", alone_with(kPublished + "/type", "[\"a\"]")},
        {"wrong-type", kPublished + "/subject", alone_with(kPublished + "/subject", "5")},
        {"too-long", kPublished + "/type",
         alone_with(kPublished + "/type", '"' + std::string(256, 'x') + '"')},
        {"bad-expression", kPublished + "/subject",
         alone_with(kPublished + "/subject", "\"{$inptu.a}\"")},
        {"bad-expression", kPublished + "/data/a",
         alone_with(kPublished + "/data", R"({"a": "$inptu.a"})")},
        {"root-not-here", kPublished + "/data",
         alone_with(kPublished + "/data", "\"$response.body\"")},
        {"root-not-here", kPublished + "/data",
         alone_with(kPublished + "/data", "\"$event.data\"")},
        {"root-not-here", kPublished + "/data", alone_with(kPublished + "/data", "\"$item\"")},
        {"secret-shown", kPublished + "/data", alone_with(kPublished + "/data", "\"$secrets.A\"")},
        {"secret-shown", kPublished + "/subject",
         alone_with(kPublished + "/subject", "\"{$secrets.A}\"")},
        {"secret-shown", "/steps/0/compensation/event/data",
         undone_by(R"({"topic": "orders", "type": "undo", "data": "$secrets.A"})")},
        {"missing-compensation", "/steps/0",
         R"([{"op": "remove", "path": "/steps/0/compensation"},
             {"op": "remove", "path": "/steps/0/output"},
             {"op": "remove", "path": "/steps/3/action/http/body/reservation"},
             {"op": "add", "path": "/steps/0/action", "value":
               {"event": {"topic": "stock", "type": "reserve"}}}])"},
        {"may-be-null", "/output/at",
         closed_by(Json::parse(R"({"event": {"topic": "orders", "type": "closed"}})"),
                   {{"/output/at", "\"$steps.close.output.at\""}})},
    };
    for (const char* topic : {"", "Orders", "1orders", "or ders", "skald.sagas", "skald."}) {
        faults.push_back({"bad-name", kPublished + "/topic",
                          alone_with(kPublished + "/topic", Json(topic).dump())});
    }
    faults.push_back({"bad-name", kPublished + "/topic",
                      alone_with(kPublished + "/topic", '"' + std::string(128, 'a') + '"')});
    for (const char* type : {"", "$input.kind", "order {$input.kind}", "a\nb"}) {
        faults.push_back({"bad-value", kPublished + "/type",
                          alone_with(kPublished + "/type", Json(type).dump())});
    }
    return faults;
}

std::vector<Fault> reply_faults() {
    return {
        {"wrong-type", kReply, answered_with(kReply, "\"callback\"")},
        {"missing-field", kReply, answered_without("topic")},
        {"missing-field", kReply, answered_without("success")},
        {"unknown-field", kReply + "/sucess", answered_with(kReply + "/sucess", "1")},
        {"bad-name", kReply + "/topic", answered_with(kReply + "/topic", "\"skald.sagas\"")},
        {"wrong-type", kReply + "/success", answered_with(kReply + "/success", "\"a\"")},
        {"missing-field", kReply + "/success", answered_with(kReply + "/success", "{}")},
        {"unknown-field", kReply + "/failure/is",
         answered_with(kReply + "/failure", R"({"type": "a", "is": "b"})")},
        {"wrong-type", kReply + "/success/type", answered_with(kReply + "/success/type", "5")},
        {"wrong-type", kReply + "/success/type/1",
         answered_with(kReply + "/success/type", R"(["a", 5])")},
        {"bad-value", kReply + "/success/type", answered_with(kReply + "/success/type", "[]")},
        {"bad-value", kReply + "/success/type",
         answered_with(kReply + "/success/type", "\"$input.a\"")},
        {"bad-value", kReply + "/failure/type/0",
         answered_with(kReply + "/failure/type", R"([""])")},
        {"too-many", kReply + "/success/type",
         answered_with(kReply + "/success/type",
                       R"(["a", "b", "c", "d", "e", "f", "g", "h", "i"])")},
        {"duplicate-type", kReply + "/success/type/1",
         answered_with(kReply + "/success/type", R"(["a", "a"])")},
        {"duplicate-type", kReply + "/failure/type",
         answered_with(kReply + "/failure/type", "\"order.closed\"")},
        {"duplicate-type", kReply,
         answered_with(kReply + "/failure/type", R"(["order.open", "order.close"])")},
        {"bad-duration", kReply + "/timeout", answered_with(kReply + "/timeout", "\"soon\"")},
        {"out-of-range", kReply + "/timeout", answered_with(kReply + "/timeout", "\"0ms\"")},
        {"out-of-range", kReply + "/timeout", answered_with(kReply + "/timeout", "\"366d\"")},
    };
}

std::vector<Fault> match_faults() {
    const std::string match = kReply + "/match";
    std::vector<Fault> faults{
        {"wrong-type", match, answered_with(match, "\"$event.data.id\"")},
        {"missing-field", match, answered_with(match, R"({"event": "$event.data.id"})")},
        {"missing-field", match, answered_with(match, R"({"saga": 1})")},
        {"unknown-field", match + "/is",
         answered_with(match, R"({"event": "$event.data.id", "saga": 1, "is": 2})")},
        {"wrong-type", match + "/event", answered_with(match + "/event", "5")},
        {"wrong-type", match + "/saga", answered_with(match + "/saga", R"({"id": 1})")},
        {"wrong-type", match + "/saga", answered_with(match + "/saga", "null")},
        {"root-not-here", match + "/event", answered_with(match + "/event", "\"$input.id\"")},
        {"root-not-here", match + "/saga", answered_with(match + "/saga", "\"$event.id\"")},
        {"secret-shown", match + "/saga", answered_with(match + "/saga", "\"$secrets.A\"")},
        {"bad-expression", match + "/saga", answered_with(match + "/saga", "\"$inptu.a\"")},
    };
    for (const char* path :
         {"data.id", "$event", "$event.data.", "$evnt.data", "{$event.data}", "$$event.data"}) {
        faults.push_back({"bad-expression", match + "/event",
                          answered_with(match + "/event", Json(path).dump())});
    }
    return faults;
}

std::vector<Fault> wait_for_event_faults() {
    Json without = Json::parse(wait_with(kAwaited + "/timeout", "\"1d\""));
    without.push_back({{"op", "remove"}, {"path", kAwaited + "/timeout"}});
    return {
        {"wrong-type", kAwaited, closed_by({{"wait", {{"event", "approved"}}}}, {})},
        {"missing-field", kAwaited, without.dump()},
        {"one-wait", kAction + "/wait", wait_with(kAction + "/wait/for", "\"1d\"")},
        {"out-of-range", kAwaited + "/timeout", wait_with(kAwaited + "/timeout", "\"400d\"")},
        {"root-not-here", kAwaited + "/match/saga",
         wait_with(kAwaited + "/match/saga", "\"$key\"")},
        {"root-not-here", "/steps/4/output",
         wait_with("/steps/4/output", "\"$response.headers.date\"")},
        {"not-for-wait", "/steps/4/compensation", wait_with("/steps/4/compensation", "\"none\"")},
        {"not-for-wait", "/steps/4/retry", wait_with("/steps/4/retry", "{}")},
        {"not-for-wait", "/steps/4/timeout", wait_with("/steps/4/timeout", "\"1s\"")},
        {"not-for-wait", "/steps/4/in_doubt", wait_with("/steps/4/in_doubt", "\"park\"")},
        {"not-for-wait", "/steps/4/for_each", wait_with("/steps/4/for_each", "\"$input.items\"")},
    };
}

std::vector<Fault> field_faults() {
    std::vector<Fault> faults{
        {"root-not-here", "/steps/4/output",
         answered_with("/steps/4/output", "\"$response.status\"")},
        {"root-not-here", "/steps/4/output",
         answered_with("/steps/4/output", "\"$response.headers.date\"")},
        {"no-for-each", "/steps/4/max_parallel", answered_with("/steps/4/max_parallel", "2")},
        {"sensitive-shown", kPublished + "/subject",
         closed_by(answered(), {{"/sensitive", R"(["/input/mail"])"},
                                {kPublished + "/subject", "\"to {$input.mail}\""}})},
    };
    for (const auto& [field, value] :
         Members{{"timeout", "\"1s\""}, {"callback_timeout", "\"1m\""}, {"outcome", "[]"}}) {
        const std::string path = "/steps/4/" + field;
        faults.push_back({"not-for-event", path, answered_with(path, value)});
        if (field == "outcome") continue;
        faults.push_back({"not-for-event", "/steps/0/compensation/" + field,
                          undone_by(answered()["event"].dump(), ", \"" + field + "\": " + value)});
    }
    for (const auto& [field, value] :
         Members{{"output", "1"}, {"retry", "{}"}, {"in_doubt", "\"compensate\""}}) {
        const std::string path = "/steps/4/" + field;
        faults.push_back({"not-for-event", path, alone_with(path, value)});
    }
    faults.push_back({"not-for-event", "/steps/0/compensation/retry",
                      undone_by(R"({"topic": "orders", "type": "undo"})", R"(, "retry": {})")});
    return faults;
}

}  // namespace

std::vector<Fault> event_faults() {
    std::vector<Fault> all;
    for (const auto& part : {call_by_event_faults(), reply_faults(), match_faults(),
                             wait_for_event_faults(), field_faults()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

}  // namespace skald::sagas
