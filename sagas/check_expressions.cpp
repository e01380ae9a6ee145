#include <algorithm>
#include <array>
#include <string_view>

#include "sagas/ascii.h"
#include "sagas/checks.h"
#include "sagas/did_you_mean.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Where an expression stands.
enum class Place : std::uint8_t {
    When,
    ForEach,
    Action,
    Until,
    WaitMatch,
    ChildInput,
    Event,
    Outcome,
    Output,
    ChildOutput,
    EventOutput,
    Compensation,
    UndoInput,
    UndoEvent,
    DefaultHeader,
    Label,
    Lock,
    TriggerInput,
    SagaOutput,
};

/// Roots by what they need to exist; each is a bit.
enum class RootGroup : std::uint8_t {
    Input,
    Steps,
    Saga,
    Key,
    Item,
    Undo,
    Body,
    Status,
    Header,
    Secret,
    Event,
};

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
        case RootKind::Item:
        case RootKind::Index:
            return RootGroup::Item;
        case RootKind::OwnOutput:
        case RootKind::ActionKey:
        case RootKind::FailureStep:
        case RootKind::FailureReason:
            return RootGroup::Undo;
        case RootKind::ResponseBody:
            return RootGroup::Body;
        case RootKind::ResponseStatus:
            return RootGroup::Status;
        case RootKind::ResponseHeader:
            return RootGroup::Header;
        case RootKind::Secret:
            return RootGroup::Secret;
        case RootKind::Event:
            break;
    }
    return RootGroup::Event;
}

using RootGroups = unsigned;

constexpr RootGroups bit(RootGroup group) { return 1u << static_cast<unsigned>(group); }
template <typename... Group>
constexpr RootGroups these(Group... groups) {
    return (bit(groups) | ...);
}

struct PlaceRule {
    std::string_view name;
    std::string_view allowed;  // What the hint says; $item and $index are added to it.
    RootGroups has;
};

const PlaceRule& rule(Place place) {
    using std::string_view_literals::operator""sv;
    using enum RootGroup;
    constexpr RootGroups kState = these(Input, Steps, Saga);
    constexpr std::string_view kOfUndo =
        "$action_key, $input, $steps, $output, $failure, $saga, $key"sv;
    static constexpr std::array<PlaceRule, 19> kRules{{
        {"`when`"sv, "$input, $steps, $saga"sv, kState},
        {"`for_each`"sv, "$input, $steps, $saga"sv, kState},
        {"an action"sv, "$input, $steps, $saga, $key, $secrets"sv,
         kState | these(Key, Item, Secret)},
        {"`until`"sv, "$input, $steps, $saga"sv, kState},
        {"the `match` of a wait"sv, "$input, $steps, $saga"sv, kState},
        {"the input of a child"sv, "$input, $steps, $saga, $key"sv, kState | these(Key, Item)},
        {"an event"sv, "$input, $steps, $saga, $key"sv, kState | these(Key, Item)},
        {"`outcome`"sv, "$response, $input, $steps, $saga"sv,
         kState | these(Item, Body, Status, Header)},
        {"a step's output"sv, "$response, $input, $steps, $saga"sv,
         kState | these(Item, Body, Status, Header)},
        {"the output of a child's step"sv, "$response.body, $input, $steps, $saga"sv,
         kState | these(Item, Body, Status)},
        {"the output of a step by event"sv, "$response.body, $input, $steps, $saga"sv,
         kState | these(Item, Body)},
        {"a compensation"sv,
         "$action_key, $input, $steps, $output, $failure, $saga, $key, $secrets"sv,
         kState | these(Key, Item, Undo, Secret)},
        {"the input of a child"sv, kOfUndo, kState | these(Key, Item, Undo)},
        {"an event"sv, kOfUndo, kState | these(Key, Item, Undo)},
        {"the default headers"sv, "$input, $saga, $key, $secrets"sv,
         these(Input, Saga, Key, Secret)},
        {"labels"sv, "$input"sv, bit(Input)},
        {"a lock"sv, "$input"sv, bit(Input)},
        {"the input of a trigger"sv, "$event"sv, bit(Event)},
        {"the saga's output"sv, "$input, $steps, $saga"sv, kState},
    }};
    return kRules[static_cast<std::size_t>(place)];
}

bool is_for_compensation(Place place) {
    return place == Place::Compensation || place == Place::UndoInput || place == Place::UndoEvent;
}

