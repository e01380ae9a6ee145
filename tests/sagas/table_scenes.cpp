#include "tests/sagas/table_scenes.h"

#include "sagas/event_match.h"
#include "tests/sagas/described.h"
#include "tests/sagas/played.h"

namespace skald::sagas {

namespace {

/// What the watched step does.
enum class Kind : std::uint8_t {
    Http,
    Callback,
    Wait,
    Child,
    Element,
    Event,
    EventElement,
    EventAlone,  ///< Without a reply.
    EventWait,
};

constexpr StepIndex kFirst{0};
constexpr StepIndex kWatched{1};
constexpr StepIndex kLast{2};
constexpr Timestamp kDue = kStart;  // Of what is waited for: now.

template <typename... States>
bool is_in(const StepState& state) {
    return (std::holds_alternative<States>(state) || ...);
}

// ---- Definitions -------------------------------------------------------------------------------

constexpr char kHttp[] = R"({"http": {"method": "POST", "url": "http://127.0.0.1:9/x"}})";
constexpr char kCallback[] =
    R"({"http": {"method": "POST", "url": "http://127.0.0.1:9/x", "reply": "callback"}})";
/// A 404 is a failure by rule.
constexpr char kTries[] =
    R"(, "retry": {"maximum_attempts": 3, "jitter": 0}, "output": "$response.body",
        "outcome": [{"when": "$response.status == 404", "is": "failure"}])";

constexpr char kEvent[] = R"({"event": {"topic": "orders", "type": "do", "reply":
    {"topic": "orders", "success": {"type": "done"}, "failure": {"type": "refused"}}}})";
constexpr char kUndoEvent[] = R"({"event": {"topic": "orders", "type": "undo", "reply":
    {"topic": "orders", "success": {"type": "undone"}, "failure": {"type": "stands"}}}})";
constexpr char kEventTries[] =
    R"(, "retry": {"maximum_attempts": 3, "jitter": 0}, "output": "$response.body")";

/// The watched step without its name.
std::string watched_step(Kind kind, Position position) {
    const auto with_undo = [position](const std::string& call) {
        return position == Position::Before ? R"(, "compensation": )" + call : std::string();
    };
    switch (kind) {
        case Kind::Http:
            return R"("action": )" + std::string(kHttp) + kTries + with_undo(kHttp);
        case Kind::Callback:
            return R"("action": )" + std::string(kCallback) + kTries + with_undo(kCallback);
        case Kind::Wait:
            return R"("action": {"wait": {"for": "1s"}})";
        case Kind::Child:
            return R"("action": {"saga": {"definition": "child"}}, "output": "$response.body")";
        case Kind::Event:
            return R"("action": )" + std::string(kEvent) + kEventTries + with_undo(kUndoEvent);
        case Kind::EventElement:
            return R"("for_each": "$input.items", "max_parallel": 1, "action": )" +
                   std::string(kEvent) + kEventTries + with_undo(kUndoEvent);
        case Kind::EventAlone:
            return R"("action": {"event": {"topic": "orders", "type": "said"}})" +
                   with_undo(R"({"event": {"topic": "orders", "type": "unsaid"}})");
        case Kind::EventWait:
            return R"("action": {"wait": {"event": {"topic": "orders", "timeout": "1s",
                "success": {"type": "approved"}, "failure": {"type": "declined"}}}},
                "output": "$response.body")";
        case Kind::Element:
            break;
    }
    return R"("for_each": "$input.items", "max_parallel": 1, "action": )" + std::string(kHttp) +
           kTries + with_undo(kHttp);
}

std::string other_step(const std::string& name, Position position) {
    return R"({"name": ")" + name + R"(", "action": )" + kHttp +
           (position == Position::Before  ? R"(, "compensation": )" + std::string(kHttp)
            : position == Position::Pivot ? R"(, "pivot": true)"
                                          : "") +
           "}";
}

