#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/handlers.h"
#include "api/logging.h"
#include "api/rehearsal_view.h"
#include "api/request_body.h"
#include "api/simulation_turn.h"
#include "engine/clock.h"

namespace skald::api {
namespace {

using rehearsal::Depth;

/// What a simulation may take. It runs on a thread of its connection's.
constexpr auto kSimulationTime = std::chrono::seconds{10};
constexpr std::size_t kSchedulesMax = 20'000;
/// Whether the time is over is asked after so many runs.
constexpr std::size_t kLookEvery = 16;
constexpr std::size_t kStepsMax = 50;

struct Asked {
    rehearsal::Script script;
    Depth depth = Depth::Pairs;
};

Depth read_depth(ObjectReader& reader) {
    const auto depth = reader.text("depth", Presence::Optional);
    if (depth && *depth != "singles" && *depth != "pairs") {
        reader.note("bad-value", "/depth", "must be \"singles\" or \"pairs\"", "");
    }
    return depth == "singles" ? Depth::Singles : Depth::Pairs;
}

std::vector<std::string> read_reads(ObjectReader& reader) {
    std::vector<std::string> reads;
    const sagas::Json* member = reader.member("reads", Presence::Optional);
    if (member == nullptr) return reads;
    if (member->is_array()) {
        for (const sagas::Json& each : *member) {
            if (each.is_string()) reads.push_back(each.get<std::string>());
        }
    }
    if (!member->is_array() || reads.size() != member->size()) {
        reader.note("wrong-type", "/reads", "must be an array of names of steps", "");
    }
    return reads;
}

Problem invalid_definition(std::vector<sagas::Problem> errors) {
    const std::size_t count = errors.size();
    return {ProblemType::InvalidDefinition,
            "The definition has " + std::to_string(count) + (count == 1 ? " fault." : " faults."),
            std::move(errors), nullptr};
}

Parsed<Asked> read_asked(const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"definition", "input", "replies", "reads", "depth"});
    const sagas::Json* definition = reader.member("definition", Presence::Required);
    const sagas::Json* input = reader.member("input", Presence::Optional);
    const sagas::Json* replies = reader.member("replies", Presence::Optional);
    Asked asked;
    asked.depth = read_depth(reader);
    asked.script.reads = read_reads(reader);
    if (const auto problem = reader.problem()) return tl::unexpected(*problem);
    if (input != nullptr) asked.script.input = *input;
    if (replies != nullptr) asked.script.replies = *replies;
    asked.script.checked = sagas::check_definition(*definition, std::nullopt);
    if (!asked.script.checked.definition) {
        return tl::unexpected(invalid_definition(asked.script.checked.errors));
    }
    if (asked.script.checked.definition->steps.size() > kStepsMax) {
        return refuse(ProblemType::InvalidDefinition,
                      "The server simulates definitions of at most " + std::to_string(kStepsMax) +
                          " steps: use the command line (skald simulate).");
    }
    return asked;
}

Answer run(const Services& services, const Asked& asked) {
    const engine::Instant began = engine::steady_now();
    const MutedLog muted;
    rehearsal::Limits limits;
    limits.depth = asked.depth;
    limits.schedules_max = kSchedulesMax;
    limits.goes_on = [&services, began](std::size_t done, std::size_t) {
        if (done % kLookEvery != 0) return true;
        return engine::steady_now() - began < kSimulationTime && services.why_not_ready().empty();
    };
    const auto report = rehearsal::rehearse(asked.script, limits);
    if (!report) {
        return Problem{ProblemType::InvalidInput,
                       "The definition can't be simulated with these values; nothing was run.",
                       report.error(), nullptr};
    }
    Document document = rehearsal_document(*asked.script.checked.definition, *report);
    document["took_ms"] =
        std::chrono::duration_cast<sagas::Milliseconds>(engine::steady_now() - began).count();
    return json_reply(200, document);
}

}  // namespace

Answer simulate_definition(const Services& services, const std::shared_ptr<SimulationTurn>& turn,
                           const Request& request) {
    auto asked = read_asked(request);
    if (!asked) return asked.error();
    const auto held = SimulationTurn::take(turn);
    if (held == nullptr) {
        return Problem{ProblemType::Busy,
                       "Another simulation runs. Send it again later, or use the command line "
                       "(skald simulate).",
                       {},
                       nullptr};
    }
    Later later;
    later.time = kCommitTime;
    later.arm = [](const std::function<void()>& ready) { ready(); };
    // Shared, for a std::function must be copyable. The turn is over with the answer.
    later.finish = [&services, held, asked = std::make_shared<const Asked>(std::move(*asked))] {
        return run(services, *asked);
    };
    return later;
}

}  // namespace skald::api
