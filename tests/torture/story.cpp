#include "tests/torture/story.h"

#include <nlohmann/json.hpp>

namespace skald::torture {
namespace {

using Json = nlohmann::json;

/// Long enough that a slow machine never answers late, since that would be another story.
constexpr const char* kTimeout = "60s";
/// Of the step that is never answered: it has to pass, and twice. A slow machine may answer the
/// others of its definition too late: they end in doubt all the same.
constexpr const char* kSilenceTimeout = "100ms";

constexpr std::array<std::string_view, kSteps> kStepNames = {"reserve", "charge", "pack", "ship",
                                                             "notify"};
constexpr std::array<std::string_view, kEnds> kEndNames = {"completed", "compensated", "abandoned"};
constexpr std::uint32_t kAlways = 0;
constexpr std::string_view kChildSuffix = ".charge";  ///< Of the step that starts it.

enum class Shape : std::uint8_t {
    Order,
    Doubt,
    Tolerant,
    Branches,
    Guarded,
    Forward,
    Later,
    Each,
    Family,
    Locked,
    Paused
};

struct ShapeOf {
    Shape shape;
    std::string_view name;
    Steps steps;
    /// What must have settled before each step, directly or not.
    std::array<Steps, kSteps> before;
};

constexpr Steps kLine = {Step::Reserve, Step::Charge, Step::Ship};
constexpr std::array<Steps, kSteps> kLineBefore = {Steps{}, Steps{Step::Reserve}, Steps{},
                                                   Steps{Step::Reserve, Step::Charge}, Steps{}};

constexpr Steps kFork = {Step::Reserve, Step::Charge, Step::Pack, Step::Ship};
constexpr std::array<Steps, kSteps> kForkBefore = {
    Steps{}, Steps{Step::Reserve}, Steps{Step::Reserve},
    Steps{Step::Reserve, Step::Charge, Step::Pack}, Steps{}};

constexpr std::array<ShapeOf, 11> kShapes = {{
    {Shape::Order, "order", kLine, kLineBefore},
    {Shape::Doubt, "doubt", kLine, kLineBefore},
    {Shape::Tolerant, "tolerant", kLine, kLineBefore},
    {Shape::Branches, "branches", kFork, kForkBefore},
    {Shape::Guarded, "guarded", kLine, kLineBefore},
    {Shape::Forward,
     "forward",
     {Step::Reserve, Step::Ship, Step::Notify},
     {Steps{}, Steps{}, Steps{}, Steps{Step::Reserve}, Steps{Step::Reserve, Step::Ship}}},
    {Shape::Later, "later", kLine, kLineBefore},
    {Shape::Each, "each", kFork, kForkBefore},
    {Shape::Family, "family", kLine, kLineBefore},
    {Shape::Locked, "locked", kLine, kLineBefore},
    {Shape::Paused, "paused", kLine, kLineBefore},
}};

/// The first `tries` tries of a call are answered so; kAlways: all.
struct Deviation {
    Step step;
    Phase phase;
    Reply reply;
    std::uint32_t tries;
};

struct Plot {
    Story story;
    std::string_view name;
    Shape shape;
    End end;
    std::array<Deviation, 2> deviations;
};

constexpr Deviation kNone = {Step::Reserve, Phase::Action, Reply::Done, kAlways};
constexpr Deviation kShipRefused = {Step::Ship, Phase::Action, Reply::Refused, kAlways};

constexpr Deviation charge(Reply reply, std::uint32_t tries) {
    return {Step::Charge, Phase::Action, reply, tries};
}

constexpr std::array<Plot, kStories> kPlots = {{
    {Story::Plain, "plain", Shape::Order, End::Completed, {kNone, kNone}},
    {Story::Flaky, "flaky", Shape::Order, End::Completed, {charge(Reply::Reset, 1), kNone}},
    {Story::Forward,
     "forward",
     Shape::Forward,
     End::Completed,
     {{{Step::Notify, Phase::Action, Reply::Busy, 2}, kNone}}},
    {Story::Branches, "branches", Shape::Branches, End::Completed, {kNone, kNone}},
    {Story::Tolerant,
     "tolerant",
     Shape::Tolerant,
     End::Completed,
     {charge(Reply::Refused, kAlways), kNone}},
    {Story::Refused, "refused", Shape::Order, End::Compensated, {kShipRefused, kNone}},
    {Story::BranchesRefused,
     "branches-refused",
     Shape::Branches,
     End::Compensated,
     {kShipRefused, kNone}},
    {Story::TolerantRefused,
     "tolerant-refused",
     Shape::Tolerant,
     End::Compensated,
     {kShipRefused, kNone}},
    {Story::HardUndo,
     "hard-undo",
     Shape::Order,
     End::Compensated,
     {{kShipRefused, {Step::Reserve, Phase::Compensation, Reply::Busy, 2}}}},
    {Story::Broken,
     "broken",
     Shape::Doubt,
     End::Compensated,
     {charge(Reply::Broken, kAlways), kNone}},
    {Story::Reset, "reset", Shape::Doubt, End::Compensated, {charge(Reply::Reset, kAlways), kNone}},
    {Story::Silent,
     "silent",
     Shape::Doubt,
     End::Compensated,
     {charge(Reply::Silent, kAlways), kNone}},
    {Story::Parked, "parked", Shape::Guarded, End::Completed, {charge(Reply::Broken, 2), kNone}},
    {Story::PivotParked,
     "pivot-parked",
     Shape::Forward,
     End::Completed,
     {{{Step::Ship, Phase::Action, Reply::Broken, 2}, kNone}}},
    {Story::UndoRefused,
     "undo-refused",
     Shape::Order,
     End::Compensated,
     {{kShipRefused, {Step::Charge, Phase::Compensation, Reply::Refused, 1}}}},
    {Story::Later, "later", Shape::Later, End::Completed, {charge(Reply::Later, kAlways), kNone}},
    {Story::LaterRefused,
     "later-refused",
     Shape::Later,
     End::Compensated,
     {charge(Reply::Later, kAlways), kShipRefused}},
    {Story::Each, "each", Shape::Each, End::Completed, {kNone, kNone}},
    {Story::EachRefused, "each-refused", Shape::Each, End::Compensated, {kShipRefused, kNone}},
    {Story::Family, "family", Shape::Family, End::Completed, {kNone, kNone}},
    {Story::FamilyRefused,
     "family-refused",
     Shape::Family,
     End::Compensated,
     {kShipRefused, kNone}},
    {Story::Locked, "locked", Shape::Locked, End::Completed, {kNone, kNone}},
    {Story::LockedRefused,
     "locked-refused",
     Shape::Locked,
     End::Compensated,
     {kShipRefused, kNone}},
    {Story::Paused, "paused", Shape::Paused, End::Completed, {kNone, kNone}},
}};

const Plot& plot_of(Story story) { return kPlots.at(static_cast<std::size_t>(story)); }

const ShapeOf& shape_of(Story story) {
    return kShapes.at(static_cast<std::size_t>(plot_of(story).shape));
}

Json call(std::string_view path, std::uint16_t port, const Json& body) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + '/' + std::string(path);
    return {{"http", {{"method", "POST"}, {"url", url}, {"body", body}}}};
}

Json step_json(const ShapeOf& shape, Step step, std::uint16_t port) {
    Json action = {{"story", "$input.story"}, {"number", "$input.number"}};
    if (step == Step::Ship) {
        action["reservation"] = "$steps.reserve.output.id";
    }
    Json compensation =
        call("compensation", port, {{"story", "$input.story"}, {"action_key", "$action_key"}});
    compensation["timeout"] = kTimeout;
    compensation["retry"] = {{"initial_interval", "20ms"}, {"maximum_interval", "200ms"}};
    Json after = Json::array();
    for (std::size_t i = 0; i < kSteps; ++i) {
        if (shape.before[static_cast<std::size_t>(step)].contains(static_cast<Step>(i))) {
            after.push_back(kStepNames[i]);
        }
    }
    Json json = {
        {"name", name_of(step)}, {"after", after}, {"action", call("action", port, action)}};
    if (step != Step::Notify) {
        json["compensation"] = compensation;
    }
    return json;
}

/// In the place of two steps in parallel, one with two elements.
void make_elements(Json& steps) {
    steps.erase(2);
    Json& charge = steps[1];
    charge["for_each"] = "$input.elements";
    for (const char* call : {"action", "compensation"}) {
        charge[call]["http"]["body"]["element"] = "$item";
    }
    steps[2]["after"] = {name_of(Step::Charge)};
}

/// What is particular to the shape.
void adapt(Shape shape, Json& steps) {
    const Json twice = {{"maximum_attempts", 2}};
    const Json child = {{"definition", "payment"},
                        {"input", {{"story", "$input.story"}, {"number", "$input.number"}}}};
    switch (shape) {
        case Shape::Order:
        case Shape::Branches:
            break;
        case Shape::Doubt:
            steps[1]["timeout"] = kSilenceTimeout;
            steps[1]["retry"] = twice;
            break;
        case Shape::Tolerant:
            steps[1]["optional"] = true;
            break;
        case Shape::Guarded:
            steps[1]["in_doubt"] = "park";
            steps[1]["retry"] = twice;
            break;
        case Shape::Forward:
            steps[1]["pivot"] = true;
            steps[1]["retry"] = twice;
            steps[1].erase("compensation");
            break;
        case Shape::Later:
            steps[1]["action"]["http"]["reply"] = "callback";
            break;
        case Shape::Each:
            make_elements(steps);
            break;
        case Shape::Family:
            steps[1].erase("compensation");
            steps[1]["action"] = {{"saga", child}};
            break;
        case Shape::Locked:
            for (Json& step : steps) step["action"]["http"]["body"]["lock"] = "$input.lock";
            break;
        case Shape::Paused:
            steps[2]["after"] = {"pause"};
            steps.push_back({{"name", "pause"},
                             {"after", {name_of(Step::Charge)}},
                             {"action", {{"wait", {{"for", "20ms"}}}}}});
            break;
    }
}

Json document(std::string_view name, const Json& steps) {
    const Json defaults = {
        {"timeout", kTimeout},
        {"retry", {{"initial_interval", "20ms"}, {"maximum_interval", "200ms"}}}};
    return {{"name", name},
            {"input_schema", {{"type", "object"}, {"required", {"story"}}}},
            {"defaults", defaults},
            {"steps", steps}};
}

}  // namespace

