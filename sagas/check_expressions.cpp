#include <algorithm>
#include <array>
#include <string_view>

#include "sagas/checks.h"
#include "sagas/did_you_mean.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Where an expression stands.
enum class Place : std::uint8_t {
    When,
    Action,
    Outcome,
    Output,
    Compensation,
    DefaultHeader,
    Label,
    SagaOutput,
};

/// Roots by what they need to exist.
enum class RootGroup : std::uint8_t { Input, Steps, Saga, Key, Undo, Response, Secret, Later };

RootGroup group(RootKind kind) {
    switch (kind) {
        case RootKind::Input:
            return RootGroup::Input;
        case RootKind::StepOutput:
        case RootKind::StepStatus:
            return RootGroup::Steps;
        case RootKind::SagaId:
        case RootKind::SagaStartedAt:
            return RootGroup::Saga;
        case RootKind::Key:
            return RootGroup::Key;
        case RootKind::OwnOutput:
        case RootKind::ActionKey:
        case RootKind::FailureStep:
        case RootKind::FailureReason:
            return RootGroup::Undo;
        case RootKind::ResponseStatus:
        case RootKind::ResponseHeader:
        case RootKind::ResponseBody:
            return RootGroup::Response;
        case RootKind::Secret:
            return RootGroup::Secret;
        case RootKind::Item:
        case RootKind::Index:
        case RootKind::Event:
            return RootGroup::Later;
    }
    return RootGroup::Later;
}

struct PlaceRule {
    std::string_view name;
    std::string_view allowed;  // What the hint says.
    std::array<bool, 8> has;   // By RootGroup.
};

const PlaceRule& rule(Place place) {
    using std::string_view_literals::operator""sv;
    // has: Input, Steps, Saga, Key, Undo, Response, Secret, Later.
    static constexpr std::array<PlaceRule, 8> kRules{{
        {"`when`"sv, "$input, $steps, $saga"sv, {true, true, true}},
        {"an action"sv,
         "$input, $steps, $saga, $key, $secrets"sv,
         {true, true, true, true, false, false, true}},
        {"`outcome`"sv,
         "$response, $input, $steps, $saga"sv,
         {true, true, true, false, false, true}},
        {"a step's output"sv,
         "$response, $input, $steps, $saga"sv,
         {true, true, true, false, false, true}},
        {"a compensation"sv,
         "$action_key, $input, $steps, $output, $failure, $saga, $key, $secrets"sv,
         {true, true, true, true, true, false, true}},
        {"the default headers"sv,
         "$input, $saga, $key, $secrets"sv,
         {true, false, true, true, false, false, true}},
        {"labels"sv, "$input"sv, {true}},
        {"the saga's output"sv, "$input, $steps, $saga"sv, {true, true, true}},
    }};
    return kRules[static_cast<std::size_t>(place)];
}

class Checker {
 public:
    Checker(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems)
        : parsed_(parsed), graph_(graph), problems_(problems) {}

    /// `own`: the step that the expressions belong to.
    void check(const std::vector<Template::Use>& uses, Place place,
               std::optional<std::size_t> own) {
        for (const Template::Use& use : uses) check(use, place, own);
    }

 private:
    void check(const Template::Use& use, Place place, std::optional<std::size_t> own) {
        const Root& root = use.path.root;
        const RootGroup of = group(root.kind);
        if (of == RootGroup::Later) {
            problems_.add(
                "not-yet", use.pointer,
                shown(use.path) + ": " + root_text(root) + " comes in a later version of Skald",
                "leave it out");
        } else if (!rule(place).has[static_cast<std::size_t>(of)]) {
            refuse_root(use, place);
        } else if (of == RootGroup::Steps) {
            check_step(use, place, own);
        }
    }

    static std::string shown(const Path& path) { return in_quotes(path.text); }

    void refuse_root(const Template::Use& use, Place place) {
        const PlaceRule& here = rule(place);
        if (use.path.root.kind == RootKind::Secret) {
            problems_.add("secret-shown", use.pointer,
                          shown(use.path) + ": what stands in " + std::string(here.name) +
                              " is stored and shown",
                          "secrets belong in the url, query, headers or body of a call only");
            return;
        }
        problems_.add("root-not-here", use.pointer,
                      shown(use.path) + ": there is no " + root_text(use.path.root) + " in " +
                          std::string(here.name),
                      "here are " + std::string(here.allowed));
    }

    void check_step(const Template::Use& use, Place place, std::optional<std::size_t> own) {
        const std::vector<std::string>& names = parsed_.step_names;
        if (names.empty()) return;  // There are none, or too many: that was told.
        const auto found = std::find(names.begin(), names.end(), use.path.root.name);
        if (found == names.end()) {
            problems_.add("unknown-step", use.pointer,
                          shown(use.path) + ": there is no step " + in_quotes(use.path.root.name),
                          did_you_mean_hint(use.path.root.name, names));
            return;
        }
        const auto step = static_cast<std::size_t>(found - names.begin());
        if (!is_settled(step, place, own)) {
            problems_.add("not-settled", use.pointer,
                          shown(use.path) + ": " + in_quotes(*found) +
                              (step == own ? " is this step itself"
                                           : " has not certainly settled before this step"),
                          step == own ? "its own reply is $response, in `output` and `outcome`"
                                      : "name it in this step's `after`, or in that of a step "
                                        "before it");
            return;
        }
        if (step != own) check_null(use, step, *found);
    }

    bool is_settled(std::size_t step, Place place, std::optional<std::size_t> own) const {
        if (!own) return true;  // The saga's output: at the end all have.
        if (place == Place::Compensation && step == *own) return true;
        return graph_.is_ancestor(step, *own) || has_unknown_ancestor(*own);
    }

    /// Its order is broken, which was told; what follows from it would be noise.
    bool has_unknown_ancestor(std::size_t own) const {
        if (parsed_.steps[own].has_unknown_after) return true;
        for (std::size_t i = 0; i < parsed_.steps.size(); ++i) {
            if (graph_.is_ancestor(i, own) && parsed_.steps[i].has_unknown_after) return true;
        }
        return false;
    }

    void check_null(const Template::Use& use, std::size_t index, const std::string& name) {
        const ParsedStep& step = parsed_.steps[index];
        const bool looks_inside =
            use.path.root.kind == RootKind::StepOutput && !use.path.segments.empty();
        if (!looks_inside || use.path.missing == Missing::IsNull) return;
        if (!step.has_when && !step.is_optional) return;
        problems_.add(
            "may-be-null", use.pointer,
            shown(use.path) + ": the output of " + in_quotes(name) + " is null when it " +
                (step.has_when ? "was skipped" : "failed"),
            "end the expression with \"?\" to get null then: " + in_quotes(use.path.text + "?"));
    }

    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Problems& problems_;
};

}  // namespace

void check_expressions(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems) {
    Checker checker(parsed, graph, problems);
    checker.check(parsed.default_headers, Place::DefaultHeader, std::nullopt);
    checker.check(parsed.labels, Place::Label, std::nullopt);
    for (std::size_t i = 0; i < parsed.steps.size(); ++i) {
        const ParsedStep& step = parsed.steps[i];
        checker.check(step.when, Place::When, i);
        if (step.action) checker.check(step.action->uses, Place::Action, i);
        checker.check(step.outcome, Place::Outcome, i);
        checker.check(step.output, Place::Output, i);
        if (step.undo.call) checker.check(step.undo.call->uses, Place::Compensation, i);
    }
    checker.check(parsed.output, Place::SagaOutput, std::nullopt);
}

}  // namespace skald::sagas