/// Whether it selects an element of an array.
bool is_element_segment(const Segment& segment) {
    const auto* const name = std::get_if<std::string>(&segment);
    return name == nullptr || std::all_of(name->begin(), name->end(), is_digit);
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
        const bool is_element = own && parsed_.steps[*own].for_each;
        if ((rule(place).has & bit(of)) == 0) {
            refuse_root(use, place, is_element);
        } else if (of == RootGroup::Item && !is_element) {
            problems_.add("root-not-here", use.pointer,
                          shown(use.path) + ": there is no " + root_text(root) +
                              " in a step without `for_each`",
                          "add \"for_each\", or name the value by $input or $steps");
        } else if (of == RootGroup::Steps) {
            check_step(use, place, own);
        }
    }

    static std::string shown(const Path& path) { return in_quotes(path.text); }

    void refuse_root(const Template::Use& use, Place place, bool is_element) {
        const PlaceRule& here = rule(place);
        if (use.path.root.kind == RootKind::Secret) {
            problems_.add("secret-shown", use.pointer,
                          shown(use.path) + ": what stands in " + std::string(here.name) +
                              " is stored and shown",
                          "secrets belong in the url, query, headers or body of a call only");
            return;
        }
        const bool has_item = is_element && (here.has & bit(RootGroup::Item)) != 0;
        problems_.add(
            "root-not-here", use.pointer,
            shown(use.path) + ": there is no " + root_text(use.path.root) + " in " +
                std::string(here.name),
            "here are " + std::string(here.allowed) + (has_item ? ", $item, $index" : ""));
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
        if (!check_list(use, step, *found) && step != own) check_null(use, step, *found);
    }

    bool is_settled(std::size_t step, Place place, std::optional<std::size_t> own) const {
        if (!own) return true;  // The saga's output: at the end all have.
        if (is_for_compensation(place) && step == *own) return true;
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

    static bool looks_inside(const Path& path) {
        return path.root.kind == RootKind::StepOutput && !path.segments.empty();
    }

    /// Whether a list is taken for one of its elements, which is told.
    bool check_list(const Template::Use& use, std::size_t index, const std::string& name) {
        if (!looks_inside(use.path) || !parsed_.steps[index].for_each ||
            is_element_segment(use.path.segments.front())) {
            return false;
        }
        problems_.add("list-output", use.pointer,
                      shown(use.path) + ": the output of " + in_quotes(name) +
                          " is a list of the outputs of its elements",
                      "take the whole list, or one element by its position: [0]");
        return true;
    }

    void check_null(const Template::Use& use, std::size_t index, const std::string& name) {
        const ParsedStep& step = parsed_.steps[index];
        if (!looks_inside(use.path) || use.path.missing == Missing::IsNull) return;
        const char* when = nullptr;
        const bool is_pause = action_as<ParsedWait>(step.action) != nullptr &&
                              event_waited_for(step.action) == nullptr;
        const auto* const event = action_as<ParsedEvent>(step.action);
        if (is_pause) {
            when = "always, for it only waits";
        } else if (event != nullptr && !event->reply) {
            when = "always, for it only publishes";
        } else if (step.has_when) {
            when = "when it was skipped";
        } else if (step.is_optional) {
            when = "when it failed";
        } else {
            return;
        }
        problems_.add(
            "may-be-null", use.pointer,
            shown(use.path) +
                (step.for_each ? ": the output of an element of " : ": the output of ") +
                in_quotes(name) + " is null " + when,
            "end the expression with \"?\" to get null then: " + in_quotes(use.path.text + "?"));
    }

    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Problems& problems_;
};

Place place_of(const ParsedAction& action) {
    const auto* const wait = std::get_if<ParsedWait>(&action);
    if (wait != nullptr) return wait->event ? Place::WaitMatch : Place::Until;
    if (std::holds_alternative<ParsedEvent>(action)) return Place::Event;
    return std::holds_alternative<ParsedChild>(action) ? Place::ChildInput : Place::Action;
}

Place place_of_undo(const ParsedAction& call) {
    if (std::holds_alternative<ParsedEvent>(call)) return Place::UndoEvent;
    return std::holds_alternative<ParsedChild>(call) ? Place::UndoInput : Place::Compensation;
}

Place place_of_output(const std::optional<ParsedAction>& action) {
    const bool is_event =
        action_as<ParsedEvent>(action) != nullptr || event_waited_for(action) != nullptr;
    if (is_event) return Place::EventOutput;
    return action_as<ParsedChild>(action) != nullptr ? Place::ChildOutput : Place::Output;
}

}  // namespace

void check_expressions(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems) {
    Checker checker(parsed, graph, problems);
    checker.check(parsed.default_headers, Place::DefaultHeader, std::nullopt);
    checker.check(parsed.labels, Place::Label, std::nullopt);
    checker.check(parsed.lock, Place::Lock, std::nullopt);
    for (const ParsedTrigger& trigger : parsed.triggers) {
        checker.check(trigger.uses, Place::TriggerInput, std::nullopt);
    }
    for (std::size_t i = 0; i < parsed.steps.size(); ++i) {
        const ParsedStep& step = parsed.steps[i];
        checker.check(step.when, Place::When, i);
        if (step.for_each) checker.check(step.for_each->items, Place::ForEach, i);
        if (step.action) checker.check(uses_of(*step.action), place_of(*step.action), i);
        checker.check(step.outcome, Place::Outcome, i);
        checker.check(step.output, place_of_output(step.action), i);
        if (step.undo.call) {
            checker.check(uses_of(*step.undo.call), place_of_undo(*step.undo.call), i);
        }
    }
    checker.check(parsed.output, Place::SagaOutput, std::nullopt);
}

}  // namespace skald::sagas
