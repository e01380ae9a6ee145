#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sagas/draft.h"
#include "tests/sagas/described.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/played.h"
#include "tests/sagas/table_scenes.h"

/// The golden table: what every event does to a step in every state, before, at and after the
/// pivot; and the diagram in docs/machine.md, which is drawn from it.
namespace skald::sagas {
namespace {

constexpr char kTable[] = "tests/sagas/testdata/machine_table.txt";
constexpr char kDiagram[] = "docs/machine.md";

const StepState& state_of(const Saga& saga, StepIndex place) { return saga.step(place).state; }

/// Of what is watched; of an element also the state of its step, where that has moved.
std::string states_after(const Scene& scene, const Saga& after) {
    std::string text = describe(state_of(after, scene.watched));
    const StepIndex step = step_of(scene.watched);
    if (step != scene.watched && state_of(after, step) != state_of(scene.saga, step)) {
        text += "; the step " + describe(state_of(after, step));
    }
    return text;
}

std::string outcome_of(const Scene& scene, Played& played, const Event& event) {
    const Status status_before = status(played.saga());
    const Played::Told told = played.tell(event);
    if (told.refusal) return "refused: " + std::string(to_text(told.refusal->code));
    if (!told.record) return "";
    if (std::holds_alternative<LateCause>(told.record->cause)) return "late row";
    std::string text = states_after(scene, played.saga());
    const Status after = status(played.saga());
    text += "; " + std::string(to_text(after));
    if (after != status_before) text += " (was " + std::string(to_text(status_before)) + ")";
    if (told.record->decision.wanted == Wanted::Set) text += "; turn wanted";
    for (const Publication& each : told.publications) {
        text += "; published: " + describe(played.definition(), each);
    }
    for (const Expectation& each : told.expectations) {
        text += "; expected: " + describe(played.definition(), each);
    }
    if (!told.effects.empty()) {
        text += "; owed: " + describe(played.definition(), told.effects, played.now());
    }
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

/// Without phase and attempt.
std::string label_of(const std::string& event) {
    for (const std::string phase : {"action ", "compensation "}) {
        if (!event.starts_with(phase)) continue;
        const std::string rest = event.substr(phase.size());
        const bool is_numbered = rest.front() >= '0' && rest.front() <= '9';
        return is_numbered ? rest.substr(rest.find(' ') + 1) : rest;
    }
    return event;
}

void add_arrows(Table& table, const Saga& before, const Saga& after, StepIndex place,
                const std::string& event) {
    const std::string from(status_text(state_of(before, place)));
    const std::string to(status_text(state_of(after, place)));
    if (from != to) table.arrows.insert({from, to, label_of(event)});
}

Played played_in(const Scene& scene) {
    Played played(scene.definition);
    played.force(scene.saga);
    return played;
}

/// What comes of events, in the order of the first that brings it; with all that bring the same.
class Rows {
 public:
    void add(const std::string& event, const std::string& outcome) {
        const auto [at, is_new] = events_.try_emplace(outcome, event);
        if (is_new) {
            outcomes_.push_back(outcome);
        } else {
            at->second += ", " + event;
        }
    }
    std::string text() const {
        std::string text;
        for (const std::string& outcome : outcomes_) {
            text.append(events_.at(outcome)).append(" -> ").append(outcome).append("\n");
        }
        return text;
    }

 private:
    std::vector<std::string> outcomes_;
    std::map<std::string, std::string> events_;
};

void add_rows(Table& table, const Scene& scene) {
    Rows rows;
    std::size_t without_change = 0;
    auto events = table_events(scene.watched);
    events.emplace_back("late answer to 7",
                        Answered{scene.watched, Phase::Action, 7, Lost{"no reply"}});
    for (const auto& [name, event] : events) {
        Played played = played_in(scene);
        const std::string outcome = outcome_of(scene, played, event);
        if (outcome.empty()) {
            ++without_change;
            continue;
        }
        rows.add(name, outcome);
        add_arrows(table, scene.saga, played.saga(), scene.watched, name);
        if (step_of(scene.watched) != scene.watched) {
            add_arrows(table, scene.saga, played.saga(), step_of(scene.watched), name);
        }
    }
    table.text += "-- " + scene.title + "\n" + rows.text();
    table.text += "no change: the other " + std::to_string(without_change) + "\n";
}

Table make_table() {
    Table table;
    table.text =
        "What every event does to a step in every state; other steps stand as they then must.\n"
        "Written by machine_table_test.cpp; SKALD_REWRITE=1 writes it anew.\n";
    for (const Section& section : table_sections()) {
        table.text += "== " + section.title + "\n";
        for (const Scene& scene : section.scenes) add_rows(table, scene);
    }
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
    for (const Section& section : table_sections()) {
        for (const Scene& scene : section.scenes) {
            seen.insert(state_of(scene.saga, scene.watched).index());
        }
    }
    EXPECT_EQ(seen.size(), std::variant_size_v<StepState>);
}

TEST(MachineTable, EveryEventHasItsRows) {
    std::set<std::size_t> seen;
    std::set<std::size_t> answers;
    std::set<std::pair<Phase, Outcome>> callbacks;
    std::set<std::pair<Phase, Outcome>> replies;
    std::set<std::pair<Phase, ChildEnd::How>> ends;
    for (const auto& [name, event] : table_events(StepIndex{1})) {
        seen.insert(event.index());
        if (const auto* callback = std::get_if<CalledBack>(&event)) {
            (callback->event ? replies : callbacks).insert({callback->phase, callback->outcome});
        }
        if (const auto* answered = std::get_if<Answered>(&event)) {
            answers.insert(answered->answer.index());
            const auto* end = std::get_if<ChildEnd>(&answered->answer);
            if (end != nullptr) ends.insert({answered->phase, end->how});
        }
    }
    EXPECT_EQ(seen.size(), std::variant_size_v<Event>);
    EXPECT_EQ(answers.size(), std::variant_size_v<Answer>);
    EXPECT_EQ(callbacks.size(), 2u * 4u) << "each outcome of each phase";
    EXPECT_EQ(replies.size(), 2u * 2u) << "success and failure of each phase";
    EXPECT_EQ(ends.size(), 2u * 3u) << "each end of each phase";
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
