#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/definition.h"

namespace skald::sagas {

/// Where a value is used.
enum class FlowPlace : std::uint8_t {
    When,
    ForEach,
    Url,
    Query,
    Headers,
    Body,
    Until,
    Input,    ///< Of a child.
    Subject,  ///< Of an event.
    Data,     ///< Of an event.
    Match,    ///< What an event that is awaited is found by.
    Outcome,
    Output,  ///< Of a step, or of the saga.
    Compensation,
    Label,  ///< Of the saga.
    Lock,   ///< Of the saga.
};

std::string_view place_text(FlowPlace place);

/// A value that goes from the input or a step to a step or the saga.
struct Flow {
    std::optional<StepIndex> source;  ///< None: the saga's input.
    /// Which, as the expression says it, without "?": "order_id" of the input (empty: all of it),
    /// "output.id" or "status" of a step.
    std::string value;
    std::optional<StepIndex> target;  ///< None: the saga itself.
    FlowPlace place;

    auto operator<=>(const Flow&) const = default;
};

/// A compensation that can run, or a child that can be turned.
struct UndoStep {
    StepIndex step;
    /// Whose compensations must be over first: the nearest of those that come after the step.
    std::vector<StepIndex> after;

    bool operator==(const UndoStep&) const = default;
};

/// What a definition looks like from above: what follows from what, what is undone in which order,
/// and which value is used where. Borrows the definition.
struct DefinitionGraph {
    const Definition& definition;
    /// By step, from 0: how many steps come before it at least, one behind the other. Those of one
    /// stage may run at the same time.
    std::vector<std::size_t> stages;
    std::vector<UndoStep> undo;  ///< In an order in which they may run; none after the pivot.
    std::vector<Flow> flows;     ///< Each once, by target, in the order of the document.
};

/// Pure; its cost is about that of the definition's expressions.
DefinitionGraph graph_of(const Definition& definition);

enum class GraphFormat : std::uint8_t { JsonObject, Mermaid, Dot };

/// None: there is no format of this name ("json", "mermaid", "dot").
std::optional<GraphFormat> read_graph_format(std::string_view name);

/// The graph as text, in UTF-8. Whatever the definition holds, it is text that the format's own
/// tools read: what could be taken for syntax is escaped, what is long is cut.
std::string write_graph(const DefinitionGraph& graph, GraphFormat format);

// graph_json.cpp; its members are described in docs/api.md.
std::string write_graph_json(const DefinitionGraph& graph);
// graph_mermaid.cpp: a flowchart of Mermaid (mermaid.js.org).
std::string write_graph_mermaid(const DefinitionGraph& graph);
// graph_dot.cpp: a digraph of Graphviz (graphviz.org).
std::string write_graph_dot(const DefinitionGraph& graph);

}  // namespace skald::sagas