/// Three steps in a row; the one in the middle is watched.
std::shared_ptr<const Definition> definition_for(Kind kind, Position position,
                                                 const std::string& more,
                                                 const std::string& at_top = "") {
    const Position first = position == Position::After ? Position::Pivot : Position::Before;
    const Position last = position == Position::Before ? Position::Before : Position::After;
    return define(R"({"name": "table", "deadline": "1h")" + at_top + R"(, "steps": [)" +
                  other_step("first", first) + R"(, {"name": "watched", )" +
                  watched_step(kind, position) +
                  (position == Position::Pivot ? R"(, "pivot": true)" : "") + more + "}, " +
                  other_step("last", last) + "]}");
}

// ---- States ------------------------------------------------------------------------------------

std::vector<StepState> forward_states(Kind kind) {
    switch (kind) {
        case Kind::Http:
        case Kind::Element:
            return {Pending{},
                    Calling{1, 1, false},
                    Calling{1, 1, true},
                    Calling{3, 1, false},
                    Calling{3, 1, true},
                    BackingOff{2, 1, false, kDue},
                    BackingOff{2, 1, true, kDue},
                    Succeeded{},
                    Skipped{},
                    Failed{},
                    InDoubt{},
                    StuckAction{StuckReason::InDoubt, 3, true},
                    StuckAction{StuckReason::Refused, 1, false},
                    StuckAction{StuckReason::Exhausted, 3, false},
                    StuckAction{StuckReason::ExpressionError, 0, false},
                    StuckAction{StuckReason::OutputError, 1, false}};
        case Kind::Callback:
            return {Calling{1, 1, false},
                    Calling{3, 1, false},
                    Calling{3, 1, true},
                    BackingOff{2, 1, false, kDue},
                    BackingOff{2, 1, true, kDue},
                    AwaitingCallback{1, 1, false, kDue},
                    AwaitingCallback{1, 1, true, kDue},
                    AwaitingCallback{3, 1, false, kDue},
                    AwaitingCallback{3, 1, true, kDue},
                    Succeeded{},
                    Failed{},
                    InDoubt{},
                    StuckAction{StuckReason::InDoubt, 3, true},
                    StuckAction{StuckReason::Refused, 1, false},
                    StuckAction{StuckReason::Refused, 3, true},
                    StuckAction{StuckReason::OutputError, 1, false}};
        case Kind::Event:
        case Kind::EventElement:
            return {Pending{},
                    BackingOff{2, 1, false, kDue},
                    BackingOff{2, 1, true, kDue},
                    AwaitingCallback{1, 1, false, kDue},
                    AwaitingCallback{2, 2, false, kDue},
                    AwaitingCallback{3, 1, true, kDue},
                    Succeeded{},
                    Skipped{},
                    Failed{},
                    InDoubt{},
                    StuckAction{StuckReason::InDoubt, 3, true},
                    StuckAction{StuckReason::Refused, 1, false},
                    StuckAction{StuckReason::Exhausted, 3, true},
                    StuckAction{StuckReason::ExpressionError, 0, false},
                    StuckAction{StuckReason::ExpressionError, 1, false},
                    StuckAction{StuckReason::OutputError, 1, false}};
        case Kind::EventAlone:
            return {Pending{}, Succeeded{}, Failed{},
                    StuckAction{StuckReason::ExpressionError, 1, false}};
        case Kind::EventWait:
            return {Pending{},
                    AwaitingCallback{1, 1, false, kDue},
                    Succeeded{},
                    Skipped{},
                    Failed{},
                    StuckAction{StuckReason::Refused, 1, false},
                    StuckAction{StuckReason::ExpressionError, 0, false},
                    StuckAction{StuckReason::OutputError, 1, false}};
        case Kind::Wait:
            return {Pending{}, Waiting{kDue}, Succeeded{},
                    Skipped{}, Failed{},      StuckAction{StuckReason::ExpressionError, 0, false}};
        case Kind::Child:
            return {Pending{},
                    Calling{1, 1, false},
                    Calling{3, 3, true},
                    Succeeded{},
                    Skipped{},
                    Failed{},
                    InDoubt{},
                    StuckAction{StuckReason::InDoubt, 1, true},
                    StuckAction{StuckReason::Refused, 1, false},
                    StuckAction{StuckReason::Exhausted, 1, true},
                    StuckAction{StuckReason::ExpressionError, 1, false},
                    StuckAction{StuckReason::OutputError, 1, false}};
    }
    return {};
}

