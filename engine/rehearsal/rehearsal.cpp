#include "engine/rehearsal/rehearsal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/rehearsal/explore.h"
#include "engine/rehearsal/run.h"
#include "engine/rehearsal/sample.h"
#include "engine/rehearsal/stage.h"
#include "sagas/did_you_mean.h"
#include "sagas/input_schema.h"

namespace skald::rehearsal {
namespace {

using sagas::Problem;
using Problems = std::vector<Problem>;

std::optional<std::size_t> index_of(const std::vector<std::string>& names,
                                    const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

Problem unknown_step(const std::string& pointer, const std::string& name,
                     const std::vector<std::string>& names) {
    return {"unknown-step", pointer, "there is no step \"" + name + "\"",
            sagas::did_you_mean_hint(name, names)};
}

// ---- The values --------------------------------------------------------------------------------

Json input_of(const Script& script, Problems& problems) {
    const sagas::Definition& definition = *script.checked.definition;
    const Json& filled = script.checked.filled;
    Json input = script.input ? *script.input
                              : sample_input(definition, filled.contains("input_schema")
                                                             ? filled.at("input_schema")
                                                             : Json());
    if (const auto imprecise = sagas::find_imprecise_integer(input)) {
        problems.push_back({"imprecise-integer", "/input" + *imprecise,
                            "an integer beyond ±2^53, which others would round",
                            "send it as a string"});
    }
    if (!definition.input_schema) return input;
    Problems faults = definition.input_schema->validate(input);
    if (faults.empty()) return input;
    if (!script.input) {
        problems.push_back({"no-sample-input", "/input",
                            "no input could be made up that the input_schema takes: " +
                                faults.front().pointer + ": " + faults.front().detail,
                            "give an input"});
        return input;
    }
    for (Problem& fault : faults) {
        fault.pointer.insert(0, "/input");
        problems.push_back(std::move(fault));
    }
    return input;
}

std::vector<SampleReply> replies_of(const Script& script, Problems& problems) {
    const auto names = sagas::step_names(*script.checked.definition);
    std::vector<SampleReply> replies = sample_replies(*script.checked.definition);
    if (!script.replies.is_object()) {
        problems.push_back({"wrong-type", "/replies", "must be an object: step to reply body", ""});
        return replies;
    }
    for (const auto& [name, body] : script.replies.items()) {
        if (const auto index = index_of(names, name)) {
            replies[*index].body = body;
        } else {
            problems.push_back(
                unknown_step("/replies/" + sagas::escape_pointer_token(name), name, names));
        }
    }
    return replies;
}

std::vector<bool> reads_of(const Script& script, Problems& problems) {
    const auto names = sagas::step_names(*script.checked.definition);
    std::vector<bool> reads;
    for (const sagas::Step& step : script.checked.definition->steps) reads.push_back(is_get(step));
    for (std::size_t i = 0; i < script.reads.size(); ++i) {
        if (const auto index = index_of(names, script.reads[i])) {
            reads[*index] = true;
        } else {
            problems.push_back(unknown_step("/reads/" + std::to_string(i), script.reads[i], names));
        }
    }
    return reads;
}

// ---- What is found -----------------------------------------------------------------------------

struct Shortest {
    std::size_t schedules = 0;
    Schedule schedule;
};

int rank(sagas::Status status) {
    switch (status) {
        case sagas::Status::Completed:
            return 0;
        case sagas::Status::Compensated:
            return 1;
        case sagas::Status::Stuck:
            return 2;
        default:
            return 3;
    }
}

/// Gathers the distinct outcomes of many runs.
class Findings {
 public:
    explicit Findings(Report& report) : report_(report) {}

    void take(const Schedule& schedule, const Played& played);
    void finish(const Stage& stage, std::size_t outcomes_max);

 private:
    using Entry = std::pair<const Outcome, Shortest>;

    std::vector<const Entry*> chosen(std::size_t most) const;

    Report& report_;
    std::map<Outcome, Shortest> outcomes_;
    std::map<Stuck, std::size_t> needs_;
};

void Findings::take(const Schedule& schedule, const Played& played) {
    const Outcome& outcome = played.outcome;
    ++report_.schedules;
    if (!outcome.is_clean()) ++report_.unsound;
    const bool is_over = sagas::is_terminal(outcome.status);
    if (!is_over) ++report_.with_operator;
    if (!is_over && outcome.status != sagas::Status::Stuck) ++report_.endless;
    for (const Stuck& stuck : outcome.stuck) ++needs_[stuck];
    auto [found, is_new] = outcomes_.try_emplace(outcome);
    Shortest& shortest = found->second;
    ++shortest.schedules;
    // Of the same length, the one whose faults are the plainer ones.
    const bool is_shorter =
        schedule.size() < shortest.schedule.size() ||
        (schedule.size() == shortest.schedule.size() && schedule < shortest.schedule);
    if (is_new || is_shorter) {
        shortest.schedule = schedule;
    }
}

/// The outcomes that are reported, in their order.
std::vector<const Findings::Entry*> Findings::chosen(std::size_t most) const {
    std::vector<const Entry*> entries;
    for (const Entry& entry : outcomes_) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(), [](const Entry* one, const Entry* other) {
        const bool is_clean = one->first.is_clean();
        if (is_clean != other->first.is_clean()) return !is_clean;
        return one->second.schedules > other->second.schedules;
    });
    entries.resize(std::min(entries.size(), most));
    std::stable_sort(entries.begin(), entries.end(), [](const Entry* one, const Entry* other) {
        const int left = rank(one->first.status);
        const int right = rank(other->first.status);
        return left != right ? left < right : one->second.schedules > other->second.schedules;
    });
    return entries;
}

void Findings::finish(const Stage& stage, std::size_t outcomes_max) {
    report_.outcomes_found = outcomes_.size();
    for (const Entry* entry : chosen(outcomes_max)) {
        const auto& [outcome, shortest] = *entry;
        Found found{outcome, shortest.schedules, {}, {}};
        for (const Fault& fault : shortest.schedule) {
            found.faults.push_back(describe(stage.definition(), fault));
        }
        found.story = play(stage, shortest.schedule, Telling::Yes).story;
        found.story.resize(std::min(found.story.size(), kStoryMax));
        report_.outcomes.push_back(std::move(found));
    }
    for (const auto& [stuck, schedules] : needs_) report_.needs.push_back({stuck, schedules});
    report_.verdict = report_.unsound > 0         ? Verdict::Unsound
                      : report_.with_operator > 0 ? Verdict::NeedsOperator
                                                  : Verdict::Sound;
}

// ---- Notes -------------------------------------------------------------------------------------

std::string list_of(const sagas::Definition& definition, const Steps& steps) {
    std::string text;
    for (const StepIndex step : steps) {
        text.append(text.empty() ? "" : ", ").append(definition.step(step).name);
    }
    return text;
}

/// What the run without a fault tells of the values.
void add_notes(Report& report, const Script& script, const Played& first) {
    const sagas::Definition& definition = *script.checked.definition;
    if (!script.input) report.notes.push_back("the input is made up: give one to decide otherwise");
    if (first.outcome.status != sagas::Status::Completed) {
        report.notes.push_back(
            "with these values the saga does not complete even if nothing goes wrong: give an "
            "input, or replies");
    }
    if (!first.outcome.left_out.empty()) {
        report.notes.push_back("with these values it leaves out: " +
                               list_of(definition, first.outcome.left_out));
    }
    const bool has_endless =
        std::any_of(definition.steps.begin(), definition.steps.end(), [](const sagas::Step& step) {
            const auto* undo = std::get_if<sagas::Compensation>(&step.undo);
            const auto is_long = [](const sagas::RetryPolicy& retry) {
                return !retry.maximum_attempts || *retry.maximum_attempts > kForEver;
            };
            return is_long(step.retry) || (undo != nullptr && is_long(undo->retry));
        });
    if (has_endless) {
        report.notes.push_back("a call that may be tried more than " + std::to_string(kForEver) +
                               " times is answered after as many, where it fails \"for ever\"");
    }
}

}  // namespace

tl::expected<Report, Problems> rehearse(const Script& script, const Limits& limits) {
    Problems problems;
    Json input = input_of(script, problems);
    std::vector<SampleReply> replies = replies_of(script, problems);
    std::vector<bool> reads = reads_of(script, problems);
    if (!problems.empty()) return tl::unexpected(std::move(problems));

    Report report;
    const sagas::Definition& definition = *script.checked.definition;
    report.definition = definition.name;
    report.steps = definition.steps.size();
    report.input = input;
    report.replies = Json::object();
    for (std::size_t i = 0; i < replies.size(); ++i) {
        report.replies[definition.steps[i].name] = replies[i].body;
    }

    const Stage stage(script.checked, std::move(input), std::move(replies), std::move(reads));
    const Played first = play(stage, {}, Telling::No);
    if (!sagas::is_terminal(first.outcome.status) && first.outcome.status != sagas::Status::Stuck) {
        problems.push_back({"endless", "",
                            "the saga does not come to rest though nothing goes wrong",
                            "give replies that its outcome rules take for a success"});
        return tl::unexpected(std::move(problems));
    }
    Findings findings(report);
    const Explored explored = explore(
        stage, first, limits,
        [&](const Schedule& schedule, const Played& played) { findings.take(schedule, played); });
    report.singles = explored.singles;
    report.pairs = explored.pairs;
    report.pairs_known = explored.pairs_known;
    report.is_broken_off = explored.is_broken_off;
    findings.finish(stage, limits.outcomes_max);
    add_notes(report, script, first);
    return report;
}

}  // namespace skald::rehearsal
