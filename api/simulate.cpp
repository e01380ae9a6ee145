#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
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
    std::vector<std::string> notes;
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

/// Notes what is wrong with the definitions of children that the request holds.
std::vector<sagas::Checked> read_children(ObjectReader& reader,
                                          std::vector<sagas::Problem>& errors) {
    std::vector<sagas::Checked> children;
    const sagas::Json* member = reader.member("definitions", Presence::Optional);
    if (member == nullptr) return children;
    if (!member->is_array()) {
        reader.note("wrong-type", "/definitions", "must be an array of definitions", "");
        return children;
    }
    for (std::size_t i = 0; i < member->size(); ++i) {
        sagas::Checked checked = sagas::check_definition(member->at(i), std::nullopt);
        for (sagas::Problem& error : checked.errors) {
            error.pointer.insert(0, "/definitions/" + std::to_string(i));
            errors.push_back(std::move(error));
        }
        if (checked.definition) children.push_back(std::move(checked));
    }
    return children;
}

/// The latest version of `name`; none: there is none, which the rehearsal says.
Parsed<std::optional<sagas::Checked>> read_registered(const Services& services,
                                                      const std::string& name, Asked& asked) {
    const auto row = read_again([&] { return services.reader.definition(name, std::nullopt); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) return std::nullopt;
    if (!row) return tl::unexpected(to_problem(row.error()));
    if (row->state == store::DefinitionRow::State::Deleted) return std::nullopt;
    const auto filled = sagas::parse_json(row->filled);
    if (!filled) return tl::unexpected(to_problem(filled.error()));
    auto definition = sagas::load_definition(*filled);
    if (!definition) return tl::unexpected(to_problem(definition.error()));
    asked.notes.push_back("of " + name + " the latest version of this server was taken: " +
                          std::to_string(row->version));
    return sagas::Checked{std::move(*definition), *filled, {}, {}};
}

/// Takes the children that the request has not from what is registered.
std::optional<Problem> add_registered(const Services& services, Asked& asked) {
    std::set<std::string> tried;
    while (true) {
        const auto names =
            rehearsal::missing_children(*asked.script.checked.definition, asked.script.children);
        const auto next = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
            return tried.insert(name).second;
        });
        if (next == names.end()) return std::nullopt;
        auto found = read_registered(services, *next, asked);
        if (!found) return std::move(found.error());
        if (*found) asked.script.children.push_back(std::move(**found));
    }
}

std::size_t steps_in(const rehearsal::Script& script) {
    std::size_t steps = script.checked.definition->steps.size();
    for (const sagas::Checked& child : script.children) steps += child.definition->steps.size();
    return steps;
}

Parsed<Asked> read_asked(const Services& services, const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"definition", "definitions", "input", "replies", "reads", "depth"});
    const sagas::Json* definition = reader.member("definition", Presence::Required);
    const sagas::Json* input = reader.member("input", Presence::Optional);
    const sagas::Json* replies = reader.member("replies", Presence::Optional);
    std::vector<sagas::Problem> errors;
    Asked asked;
    asked.depth = read_depth(reader);
    asked.script.reads = read_reads(reader);
    asked.script.children = read_children(reader, errors);
    if (const auto problem = reader.problem()) return tl::unexpected(*problem);
    if (input != nullptr) asked.script.input = *input;
    if (replies != nullptr) asked.script.replies = *replies;
    asked.script.checked = sagas::check_definition(*definition, std::nullopt);
    for (sagas::Problem& error : asked.script.checked.errors) {
        error.pointer.insert(0, "/definition");
        errors.push_back(std::move(error));
    }
    if (!errors.empty()) return tl::unexpected(invalid_definition(std::move(errors)));
    if (auto problem = add_registered(services, asked)) return tl::unexpected(std::move(*problem));
    if (steps_in(asked.script) > kStepsMax) {
        return refuse(ProblemType::InvalidDefinition,
                      "The server simulates definitions of at most " + std::to_string(kStepsMax) +
                          " steps, with those of children: use the command line (skald simulate).");
    }
    return asked;
}

/// What a rehearsal refused, with what to do about it here.
Problem refused(std::vector<sagas::Problem> problems) {
    for (sagas::Problem& problem : problems) {
        if (problem.code != "unknown-definition") continue;
        problem.hint = "register it first, or send it in \"definitions\"";
    }
    const bool is_of_definitions = std::any_of(
        problems.begin(), problems.end(),
        [](const sagas::Problem& problem) { return problem.pointer.starts_with("/definition"); });
    return {is_of_definitions ? ProblemType::InvalidDefinition : ProblemType::InvalidInput,
            is_of_definitions
                ? "The definition can't be simulated with those that it calls; nothing was run."
                : "The definition can't be simulated with these values; nothing was run.",
            std::move(problems), nullptr};
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
    auto report = rehearsal::rehearse(asked.script, limits);
    if (!report) return refused(std::move(report.error()));
    report->notes.insert(report->notes.end(), asked.notes.begin(), asked.notes.end());
    Document document = rehearsal_document(*report);
    document["took_ms"] =
        std::chrono::duration_cast<sagas::Milliseconds>(engine::steady_now() - began).count();
    return json_reply(200, document);
}

}  // namespace

Answer simulate_definition(const Services& services, const std::shared_ptr<SimulationTurn>& turn,
                           const Request& request) {
    auto asked = read_asked(services, request);
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