std::vector<StepState> backward_states(Kind kind) {
    switch (kind) {
        case Kind::Http:
        case Kind::Element:
            return {Settling{1, false},
                    Settling{1, true},
                    Succeeded{},
                    InDoubt{},
                    Failed{},
                    Skipped{},
                    Cancelled{},
                    Compensating{1, 1},
                    CompensationBackingOff{2, 1, kDue},
                    StuckCompensation{StuckReason::CompensationRefused, 1},
                    Compensated{UndoneBy::Call}};
        case Kind::Callback:
            return {Settling{1, false},
                    Settling{1, true},
                    Settling{3, false},
                    Succeeded{},
                    InDoubt{},
                    Compensating{1, 1},
                    CompensationBackingOff{2, 1, kDue},
                    CompensationAwaitingCallback{1, 1, kDue},
                    StuckCompensation{StuckReason::CompensationRefused, 1},
                    StuckCompensation{StuckReason::CompensationExhausted, 1},
                    Compensated{UndoneBy::Call}};
        case Kind::Event:
        case Kind::EventElement:
            return {Succeeded{},
                    InDoubt{},
                    Failed{},
                    Cancelled{},
                    CompensationBackingOff{2, 1, kDue},
                    CompensationAwaitingCallback{1, 1, kDue},
                    StuckCompensation{StuckReason::CompensationRefused, 1},
                    StuckCompensation{StuckReason::CompensationExhausted, 1},
                    StuckCompensation{StuckReason::CompensationExpressionError, 1},
                    Compensated{UndoneBy::Call}};
        case Kind::EventAlone:
            return {Succeeded{}, Cancelled{},
                    StuckCompensation{StuckReason::CompensationExpressionError, 1},
                    Compensated{UndoneBy::Call}};
        case Kind::EventWait:
        case Kind::Wait:
            return {Succeeded{}, Cancelled{}};
        case Kind::Child:
            return {Settling{1, false},
                    Settling{3, true},
                    Succeeded{},
                    InDoubt{},
                    Failed{},
                    Cancelled{},
                    Compensating{1, 1},
                    StuckCompensation{StuckReason::CompensationRefused, 1},
                    Compensated{UndoneBy::Call}};
    }
    return {};
}

bool has_elements(Kind kind) { return kind == Kind::Element || kind == Kind::EventElement; }

/// Whether a step can be in that state at all: the table has no row for what can't be.
bool can_be(Kind kind, const Step& step, const StepState& state) {
    const bool is_optional = step.necessity == Necessity::Optional;
    if (is_in<Failed, InDoubt>(state)) return is_optional;
    const auto* stuck = std::get_if<StuckAction>(&state);
    if (stuck == nullptr) return true;
    if (is_optional) return false;
    switch (stuck->reason) {
        case StuckReason::InDoubt:
            return step.position == Position::After
                       ? kind == Kind::Callback
                       : step.position == Position::Pivot || step.in_doubt == InDoubtPolicy::Park;
        case StuckReason::OutputError:
            return step.position != Position::Before;
        case StuckReason::ExpressionError:
            return step.position == Position::After && (!has_elements(kind) || stuck->attempt > 0);
        default:
            return step.position == Position::After;
    }
}

// ---- Scenes ------------------------------------------------------------------------------------

std::uint32_t last_attempt(const StepState& state) {
    if (const auto* calling = std::get_if<Calling>(&state)) return calling->attempt;
    if (const auto* settling = std::get_if<Settling>(&state)) return settling->attempt;
    if (const auto* waiting = std::get_if<BackingOff>(&state)) return waiting->attempt - 1;
    if (const auto* awaiting = std::get_if<AwaitingCallback>(&state)) return awaiting->attempt;
    if (const auto* stuck = std::get_if<StuckAction>(&state)) return stuck->attempt;
    return is_in<Pending, Cancelled, Skipped>(state) ? 0 : 1;
}

