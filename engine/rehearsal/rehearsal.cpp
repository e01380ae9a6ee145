#include "engine/rehearsal/rehearsal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/rehearsal/explore.h"
#include "engine/rehearsal/family.h"
#include "engine/rehearsal/run.h"
#include "engine/rehearsal/sample.h"
#include "engine/rehearsal/stage.h"
#include "sagas/did_you_mean.h"
#include "sagas/event_match.h"
#include "sagas/input_schema.h"
#include "sagas/lock.h"

namespace skald::rehearsal {
namespace {

using sagas::Problem;
using Problems = std::vector<Problem>;

// ---- The values --------------------------------------------------------------------------------

/// What is wrong with `input`, with pointers into it.
Problems faults_of(const sagas::Definition& definition, const Json& input) {
    Problems problems;
    if (const auto imprecise = sagas::find_imprecise_integer(input)) {
        problems.push_back({"imprecise-integer", *imprecise,
                            "an integer beyond ±2^53, which others would round",
                            "send it as a string"});
    }
    if (definition.input_schema) {
        for (Problem& fault : definition.input_schema->validate(input)) {
            problems.push_back(std::move(fault));
        }
    }
    const auto lock = sagas::render_lock(definition, input);
    if (!lock) problems.push_back({"no-lock", "", "lock: " + lock.error().message, ""});
    return problems;
}

/// Made up; of arrays that a `for_each` goes over with as many elements as the schema takes.
Samples samples_of(const Family& family) {
    for (std::size_t elements = kSampleElementsMax; elements > 1; --elements) {
        Samples samples = make_samples(family, elements);
        if (faults_of(family.at(0), samples.input).empty()) return samples;
    }
    return make_samples(family, 1);
}

Json input_of(const Script& script, const Json& sample, Problems& problems) {
    const sagas::Definition& definition = *script.checked.definition;
    Json input = script.input ? *script.input : sample;
    Problems faults = faults_of(definition, input);
    if (faults.empty()) return input;
    if (!script.input) {
        problems.push_back({"no-sample-input", "/input",
                            "no input could be made up that the definition takes: " +
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

/// By whom its reply, or the data of an event, comes.
bool is_answered(const sagas::Step& step) {
    return std::holds_alternative<sagas::HttpCall>(step.action) ||
           sagas::awaited_event(step, sagas::Phase::Action) != nullptr;
}

/// The names by which a script means steps.
class StepNames {
 public:
    explicit StepNames(const Family& family) : family_(family) {
        for (const FamilyStep each : family.steps()) names_.push_back(family.name(each));
    }

    /// A step whose action is answered. None: `problems` got one.
    std::optional<FamilyStep> find(const std::string& name, const std::string& pointer,
                                   Problems& problems) const {
        const auto found = std::find(names_.begin(), names_.end(), name);
        if (found == names_.end()) {
            problems.push_back({"unknown-step", pointer, "there is no step \"" + name + "\"",
                                sagas::did_you_mean_hint(name, names_)});
            return std::nullopt;
        }
        const FamilyStep step = family_.steps()[static_cast<std::size_t>(found - names_.begin())];
        if (is_answered(family_.step(step))) return step;
        const auto* child = std::get_if<sagas::ChildSaga>(&family_.step(step).action);
        problems.push_back(
            {"no-participant", pointer, "step \"" + name + "\" makes no call",
             child == nullptr ? "" : "name a step of its child: " + child->definition + "/STEP"});
        return std::nullopt;
    }

 private:
    const Family& family_;
    std::vector<std::string> names_;
};

void take_replies(const Script& script, const Family& family,
                  std::vector<std::vector<SampleReply>>& replies, Problems& problems) {
    if (!script.replies.is_object()) {
        problems.push_back({"wrong-type", "/replies", "must be an object: step to reply body", ""});
        return;
    }
    const StepNames names(family);
    for (const auto& [name, body] : script.replies.items()) {
        const auto step =
            names.find(name, "/replies/" + sagas::escape_pointer_token(name), problems);
        if (step) replies[step->definition][to_size(step->step)].body = body;
    }
}

bool is_get(const sagas::Step& step) {
    const auto* call = std::get_if<sagas::HttpCall>(&step.action);
    return call != nullptr && call->method == "GET";
}

std::vector<std::vector<bool>> reads_of(const Script& script, const Family& family,
                                        Problems& problems) {
    std::vector<std::vector<bool>> reads(family.size());
    for (const FamilyStep each : family.steps()) {
        reads[each.definition].push_back(is_get(family.step(each)));
    }
    const StepNames names(family);
    for (std::size_t i = 0; i < script.reads.size(); ++i) {
        const auto step = names.find(script.reads[i], "/reads/" + std::to_string(i), problems);
        if (step) reads[step->definition][to_size(step->step)] = true;
    }
    return reads;
}

tl::expected<Properties, Problems> properties_of(const Script& script, const Family& family) {
    Problems problems;
    Samples samples = samples_of(family);
    Properties properties;
    properties.input = input_of(script, samples.input, problems);
    properties.replies = std::move(samples.replies);
    take_replies(script, family, properties.replies, problems);
    properties.reads = reads_of(script, family, problems);
    if (!problems.empty()) return tl::unexpected(std::move(problems));
    properties.lock = sagas::render_lock(family.at(0), properties.input).value();
    return properties;
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
            found.faults.push_back(describe(stage.cast(), fault));
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

std::string list_of(const Cast& cast, const Spots& spots) {
    std::string text;
    for (const Spot spot : spots) text.append(text.empty() ? "" : ", ").append(cast.name(spot));
    return text;
}

bool is_tried_for_ever(const sagas::Step& step) {
    const auto is_long = [](const sagas::RetryPolicy& retry) {
        return !retry.maximum_attempts || *retry.maximum_attempts > kForEver;
    };
    const auto* undo = std::get_if<sagas::Compensation>(&step.undo);
    const bool is_called = is_answered(step) && !std::holds_alternative<sagas::Wait>(step.action);
    return (is_called && is_long(step.retry)) || (undo != nullptr && is_long(undo->retry));
}

void add_notes_on_elements(Report& report, const Played& first) {
    for (const auto& [spot, count] : first.elements) {
        const std::string name = report.cast->name(spot);
        if (count == 0) {
            report.notes.push_back("with these values " + name +
                                   " has no elements: give others to try it");
        } else if (count == 1) {
            report.notes.push_back("with these values " + name +
                                   " has one element only: give more to try them together");
        } else if (count > 2) {
            report.notes.push_back("of the " + std::to_string(count) + " elements of " + name +
                                   " the first and the last meet faults");
        }
    }
}

/// What the run without a fault tells of the values.
void add_notes(Report& report, const Script& script, const Family& family, const Played& first) {
    if (!script.input) report.notes.push_back("the input is made up: give one to decide otherwise");
    if (first.outcome.status != sagas::Status::Completed) {
        report.notes.push_back(
            "with these values the saga does not complete even if nothing goes wrong: give an "
            "input, or replies");
    }
    if (!first.outcome.left_out.empty()) {
        report.notes.push_back("with these values it leaves out: " +
                               list_of(*report.cast, first.outcome.left_out));
    }
    add_notes_on_elements(report, first);
    const auto steps = family.steps();
    const bool has_endless = std::any_of(
        steps.begin(), steps.end(),
        [&family](const FamilyStep each) { return is_tried_for_ever(family.step(each)); });
    if (has_endless) {
        report.notes.push_back("a call that may be tried more than " + std::to_string(kForEver) +
                               " times is answered after as many, where it fails \"for ever\"");
    }
    for (const std::string& name : family.uncalled()) {
        report.notes.push_back("nothing calls the definition " + name + ": it was left out");
    }
    if (report.pairs < report.pairs_known && !report.is_broken_off) {
        report.notes.push_back("of " + std::to_string(report.pairs_known) + " pairs of faults " +
                               std::to_string(report.pairs) + " were tried, evenly chosen");
    }
}

Json named(const Family& family, const std::vector<std::vector<SampleReply>>& replies) {
    Json named = Json::object();
    for (const FamilyStep each : family.steps()) {
        if (!is_answered(family.step(each))) continue;
        named[family.name(each)] = replies[each.definition][to_size(each.step)].body;
    }
    return named;
}

}  // namespace

tl::expected<Report, Problems> rehearse(const Script& script, const Limits& limits) {
    const auto family = Family::gather(script.checked, script.children);
    if (!family) return tl::unexpected(family.error());
    auto properties = properties_of(script, *family);
    if (!properties) return tl::unexpected(properties.error());

    Report report;
    report.definition = family->at(0).name;
    report.input = properties->input;
    report.replies = named(*family, properties->replies);
    const Stage stage(*family, std::move(*properties));
    const Played first = play(stage, {}, Telling::No);
    if (!sagas::is_terminal(first.outcome.status) && first.outcome.status != sagas::Status::Stuck) {
        return tl::unexpected(
            Problems{{"endless", "", "the saga does not come to rest though nothing goes wrong",
                      "give replies that its outcome rules take for a success"}});
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
    report.cast = std::make_shared<const Cast>(stage.cast());
    add_notes(report, script, *family, first);
    return report;
}

}  // namespace skald::rehearsal
