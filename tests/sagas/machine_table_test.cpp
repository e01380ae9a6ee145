#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/sagas/described.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/played.h"

/// The golden table: what every event does to a step in every state, before, at and after the
/// pivot; and the diagram in docs/machine.md, which is drawn from it.
namespace skald::sagas {
namespace {

constexpr char kTable[] = "tests/sagas/testdata/machine_table.txt";
constexpr char kDiagram[] = "docs/machine.md";

/// Three steps in a row; the one in the middle is watched. A 404 is a failure by rule.
std::shared_ptr<const Definition> definition_for(Position position, const std::string& more) {
    const std::string http = R"({"http": {"method": "POST", "url": "http://127.0.0.1:9/x"}})";
    const std::string undo = R"(, "compensation": )" + http;
    const auto step = [&](const std::string& name, Position at, const std::string& extra) {
        return R"({"name": ")" + name + R"(", "action": )" + http +
               (at == Position::Before ? undo : "") +
               (at == Position::Pivot ? R"(, "pivot": true)" : "") + extra + "}";
    };
    const std::string watched =
        R"(, "retry": {"maximum_attempts": 3, "jitter": 0},
            "output": "$response.body",
            "outcome": [{"when": "$response.status == 404", "is": "failure"}])" +
        more;
    const Position last = position == Position::Before ? Position::Before : Position::After;
    const bool has_pivot_first = position == Position::After;
    return define(R"({"name": "table", "deadline": "1h", "steps": [)" +
                  step("first", has_pivot_first ? Position::Pivot : Position::Before, "") + "," +
                  step("watched", position, watched) + "," + step("last", last, "") + "]}");
}

struct Row {
    std::string text;  ///< "calling 1"
    StepState state;
};

std::vector<Row> forward_states() {
    const Timestamp due = kStart + Milliseconds{1'000};
    std::vector<StepState> states = {
        Pending{},
        Calling{1, 1, false},
        Calling{1, 1, true},
        Calling{3, 1, false},
        Calling{3, 1, true},
        BackingOff{2, 1, false, due},
        BackingOff{2, 1, true, due},
        Succeeded{},
        Skipped{},
        StuckAction{StuckReason::InDoubt, 3, true},
        StuckAction{StuckReason::Refused, 1, false},
        StuckAction{StuckReason::Exhausted, 3, false},
        StuckAction{StuckReason::ExpressionError, 0, false},
        StuckAction{StuckReason::OutputError, 1, false},
    };
    std::vector<Row> rows;
    rows.reserve(states.size());
    for (StepState& state : states) rows.push_back({describe(state), state});
    return rows;
}

std::vector<Row> backward_states() {
    const Timestamp due = kStart + Milliseconds{1'000};
    std::vector<StepState> states = {
        Settling{1, false},
        Settling{1, true},
        Succeeded{},
        InDoubt{},
        Failed{},
        Skipped{},
        Cancelled{},
        Compensating{1, 1},
        CompensationBackingOff{2, 1, due},
        StuckCompensation{StuckReason::CompensationRefused, 1},
        Compensated{UndoneBy::Call},
    };
    std::vector<Row> rows;
    rows.reserve(states.size());
    for (StepState& state : states) rows.push_back({describe(state), state});
    return rows;
}

/// Whether a step there can be in that state at all: the table has no row for what can't be.
bool can_be(Position position, const StepState& state) {
    const auto* stuck = std::get_if<StuckAction>(&state);
    if (stuck == nullptr) return true;
    switch (stuck->reason) {
        case StuckReason::InDoubt:
            return position != Position::After;
        case StuckReason::OutputError:
            return position != Position::Before;
        default:
            return position == Position::After;
    }
}

using NamedEvent = std::pair<std::string, Event>;

std::vector<NamedEvent> events(StepIndex step) {
    std::vector<NamedEvent> all = {{"begin", Begin{}}};
    for (const Phase phase : {Phase::Action, Phase::Compensation}) {
        for (const std::uint32_t attempt : {1u, 3u}) {
            const auto add = [&](const std::string& name, Answer answer) {
                all.emplace_back(
                    std::string(to_text(phase)) + " " + std::to_string(attempt) + " " + name,
                    Answered{step, phase, attempt, std::move(answer)});
            };
            add("2xx", reply(200, Json{{"id", 1}}));
            Reply broken = reply(200);
            broken.body = BodyError{"not JSON"};
            add("2xx broken body", broken);
            add("4xx", reply(409));
            add("4xx by rule", reply(404));
            add("429", reply(429));
            add("5xx", reply(500));
            add("lost", Lost{"no reply"});
            add("not sent", NotSent{"refused"});
            all.emplace_back(
                std::string(to_text(phase)) + " " + std::to_string(attempt) + " unsendable",
                Unsendable{step, phase, attempt, "no such path"});
        }
        all.emplace_back(std::string(to_text(phase)) + " 2 due", Due{step, phase, 2});
    }
    all.emplace_back("deadline", DeadlinePassed{});
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

/// A saga whose watched step is in `state`, the others as they then are.
Played saga_in(std::shared_ptr<const Definition> definition, const StepState& state,
               Direction direction, std::uint32_t given_up) {
    Played played(std::move(definition));
    played.begin();
    Saga saga = played.saga();
    const StepIndex watched = played.index("watched");
    const bool is_done =
        std::holds_alternative<Succeeded>(state) || std::holds_alternative<Skipped>(state);
    if (!std::holds_alternative<Pending>(state)) saga.steps[0].state = Succeeded{};
    saga.step(watched).state = state;
    const auto* stuck = std::get_if<StuckAction>(&state);
    saga.step(watched).has_taken_effect =
        stuck != nullptr && stuck->reason == StuckReason::OutputError;
    if (given_up != 0) saga.step(watched).unanswered.push_back({Phase::Action, given_up});
    if (direction == Direction::Backward) {
        saga.direction = Direction::Backward;
        saga.turned = Failure{std::nullopt, "cancelled"};
        saga.steps[2].state = Cancelled{};
        const bool is_undo_free =
            std::holds_alternative<Succeeded>(state) || std::holds_alternative<InDoubt>(state);
        if (is_undo_free) saga.steps[2].state = Compensating{1, 1};
        const bool is_closed =
            std::holds_alternative<Failed>(state) || std::holds_alternative<Skipped>(state) ||
            std::holds_alternative<Cancelled>(state) || std::holds_alternative<Compensated>(state);
        if (is_closed) saga.steps[0].state = Compensating{1, 1};
    } else if (is_done) {
        saga.steps[2].state = Calling{1, 1, false};
    }
    saga.deadline_at = kStart;  // So that a deadline event counts.
    played.force(std::move(saga));
    return played;
}

std::string outcome_of(Played& played, const Event& event) {
    const Status status_before = status(played.saga());
    const Played::Told told = played.tell(event);
    if (told.refusal) return "refused: " + std::string(to_text(told.refusal->code));
    if (!told.record) return "";
    std::string text = played.state("watched");
    const Status after = status(played.saga());
    text += "; " + std::string(to_text(after));
    if (after != status_before) text += " (was " + std::string(to_text(status_before)) + ")";
    if (told.record->decision.wanted == Wanted::Set) text += "; turn wanted";
    if (!told.effects.empty()) {
        text += "; owed: " + describe(played.definition(), told.effects, played.now());
    }
    if (std::holds_alternative<LateCause>(told.record->cause)) text = "late row";
    return text;
}

struct Arrow {
    std::string from, to, label;
    bool operator<(const Arrow& other) const {
        return std::tie(from, to, label) < std::tie(other.from, other.to, other.label);
    }
};

struct Table {
    std::string text;
    std::set<Arrow> arrows;
};

void add_rows(Table& table, Position position, Direction direction, const std::string& more,
              const std::string& title) {
    const auto definition = definition_for(position, more);
    table.text += "== " + title + "\n";
    const auto rows = direction == Direction::Forward ? forward_states() : backward_states();
    for (const Row& row : rows) {
        if (!can_be(position, row.state)) continue;
        table.text += "-- " + row.text + "\n";
        std::string nothing;
        for (const auto& [name, event] : events(StepIndex{1})) {
            Played played = saga_in(definition, row.state, direction, 7);
            const std::string outcome = outcome_of(played, event);
            if (outcome.empty()) {
                nothing += nothing.empty() ? "" : ", ";
                nothing += name;
                continue;
            }
            table.text.append(name).append(" -> ").append(outcome).append("\n");
            const std::string from(status_text(row.state));
            const std::string to(status_text(played.saga().step(StepIndex{1}).state));
            if (from != to && outcome != "late row") {
                std::string label = name;
                for (const char* prefix : {"action 1 ", "action 3 ", "action 2 ", "compensation 1 ",
                                           "compensation 3 ", "compensation 2 "}) {
                    if (label.starts_with(prefix)) label = label.substr(std::string(prefix).size());
                }
                table.arrows.insert({from, to, label});
            }
        }
        Played played = saga_in(definition, row.state, direction, 7);
        table.text += "late answer to 7 -> " +
                      outcome_of(played, Answered{StepIndex{1}, Phase::Action, 7, reply(200)}) +
                      "\n";
        table.text += "no change: " + nothing + "\n";
    }
}

Table make_table() {
    Table table;
    table.text =
        "What every event does to a step in every state; other steps stand as they then must.\n"
        "Written by machine_table_test.cpp; SKALD_REWRITE=1 writes it anew.\n";
    add_rows(table, Position::Before, Direction::Forward, "", "before the pivot, forward");
    add_rows(table, Position::Before, Direction::Forward, R"(, "in_doubt": "park")",
             "before the pivot, in_doubt: park, forward");
    add_rows(table, Position::Before, Direction::Forward, R"(, "optional": true)",
             "before the pivot, optional, forward");
    add_rows(table, Position::Before, Direction::Backward, "", "before the pivot, backward");
    add_rows(table, Position::Pivot, Direction::Forward, "", "the pivot, forward");
    add_rows(table, Position::Pivot, Direction::Forward,
             R"(, "compensation": {"http": {"method": "DELETE", "url": "http://127.0.0.1:9/x"}})",
             "the pivot with a compensation, forward");
    add_rows(table, Position::After, Direction::Forward, "", "after the pivot, forward");
    return table;
}

std::string diagram(const std::set<Arrow>& arrows) {
    std::map<std::pair<std::string, std::string>, std::string> joined;
    for (const Arrow& arrow : arrows) {
        std::string& label = joined[{arrow.from, arrow.to}];
        label += (label.empty() ? "" : ", ") + arrow.label;
    }
    std::string text = "```mermaid\nstateDiagram-v2\n    [*] --> pending\n";
    for (const auto& [ends, label] : joined) {
        text += "    " + ends.first + " --> " + ends.second + ": " + label + "\n";
    }
    return text + "```\n";
}

TEST(MachineTable, EveryStateAndEventDoesWhatTheGoldenFileSays) {
    expect_golden(kTable, make_table().text);
}

TEST(MachineTable, EveryStateHasItsRows) {
    std::set<std::size_t> seen;
    for (const auto& rows : {forward_states(), backward_states()}) {
        for (const Row& row : rows) seen.insert(row.state.index());
    }
    EXPECT_EQ(seen.size(), std::variant_size_v<StepState>);
}

TEST(MachineTable, EveryEventHasItsRows) {
    std::set<std::size_t> seen;
    for (const auto& [name, event] : events(StepIndex{1})) seen.insert(event.index());
    EXPECT_EQ(seen.size(), std::variant_size_v<Event>);
}

TEST(MachineTable, TheDiagramInTheDocsIsDrawnFromIt) {
    const std::string begin_mark = "<!-- drawn by tests/sagas/machine_table_test.cpp -->\n";
    const std::string document = read_file(std::string(SKALD_SOURCE_DIR) + "/" + kDiagram);
    const std::size_t begin = document.find(begin_mark);
    const std::size_t end = document.find("```\n", document.find("```mermaid", begin) + 10);
    ASSERT_NE(begin, std::string::npos);
    ASSERT_NE(end, std::string::npos);
    expect_golden(kDiagram, document.substr(0, begin) + begin_mark + diagram(make_table().arrows) +
                                document.substr(end + 4));
}

}  // namespace
}  // namespace skald::sagas
