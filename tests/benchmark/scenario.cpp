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

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = {
        {"harness", "the tools alone, one call", Kind::Harness, 64},
        {"wait_1", "3 steps, 1 client waits", Kind::Waiting, 1},
        {"wait_16", "3 steps, 16 clients wait", Kind::Waiting, 16},
        {"wait_64", "3 steps, 64 clients wait", Kind::Waiting, 64},
        {"wait_256", "3 steps, 256 clients wait", Kind::Waiting, 256},
        {"refused", "third step refused, 64 wait", Kind::Waiting, 64, "ok", "refuse",
         "compensated"},
        {"fire", "3 steps, 16 clients don't wait", Kind::Firing, 16},
        {"in_flight", "many calls in flight", Kind::InFlight, 16, "slow"},
        {"idle", "idle, on a new file", Kind::Idle},
        {"ready", "start to ready, on a new file", Kind::Ready},
        {"recovery", "kill -9 with many live sagas", Kind::Recovery, 16, "gate"},
    };
    return all;
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
    const Json order = {{"order_id", "$input.order_id"}, {"amount", "$input.amount"}};
    const Json key = {{"action_key", "$action_key"}};
    const Json reserve = {{"name", "reserve"},
                          {"timeout", "60s"},
                          {"action", call(ports.at(0), scenario.first, order)},
                          {"output", {{"id", "$response.body.id"}}},
                          {"compensation", call(ports.at(0), "ok/release", key)}};
    const Json charge = {{"name", "charge"},
                         {"action", call(ports.at(1), "ok", order)},
                         {"output", {{"id", "$response.body.id"}}},
                         {"compensation", call(ports.at(1), "ok/refund", key)}};
    const Json ship = {{"name", "ship"},
                       {"pivot", true},
                       {"action", call(ports.at(2), scenario.third,
                                       {{"order_id", "$input.order_id"},
                                        {"reservation", "$steps.reserve.output.id"}})},
                       {"output", {{"id", "$response.body.id"}}}};
    return Json{{"name", "bench"},
                {"input_schema", {{"type", "object"}, {"required", {"order_id", "amount"}}}},
                {"steps", {reserve, charge, ship}},
                {"output", {{"shipment", "$steps.ship.output.id"}}}}
        .dump();
}

std::string start_json() {
    return Json{{"definition", "bench"},
                {"input", {{"order_id", std::string("o-") + kNumberMark}, {"amount", 4200}}}}
        .dump();
}

}  // namespace skald::benchmark