/// Try 7 was given up, so that its answer comes late.
void put(StepRun& run, const StepState& state) {
    run.state = state;
    run.attempts = last_attempt(state);
    if (run.attempts > 0) run.started_at = kStart;
    if (const auto* undoing = std::get_if<Compensating>(&state)) {
        run.compensation_attempts = undoing->attempt;
    } else if (const auto* awaiting = std::get_if<CompensationAwaitingCallback>(&state)) {
        run.compensation_attempts = awaiting->attempt;
    } else if (const auto* stuck = std::get_if<StuckCompensation>(&state)) {
        run.compensation_attempts = stuck->attempt;
    }
    const auto* action = std::get_if<StuckAction>(&state);
    run.has_taken_effect = action != nullptr && action->reason == StuckReason::OutputError;
    run.unanswered = {{Phase::Action, 7}};
}

Saga begun(const Definition& definition) {
    Saga saga = make_saga(definition, "s1", kStart, make_value(Json{{"items", {"a", "b", "c"}}}));
    saga.deadline_at = kStart;  // So that a deadline event counts.
    return apply(definition, std::move(saga), Begin{}, kStart).saga;
}

void turn_around(Saga& saga) {
    saga.direction = Direction::Backward;
    saga.turned = Failure{std::nullopt, "cancelled"};
}

bool is_to_undo(const StepState& state) { return is_in<Succeeded, InDoubt>(state); }
bool is_closed(const StepState& state) {
    return is_in<Failed, Skipped, Cancelled, Compensated>(state);
}

Saga forward_saga(const Definition& definition, const StepState& state) {
    Saga saga = begun(definition);
    if (!is_in<Pending>(state)) saga.step(kFirst).state = Succeeded{};
    put(saga.step(kWatched), state);
    const bool is_done = is_in<Succeeded, Skipped, Failed, InDoubt>(state);
    if (is_done) saga.step(kLast).state = Calling{1, 1, false};
    return saga;
}

Saga backward_saga(const Definition& definition, const StepState& state) {
    Saga saga = begun(definition);
    turn_around(saga);
    const bool has_undo = definition.step(kWatched).undo.index() != 0 ||
                          std::holds_alternative<ChildSaga>(definition.step(kWatched).action);
    saga.step(kFirst).state = Succeeded{};
    put(saga.step(kWatched), state);
    saga.step(kLast).state = Cancelled{};
    if (has_undo && is_to_undo(state)) {
        saga.step(kLast).state = Compensating{1, 1};  // Else it were undone by now.
    } else if (is_closed(state) || is_to_undo(state)) {
        saga.step(kFirst).state = Compensating{1, 1};
    }
    return saga;
}

/// How another element is called, or undone. An event is published by then.
StepState other_calling(const Definition& definition) {
    if (event_called(definition.step(kWatched), Phase::Action) == nullptr) {
        return Calling{1, 1, false};
    }
    return AwaitingCallback{1, 1, false, kDue};
}
StepState other_undoing(const Definition& definition) {
    if (event_called(definition.step(kWatched), Phase::Compensation) == nullptr) {
        return Compensating{1, 1};
    }
    return CompensationAwaitingCallback{1, 1, kDue};
}

/// The watched one is the element in the middle of three; one at a time is under way.
Saga forward_elements(const Definition& definition, const StepState& state) {
    Saga saga = forward_saga(definition, Iterating{});
    StepRun& step = saga.step(kWatched);
    step.items = make_value(Json{"a", "b", "c"});
    step.elements.resize(3);
    step.elements[0].state =
        is_in<Pending>(state) ? other_calling(definition) : StepState{Succeeded{}};
    put(step.elements[1], state);
    const bool is_done = is_in<Succeeded, Skipped, Failed, InDoubt>(state);
    if (is_done) step.elements[2].state = other_calling(definition);
    return saga;
}

Saga backward_elements(const Definition& definition, const StepState& state) {
    Saga saga = backward_saga(definition, Iterating{});
    StepRun& step = saga.step(kWatched);
    step.items = make_value(Json{"a", "b", "c"});
    step.elements.resize(3);
    step.elements[0].state = Succeeded{};
    put(step.elements[1], state);
    step.elements[2].state = Cancelled{};
    if (is_to_undo(state)) {
        step.elements[2].state = other_undoing(definition);
    } else if (is_closed(state) || is_in<StuckCompensation>(state)) {
        step.elements[0].state = other_undoing(definition);
    }
    return saga;
}

