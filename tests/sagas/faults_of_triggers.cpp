#include "sagas/json.h"
#include "tests/sagas/definition_faults.h"

namespace skald::sagas {
namespace {

const std::string kTrigger = "/triggers/0";

Json triggers() {
    return Json::parse(R"([
        {"topic": "orders", "type": "order.placed", "input":
          {"order_id": "$event.data.id", "items": "$event.data.items", "amount": 5}},
        {"topic": "orders", "type": "order.repeated", "input": "$event.data"}])");
}

/// The order with two triggers, and a member of theirs more, or another one.
std::string triggered_with(const std::string& path, const std::string& value) {
    Json patch = Json::parse(adding("/triggers", triggers().dump()));
    patch.push_back(Json::parse(adding(path, value)).front());
    return patch.dump();
}

std::string triggered_without(const std::string& member) {
    Json all = triggers();
    all[0].erase(member);
    return adding("/triggers", all.dump());
}

std::string seventeen() {
    Json all = Json::array();
    for (int i = 0; i < 17; ++i) {
        all.push_back(
            {{"topic", "orders"}, {"type", "type-" + std::to_string(i)}, {"input", "$event.data"}});
    }
    return all.dump();
}

}  // namespace

std::vector<Fault> trigger_faults() {
    std::vector<Fault> faults{
        {"wrong-type", "/triggers", adding("/triggers", triggers()[0].dump())},
        {"wrong-type", "/triggers/1", adding("/triggers", R"([)" + triggers()[0].dump() + ", 5]")},
        {"too-many", "/triggers", adding("/triggers", seventeen())},
        {"missing-field", kTrigger, triggered_without("topic")},
        {"missing-field", kTrigger, triggered_without("type")},
        {"missing-field", kTrigger, triggered_without("input")},
        {"unknown-field", kTrigger + "/filter", triggered_with(kTrigger + "/filter", "{}")},
        {"unknown-field", kTrigger + "/inputs", triggered_with(kTrigger + "/inputs", "{}")},
        {"wrong-type", kTrigger + "/topic", triggered_with(kTrigger + "/topic", "5")},
        {"wrong-type", kTrigger + "/type",
         triggered_with(kTrigger + "/type", R"(["order.placed"])")},
        {"too-long", kTrigger + "/type",
         triggered_with(kTrigger + "/type", '"' + std::string(256, 'x') + '"')},
        {"duplicate-trigger", "/triggers/1",
         triggered_with("/triggers/1/type", "\"order.placed\"")},
        {"duplicate-trigger", "/triggers/2", triggered_with("/triggers/2", triggers()[0].dump())},
        {"secret-shown", kTrigger + "/input/a",
         triggered_with(kTrigger + "/input/a", "\"{$secrets.A}\"")},
    };
    for (const char* topic : {"", "Orders", "or ders", "skald.sagas", "skald.x"}) {
        faults.push_back({"bad-name", kTrigger + "/topic",
                          triggered_with(kTrigger + "/topic", Json(topic).dump())});
    }
    for (const char* type : {"", "$event.type", "order.{$event.kind}", "a\tb"}) {
        faults.push_back({"bad-value", kTrigger + "/type",
                          triggered_with(kTrigger + "/type", Json(type).dump())});
    }
    for (const char* root :
         {"$input.id", "$steps.reserve.output", "$saga.id", "$key", "$response.body", "$item"}) {
        faults.push_back({"root-not-here", kTrigger + "/input/items",
                          triggered_with(kTrigger + "/input/items", Json(root).dump())});
    }
    for (const char* text : {"$evnt.data", "$order.id", "{$event.data", "$event.", "$"}) {
        faults.push_back({"bad-expression", kTrigger + "/input/items",
                          triggered_with(kTrigger + "/input/items", Json(text).dump())});
    }
    return faults;
}

}  // namespace skald::sagas
