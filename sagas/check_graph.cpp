#include "sagas/checks.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

void check_cycles(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems) {
    std::vector<bool> is_told(graph.size(), false);
    for (std::size_t i = 0; i < graph.size(); ++i) {
        if (!graph.is_in_cycle(i) || is_told[i]) continue;
        for (std::size_t j = 0; j < graph.size(); ++j) {
            if (graph.is_ancestor(i, j) && graph.is_ancestor(j, i)) is_told[j] = true;
        }
        std::string way;
        for (const std::size_t step : graph.cycle(i)) {
            if (!way.empty()) way += " -> ";
            way += parsed.step_names[step];
        }
        problems.add("cycle", parsed.steps[i].pointer + "/after",
                     "these steps wait for each other: " + way,
                     "take one of them out of an `after`");
    }
}

void check_pivot(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems) {
    const std::optional<std::size_t> pivot = find_pivot(parsed);
    if (!pivot) return;
    const std::string pivot_name = in_quotes(parsed.step_names[*pivot]);
    for (std::size_t i = 0; i < parsed.steps.size(); ++i) {
        const ParsedStep& step = parsed.steps[i];
        if (i != *pivot && step.is_pivot) {
            problems.add("second-pivot", step.pointer + "/pivot", pivot_name + " is the pivot",
                         "a saga has one point of no return at most");
        } else if (!position(graph, pivot, i) && !step.has_unknown_after &&
                   !parsed.steps[*pivot].has_unknown_after) {
            problems.add("beside-pivot", step.pointer,
                         "the step comes neither before nor after the pivot " + pivot_name,
                         "order them with `after`: once the pivot is through nothing is undone, so "
                         "nothing may run beside it");
        }
    }
}

void check_optional(const ParsedStep& step, Problems& problems) {
    if (!step.is_optional) return;
    if (step.is_pivot) {
        problems.add("optional-pivot", step.pointer + "/optional", "a pivot can't be optional",
                     "the saga goes forward only because the pivot succeeded");
    }
    if (step.in_doubt == "park") {
        problems.add("optional-park", step.pointer + "/in_doubt",
                     "an optional step in doubt settles well, and never parks the saga",
                     "leave `in_doubt` or `optional` out");
    }
}

/// A `wait` has nothing to undo, and a child undoes itself.
bool needs_compensation(const ParsedStep& step) {
    return action_as<ParsedCall>(step.action) != nullptr ||
           action_as<ParsedEvent>(step.action) != nullptr;
}

}  // namespace

StepGraph make_graph(const ParsedDefinition& parsed) {
    std::vector<std::vector<std::size_t>> after;
    after.reserve(parsed.steps.size());
    for (const ParsedStep& step : parsed.steps) after.push_back(step.after);
    return StepGraph(after);
}

std::optional<std::size_t> find_pivot(const ParsedDefinition& parsed) {
    for (std::size_t i = 0; i < parsed.steps.size(); ++i) {
        if (parsed.steps[i].is_pivot) return i;
    }
    return std::nullopt;
}

std::optional<Position> position(const StepGraph& graph, std::optional<std::size_t> pivot,
                                 std::size_t step) {
    if (!pivot) return Position::Before;
    if (*pivot == step) return Position::Pivot;
    if (graph.is_ancestor(step, *pivot)) return Position::Before;
    if (graph.is_ancestor(*pivot, step)) return Position::After;
    return std::nullopt;
}

void check_graph(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems) {
    check_cycles(parsed, graph, problems);
    check_pivot(parsed, graph, problems);
    const std::optional<std::size_t> pivot = find_pivot(parsed);
    for (std::size_t i = 0; i < parsed.steps.size(); ++i) {
        const ParsedStep& step = parsed.steps[i];
        check_optional(step, problems);
        if (step.is_pivot && step.for_each) {
            problems.add("for-each-pivot", step.pointer + "/for_each",
                         "a pivot is one call: of several, some may succeed and others fail",
                         "put the steps with `for_each` before or after the pivot");
        }
        if (needs_compensation(step) && step.undo.kind == ParsedUndoKind::Unsaid &&
            position(graph, pivot, i) == Position::Before) {
            problems.add("missing-compensation", step.pointer,
                         "the step can be turned back, and nothing says how it is undone",
                         R"(add "compensation", or "compensation": "none" where there is nothing )"
                         "to undo");
        }
    }
}

}  // namespace skald::sagas