std::string_view name_of(Step step) { return kStepNames.at(static_cast<std::size_t>(step)); }

std::string_view name_of(Phase phase) { return phase == Phase::Action ? "action" : "compensation"; }

std::string_view name_of(Story story) { return plot_of(story).name; }

std::string_view name_of(End end) { return kEndNames.at(static_cast<std::size_t>(end)); }

bool read_story(std::string_view name, Story& story) {
    for (const Plot& plot : kPlots) {
        if (plot.name == name) {
            story = plot.story;
            return true;
        }
    }
    return false;
}

bool read_end(std::string_view status, End& end) {
    for (std::size_t i = 0; i < kEnds; ++i) {
        if (kEndNames[i] == status) {
            end = static_cast<End>(i);
            return true;
        }
    }
    return false;
}

Reply reply_of(Story story, Step step, Phase phase, std::uint32_t nth) {
    for (const Deviation& deviation : plot_of(story).deviations) {
        const bool is_this = deviation.step == step && deviation.phase == phase;
        if (is_this && (deviation.tries == kAlways || nth <= deviation.tries)) {
            return deviation.reply;
        }
    }
    return Reply::Done;
}

Step stuck_step(Story story) { return story == Story::PivotParked ? Step::Ship : Step::Charge; }

End end_of(Story story) { return plot_of(story).end; }