using Definitions = std::shared_ptr<const Definition>;

Section forward(const std::string& title, Kind kind, Definitions definition) {
    Section section{title + ", forward", {}};
    for (const StepState& state : forward_states(kind)) {
        if (!can_be(kind, definition->step(kWatched), state)) continue;
        const bool is_element = has_elements(kind);
        section.scenes.push_back(
            {describe(state), definition,
             is_element ? forward_elements(*definition, state) : forward_saga(*definition, state),
             is_element ? element_of(kWatched, 1) : kWatched});
    }
    return section;
}

Section backward(const std::string& title, Kind kind, Definitions definition) {
    Section section{title + ", backward", {}};
    for (const StepState& state : backward_states(kind)) {
        const bool is_element = has_elements(kind);
        section.scenes.push_back(
            {describe(state), definition,
             is_element ? backward_elements(*definition, state) : backward_saga(*definition, state),
             is_element ? element_of(kWatched, 1) : kWatched});
    }
    return section;
}

void add_kind(std::vector<Section>& sections, Kind kind, const std::string& what) {
    const auto with = [kind](Position position, const std::string& more) {
        return definition_for(kind, position, more);
    };
    const auto before = with(Position::Before, "");
    sections.push_back(forward(what + "before the pivot", kind, before));
    const bool is_wait = kind == Kind::Wait || kind == Kind::EventWait;
    if (!is_wait && kind != Kind::EventAlone) {
        sections.push_back(forward(what + "before the pivot, in_doubt: park", kind,
                                   with(Position::Before, R"(, "in_doubt": "park")")));
    }
    sections.push_back(forward(what + "before the pivot, optional", kind,
                               with(Position::Before, R"(, "optional": true)")));
    sections.push_back(backward(what + "before the pivot", kind, before));
    if (!has_elements(kind)) {
        sections.push_back(forward(what + "the pivot", kind, with(Position::Pivot, "")));
    }
    if (kind == Kind::Http || kind == Kind::Callback || kind == Kind::Event) {
        sections.push_back(forward(what + "the pivot with a compensation", kind,
                                   with(Position::Pivot,
                                        R"(, "compensation": {"http": {"method": "DELETE",
                                                        "url": "http://127.0.0.1:9/x"}})")));
    }
    sections.push_back(forward(what + "after the pivot", kind, with(Position::After, "")));
}

/// What a child's compensation does, where it is declared.
void add_undoing_of_children(std::vector<Section>& sections) {
    const std::string by_saga = R"({"saga": {"definition": "undo"}})";
    for (const auto& [what, call] :
         {std::pair{"a call", std::string(kHttp)}, {"a child", by_saga}}) {
        sections.push_back(backward(
            std::string("a child undone by ") + what, Kind::Child,
            definition_for(Kind::Child, Position::Before, R"(, "compensation": )" + call)));
    }
    // The third child completed; it is the one to turn.
    Section third{"the third child of a step, backward", {}};
    const auto definition = definition_for(Kind::Child, Position::Before, "");
    Saga saga = backward_saga(*definition, Compensating{1, 1});
    saga.step(kWatched).attempts = 3;
    third.scenes.push_back({"compensating 1", definition, std::move(saga), kWatched});
    sections.push_back(std::move(third));
}

/// A `for_each` step itself, and elements whose end is that of the step; the others have sections
/// of their own.
Section iterating() {
    const auto definition = definition_for(Kind::Element, Position::Before, "");
    Saga last = forward_elements(*definition, Succeeded{});
    put(last.step(element_of(kWatched, 2)), Calling{1, 1, false});
    Saga first = backward_elements(*definition, Compensated{UndoneBy::Call});
    put(first.step(element_of(kWatched, 0)), Compensating{1, 1});
    Saga only = backward_elements(*definition, Settling{1, false});
    only.step(element_of(kWatched, 0)).state = Failed{};
    return {"for_each, the step itself",
            {{"iterating, an element calling", definition,
              forward_elements(*definition, Calling{1, 1, false}), kWatched},
             {"iterating, an element compensating", definition,
              backward_elements(*definition, Compensating{1, 1}), kWatched},
             {"calling 1, the last element", definition, last, element_of(kWatched, 2)},
             {"compensating 1, the first element", definition, first, element_of(kWatched, 0)},
             {"settling 1, nothing else to undo", definition, only, element_of(kWatched, 1)}}};
}

