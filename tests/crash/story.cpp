#include "tests/crash/story.h"

#include <nlohmann/json.hpp>

namespace skald::crash {
namespace {

using Json = nlohmann::json;

/// Long enough that a slow machine never answers late, since that would be another story.
constexpr const char* kTimeout = "60s";
/// Of the step that is never answered: it has to pass, and twice.
constexpr const char* kSilenceTimeout = "250ms";

Json step(std::size_t position, std::uint16_t port) {
    const std::string origin = "http://127.0.0.1:" + std::to_string(port);
    const Json action = {
        {"method", "POST"}, {"url", origin + "/action"}, {"body", {{"story", "$input.story"}}}};
    const Json compensation = {{"method", "POST"},
                               {"url", origin + "/compensation"},
                               {"body", {{"action_key", "$action_key"}}}};
    return {{"name", kSteps[position]},
            {"action", {{"http", action}}},
            {"compensation",
             {{"http", compensation},
              {"timeout", kTimeout},
              {"retry", {{"initial_interval", "20ms"}}}}}};
}

}  // namespace

bool is_put_off(Story story) {
    return story == Story::Later || story == Story::Early || story == Story::Declined;
}

std::string_view name(Story story) {
    switch (story) {
        case Story::Completed:
            return "completed";
        case Story::Refused:
            return "refused";
        case Story::Silent:
            return "silent";
        case Story::Broken:
            return "broken";
        case Story::Parked:
            return "parked";
        case Story::Held:
            return "held";
        case Story::Later:
            return "later";
        case Story::Early:
            return "early";
        case Story::Declined:
            return "declined";
    }
    return {};
}

Story story_named(std::string_view wanted) {
    for (const Story story : {Story::Refused, Story::Silent, Story::Broken, Story::Parked,
                              Story::Held, Story::Later, Story::Early, Story::Declined}) {
        if (name(story) == wanted) {
            return story;
        }
    }
    return Story::Completed;
}

std::uint64_t calls_min(Story story) {
    switch (story) {
        case Story::Completed:
        case Story::Later:
        case Story::Early:
            return 3;
        case Story::Refused:
            return 5;
        case Story::Silent:
        case Story::Broken:
        case Story::Parked:
            return 4;
        case Story::Held:
            return 2;
        case Story::Declined:
            return 3;
    }
    return 0;
}

std::string_view end_status(Story story) {
    const bool is_completed =
        story == Story::Completed || story == Story::Later || story == Story::Early;
    return is_completed ? "completed" : "compensated";
}

std::string definition_json(Story story, const std::vector<std::uint16_t>& ports) {
    Json steps = Json::array();
    for (std::size_t position = 0; position < kSteps.size(); ++position) {
        steps.push_back(step(position, ports.at(position)));
    }
    if (story == Story::Silent || story == Story::Broken) {
        steps[1]["timeout"] = kSilenceTimeout;
        steps[1]["retry"] = {{"maximum_attempts", 2}, {"initial_interval", "20ms"}};
    }
    if (is_put_off(story)) steps[1]["action"]["http"]["reply"] = "callback";
    return Json{{"name", "crash"},
                {"input_schema", {{"type", "object"}, {"required", {"story"}}}},
                {"defaults", {{"timeout", kTimeout}, {"retry", {{"initial_interval", "20ms"}}}}},
                {"steps", steps}}
        .dump();
}

}  // namespace skald::crash
