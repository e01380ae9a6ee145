#include "tests/benchmark/scenario.h"

#include <nlohmann/json.hpp>

#include "tests/benchmark/closed_loop.h"

namespace skald::benchmark {
namespace {

using Json = nlohmann::json;

Json call(std::uint16_t port, std::string_view path, const Json& body) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + '/' + std::string(path);
    return {{"http", {{"method", "POST"}, {"url", url}, {"body", body}}}};
}

Json order() { return {{"order_id", "$input.order_id"}, {"amount", "$input.amount"}}; }
Json key() { return {{"action_key", "$action_key"}}; }
Json id() { return {{"id", "$response.body.id"}}; }

Json line_steps(const Scenario& scenario, const std::vector<std::uint16_t>& ports) {
    const Json reserve = {{"name", "reserve"},
                          {"timeout", "60s"},
                          {"action", call(ports.at(0), scenario.first, order())},
                          {"output", id()},
                          {"compensation", call(ports.at(0), "ok/release", key())}};
    const Json charge = {{"name", "charge"},
                         {"action", call(ports.at(1), "ok", order())},
                         {"output", id()},
                         {"compensation", call(ports.at(1), "ok/refund", key())}};
    const Json ship = {{"name", "ship"},
                       {"pivot", true},
                       {"action", call(ports.at(2), scenario.third,
                                       {{"order_id", "$input.order_id"},
                                        {"reservation", "$steps.reserve.output.id"}})},
                       {"output", id()}};
    return {reserve, charge, ship};
}

/// check, then reserve, charge and notify at once, then pack and label, then load, then ship.
Json graph_steps(const std::vector<std::uint16_t>& ports) {
    const auto step = [&ports](const char* name, const Json& after, std::size_t port) {
        return Json{{"name", name},
                    {"after", after},
                    {"action", call(ports.at(port), "ok", order())},
                    {"output", id()},
                    {"compensation", call(ports.at(port), "ok/undo", key())}};
    };
    Json ship = step("ship", Json::array({"load"}), 1);
    ship.erase("compensation");
    ship["pivot"] = true;
    return {step("check", Json::array(), 0),
            step("reserve", Json::array({"check"}), 0),
            step("charge", Json::array({"check"}), 1),
            step("notify", Json::array({"check"}), 2),
            step("pack", Json::array({"reserve", "charge"}), 0),
            step("label", Json::array({"charge", "notify"}), 1),
            step("load", Json::array({"pack", "label"}), 2),
            ship};
}

/// The three steps of a line, by event: who does them, event_services.h says.
Json event_steps() {
    const auto step = [](const std::string& name, const std::string& undoing) {
        const std::string topic = "bench." + name;
        const Json reply = {{"topic", "bench.replies"},
                            {"success", {{"type", "done"}}},
                            {"failure", {{"type", "refused"}}},
                            {"timeout", "60s"}};
        const Json action = {{"topic", topic},
                             {"type", name},
                             {"subject", "$input.order_id"},
                             {"data", order()},
                             {"reply", reply}};
        Json made = {{"name", name}, {"action", {{"event", action}}}, {"output", id()}};
        if (!undoing.empty()) {
            const Json compensation = {{"topic", topic}, {"type", undoing}, {"data", order()}};
            made["compensation"] = {{"event", compensation}};
        }
        return made;
    };
    Json ship = step("ship", "");
    ship["pivot"] = true;
    return {step("reserve", "release"), step("charge", "refund"), ship};
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> kAll = {
        {"harness", "the tools alone, one call", Kind::Harness, 64},
        {"wait_1", "3 steps, 1 client waits", Kind::Waiting, 1},
        {"null_1", "null coordinator, 1 waits", Kind::Null, 1},
        {"wait_16", "3 steps, 16 clients wait", Kind::Waiting, 16},
        {"null_16", "null coordinator, 16 wait", Kind::Null, 16},
        {"wait_64", "3 steps, 64 clients wait", Kind::Waiting, 64},
        {"null_64", "null coordinator, 64 wait", Kind::Null, 64},
        {"wait_256", "3 steps, 256 clients wait", Kind::Waiting, 256},
        {"null_256", "null coordinator, 256 wait", Kind::Null, 256},
        {"refused", "third step refused, 64 wait", Kind::Waiting, 64, "ok", "refuse",
         "compensated"},
        {"dag_8", "graph of 8 steps, 64 wait", Kind::Waiting, 64, "ok", "ok", "completed",
         Shape::Graph},
        {"fire", "3 steps, 16 clients don't wait", Kind::Firing, 16},
        {"fire_batch", "batches of 100, 4 don't wait", Kind::Firing, 4, "ok", "ok", "completed",
         Shape::Line, File::New, 100},
        {"event_sagas", "3 steps by event, 64 wait", Kind::Waiting, 64, "ok", "ok", "completed",
         Shape::Events},
        {"event_sagas_256", "3 steps by event, 256 wait", Kind::Waiting, 256, "ok", "ok",
         "completed", Shape::Events},
        {"publish", "single events, 64 publish", Kind::Publishing, 64},
        {"publish_batch", "batches of 100 events, 4", Kind::Publishing, 4, "", "", "", Shape::Line,
         File::New, 100},
        {"events_push_pull", "5,000 events/s, push and pull", Kind::Delivering, 8, "", "", "",
         Shape::Line, File::New, 100, 5'000},
        {"events_most", "most events, push and pull", Kind::Delivering, 4, "", "", "", Shape::Line,
         File::New, 100},
        {"search", "lists of many finished sagas", Kind::Search, 1, "ok", "ok", "completed",
         Shape::Line, File::Filled},
        {"grown", "3 steps, 64 wait, a full file", Kind::Waiting, 64, "ok", "ok", "completed",
         Shape::Line, File::Filled},
        {"in_flight", "many calls in flight", Kind::InFlight, 16, "slow"},
        {"idle", "idle, on a new file", Kind::Idle},
        {"ready", "start to ready, on a new file", Kind::Ready},
        {"parked", "parked sagas, and timers", Kind::Parked},
        {"recovery", "kill -9 with many live sagas", Kind::Recovery, 16, "gate"},
    };
    return kAll;
}

const Scenario* find_scenario(std::string_view name) {
    for (const Scenario& scenario : scenarios()) {
        if (scenario.name == name) {
            return &scenario;
        }
    }
    return nullptr;
}

std::string definition_json(const Scenario& scenario, const std::vector<std::uint16_t>& ports) {
    Json definition = {
        {"name", "bench"},
        {"input_schema", {{"type", "object"}, {"required", {"order_id", "amount"}}}}};
    switch (scenario.shape) {
        case Shape::Line:
            definition["steps"] = line_steps(scenario, ports);
            break;
        case Shape::Graph:
            definition["steps"] = graph_steps(ports);
            break;
        case Shape::Events:
            definition["steps"] = event_steps();
            break;
    }
    definition["output"] = {{"shipment", "$steps.ship.output.id"}};
    return definition.dump();
}

std::string start_json(std::size_t batch) {
    const Json start = {
        {"definition", "bench"},
        {"input", {{"order_id", std::string("o-") + kNumberMark}, {"amount", 4200}}}};
    if (batch == 1) {
        return start.dump();
    }
    return Json{{"items", Json(batch, start)}}.dump();
}

std::string event_json(std::size_t batch) {
    const Json event = {{"specversion", "1.0"}, {"id", kNumberMark},
                        {"source", "/bench"},   {"type", "order.placed"},
                        {"subject", "o-1"},     {"data", {{"order_id", "o-1"}, {"amount", 4200}}}};
    return batch == 1 ? event.dump() : Json(batch, event).dump();
}

}  // namespace skald::benchmark