/// Sagas that were suspended with a try to publish.
Section held_back() {
    Section section{"an event that is held back, for the saga is suspended", {}};
    const auto add = [&section](Kind kind, const StepState& state) {
        const auto definition = definition_for(kind, Position::Before, "");
        const bool is_undo = is_in<Compensating>(state);
        Saga saga = is_undo ? backward_saga(*definition, state) : forward_saga(*definition, state);
        saga.suspension = Suspension::Suspended;
        const std::string what = kind == Kind::EventAlone ? ", without a reply" : "";
        section.scenes.push_back({describe(state) + what, definition, std::move(saga), kWatched});
    };
    for (const Kind kind : {Kind::Event, Kind::EventAlone}) {
        add(kind, Calling{1, 1, false});
        add(kind, Compensating{1, 1});
    }
    add(Kind::Event, Calling{2, 1, true});
    add(Kind::Event, BackingOff{2, 1, true, kDue});
    add(Kind::Event, AwaitingCallback{1, 1, false, kDue});
    add(Kind::EventWait, AwaitingCallback{1, 1, false, kDue});
    return section;
}

/// What can't be made: the next one in a row.
Section unrenderable() {
    Section section{"an event that can't be made, after the watched step", {}};
    for (const auto& [title, member] :
         {std::pair{"data", R"("data": "$input.missing")"},
          {"subject", R"("subject": "{$input.items.x}")"},
          {"match", R"("reply": {"topic": "a", "success": {"type": "b"}, "match":
                       {"event": "$event.data.x", "saga": "$input.items"}})"}}) {
        const auto definition =
            define(R"({"name": "table", "steps": [)" + other_step("first", Position::Before) +
                   R"(, {"name": "watched", )" + watched_step(Kind::Http, Position::Before) +
                   R"(}, {"name": "last", "compensation": "none",
                   "action": {"event": {"topic": "orders", "type": "x", )" +
                   member + "}}}]}");
        section.scenes.push_back({std::string("calling 1, then an event without ") + title,
                                  definition, forward_saga(*definition, Calling{1, 1, false}),
                                  kWatched});
    }
    return section;
}

Section queued() {
    const auto definition = definition_for(Kind::Http, Position::Before, "", R"(, "lock": "x")");
    const auto with_lock = [&](const StepState& state, bool is_held) {
        Saga saga = forward_saga(*definition, state);
        if (!is_held) saga.step(kFirst).state = Pending{};
        saga.lock = SagaLock{"x", is_held};
        return saga;
    };
    return {"a saga with a lock",
            {{"pending, in the queue", definition, with_lock(Pending{}, false), kFirst},
             {"calling 1, the lock held", definition, with_lock(Calling{1, 1, false}, true),
              kWatched}}};
}

Section children() {
    const auto before = definition_for(Kind::Http, Position::Before, "");
    const auto pivot = definition_for(Kind::Http, Position::Pivot, "");
    const auto completed = [](const Definition& definition, bool has_parent) {
        Saga saga = begun(definition);
        for (StepRun& run : saga.steps) put(run, Succeeded{});
        saga.end = End{Status::Completed, kStart, nullptr, ""};
        if (has_parent) saga.parent = Parent{"p1", kFirst, Phase::Action, 1};
        return saga;
    };
    Saga running = forward_saga(*before, Calling{1, 1, false});
    running.parent = Parent{"p1", kFirst, Phase::Action, 1};
    return {
        "a child, from inside",
        {{"calling 1, a child", before, running, kWatched},
         {"succeeded, a completed child", before, completed(*before, true), kLast},
         {"succeeded, a completed child past its pivot", pivot, completed(*pivot, true), kWatched},
         {"succeeded, completed without a parent", before, completed(*before, false), kLast}}};
}

}  // namespace

