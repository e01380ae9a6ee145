#include "tests/faults/definitions.h"

#include <nlohmann/json.hpp>

#include "tests/crash/story.h"

namespace skald::faults {
namespace {

using Json = nlohmann::json;

/// What is particular to one whose charge is limited to two tries, or to its deadline.
void adapt_tries(const std::string& name, Json& document) {
    const bool is_parked = name == "parked" || name == "forked" || name == "locked";
    Json& charge = document["steps"][1];
    charge["retry"] = {{"maximum_attempts", is_parked || name == "doubtful" ? 2 : 1'000'000}};
    if (is_parked) charge["in_doubt"] = "park";
    if (name == "forked") document["steps"][2]["after"] = Json::array({crash::kSteps[0]});
    if (name == "short") {
        document["deadline"] = "60ms";
        charge["retry"]["initial_interval"] = "30ms";
        charge["retry"]["maximum_interval"] = "30ms";
    }
}

/// What is particular to one that waits for something else than an answer.
void adapt_waits(const std::string& name, Json& document) {
    Json& steps = document["steps"];
    Json& ship = steps[2];
    if (name == "called") steps[1]["action"]["http"]["reply"] = "callback";
    if (name == "locked") document["lock"] = "address {$input.address}";
    if (name == "family") {
        const Json input = {{"story", crash::name(crash::Story::Completed)},
                            {"address", "$input.address"}};
        const Json child = {{"definition", "plain"}, {"input", input}};
        steps[1] = {{"name", crash::kSteps[1]}, {"action", {{"saga", child}}}};
    }
    if (name == "each") {
        ship["for_each"] = "$input.items";
        ship["max_parallel"] = 1;
        ship["action"]["http"]["body"]["story"] = "$item";
        for (const char* call : {"action", "compensation"}) {
            ship[call]["http"]["body"]["index"] = "$index";
        }
    }
    if (name == "paused" || name == "dormant") {
        const Json wait = {{"for", name == "paused" ? "300ms" : "7d"}};
        steps.insert(steps.begin() + 2, Json{{"name", "pause"}, {"action", {{"wait", wait}}}});
    }
}

}  // namespace

std::string definition(const std::string& name, std::size_t version,
                       const std::vector<std::uint16_t>& ports) {
    Json document = Json::parse(crash::definition_json(crash::Story::Completed, ports));
    document["name"] = name;
    document["description"] = "version " + std::to_string(version);
    document["defaults"]["retry"] = {{"initial_interval", "5ms"}, {"maximum_interval", "5ms"}};
    for (Json& step : document["steps"]) step["compensation"].erase("retry");
    document["steps"][2]["action"]["http"]["body"]["address"] = "$input.address";
    adapt_tries(name, document);
    adapt_waits(name, document);
    return document.dump();
}

}  // namespace skald::faults