Steps standing(Story story, End end) {
    switch (end) {
        case End::Completed:
            return story == Story::Tolerant ? steps_of(story).without(Step::Charge)
                                            : steps_of(story);
        case End::Compensated:
            return {};
        case End::Abandoned:
            return {Step::Reserve, stuck_step(story)};
    }
    return {};
}

Steps steps_of(Story story) { return shape_of(story).steps; }

Steps before(Story story, Step step) {
    return shape_of(story).before.at(static_cast<std::size_t>(step));
}

std::string_view definition_of(Story story) { return shape_of(story).name; }

std::string child_of(std::string_view saga) {
    return std::string(saga) + std::string(kChildSuffix);
}

std::string_view parent_of(std::string_view saga) {
    return saga.ends_with(kChildSuffix) ? saga.substr(0, saga.size() - kChildSuffix.size())
                                        : std::string_view();
}

std::vector<Definition> definitions(const std::vector<std::uint16_t>& ports) {
    Json charge = step_json(shape_of(Story::Plain), Step::Charge, ports.at(1));
    charge["after"] = Json::array();
    std::vector<Definition> all = {{"payment", document("payment", Json::array({charge})).dump()}};
    for (const ShapeOf& shape : kShapes) {
        Json steps = Json::array();
        for (std::size_t i = 0; i < kSteps; ++i) {
            if (shape.steps.contains(static_cast<Step>(i))) {
                steps.push_back(step_json(shape, static_cast<Step>(i), ports.at(i)));
            }
        }
        adapt(shape.shape, steps);
        Json json = document(shape.name, steps);
        if (shape.shape == Shape::Locked) json["lock"] = "$input.lock";
        all.push_back({std::string(shape.name), json.dump()});
    }
    return all;
}

}  // namespace skald::torture