std::vector<Section> table_sections() {
    std::vector<Section> sections;
    add_kind(sections, Kind::Http, "");
    add_kind(sections, Kind::Callback, "answered by callback, ");
    add_kind(sections, Kind::Wait, "a wait, ");
    add_kind(sections, Kind::Child, "a child, ");
    add_undoing_of_children(sections);
    add_kind(sections, Kind::Element, "an element, ");
    sections.push_back(iterating());
    sections.push_back(queued());
    sections.push_back(children());
    add_kind(sections, Kind::Event, "by event, ");
    add_kind(sections, Kind::EventElement, "an element by event, ");
    add_kind(sections, Kind::EventAlone, "an event without a reply, ");
    add_kind(sections, Kind::EventWait, "a wait for an event, ");
    sections.push_back(held_back());
    sections.push_back(unrenderable());
    return sections;
}

namespace {

std::vector<std::pair<std::string, Answer>> answers() {
    Reply broken = reply(200);
    broken.body = BodyError{"not JSON"};
    using How = ChildEnd::How;
    return {{"2xx", reply(200, Json{{"id", 1}})},
            {"202", reply(202)},
            {"2xx broken body", broken},
            {"4xx", reply(409)},
            {"4xx by rule", reply(404)},
            {"429", reply(429)},
            {"5xx", reply(500)},
            {"lost", Lost{"no reply"}},
            {"not sent", NotSent{"refused"}},
            {"child completed", ChildEnd{How::Completed, make_value(Json{{"id", 1}}), ""}},
            {"child compensated", ChildEnd{How::Compensated, nullptr, "refused"}},
            {"child abandoned", ChildEnd{How::Abandoned, nullptr, ""}}};
}

}  // namespace

std::vector<NamedEvent> table_events(StepIndex step) {
    std::vector<NamedEvent> all = {{"begin", Begin{}}};
    for (const Phase phase : {Phase::Action, Phase::Compensation}) {
        const std::string text(to_text(phase));
        for (const std::uint32_t attempt : {1u, 3u}) {
            const std::string one = text + " " + std::to_string(attempt) + " ";
            for (auto& [name, answer] : answers()) {
                all.emplace_back(one + name, Answered{step, phase, attempt, std::move(answer)});
            }
            all.emplace_back(one + "unsendable", Unsendable{step, phase, attempt, "no such path"});
        }
        for (const std::uint32_t attempt : {1u, 2u, 3u}) {
            all.emplace_back(text + " " + std::to_string(attempt) + " due",
                             Due{step, phase, attempt});
        }
        all.emplace_back(
            text + " called back success",
            CalledBack{step, phase, Outcome::Success, make_value(Json{{"id", 3}}), ""});
        for (const Outcome outcome : {Outcome::Failure, Outcome::Retry, Outcome::Unknown}) {
            all.emplace_back(text + " called back " + std::string(to_text(outcome)),
                             CalledBack{step, phase, outcome, nullptr, ""});
        }
        all.emplace_back(text + " event of success",
                         CalledBack{step, phase, Outcome::Success, make_value(Json{{"id", 4}}), "",
                                    EventRef{"orders", 8}});
        all.emplace_back(
            text + " event of failure",
            CalledBack{step, phase, Outcome::Failure, nullptr, "sold out", EventRef{"orders", 9}});
    }
    all.emplace_back("deadline", DeadlinePassed{});
    all.emplace_back("lock granted", LockGranted{});
    all.emplace_back("parent turned", ParentTurned{});
    all.emplace_back("cancel", Cancel{somebody()});
    all.emplace_back("retry", Retry{step, somebody()});
    all.emplace_back("resolve succeeded",
                     Resolve{step, ResolveAs::Succeeded, make_value(Json{{"id", 2}}), somebody()});
    all.emplace_back("resolve compensated",
                     Resolve{step, ResolveAs::Compensated, nullptr, somebody()});
    all.emplace_back("resolve skipped", Resolve{step, ResolveAs::Skipped, nullptr, somebody()});
    all.emplace_back("abandon", Abandon{somebody()});
    all.emplace_back("suspend", Suspend{somebody()});
    all.emplace_back("resume", Resume{somebody()});
    return all;
}

}  // namespace skald::sagas
