#include <string>
#include <string_view>

#include "sagas/graph.h"
#include "sagas/graph_drawing.h"

namespace skald::sagas {
namespace {

/// In double quotes, where a backslash escapes and "&" begins an entity.
std::string dot_text(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') escaped += '\\';
        escaped += byte;
        if (byte == '&') escaped += "amp;";
    }
    return escaped;
}

std::string dot_label(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text.append(text.empty() ? "" : "\\n").append(dot_text(line));
    }
    return "label=\"" + text + '"';
}

std::string dot_step(StepIndex index) { return "s" + std::to_string(to_size(index)); }
std::string dot_undo(StepIndex index) { return "c" + std::to_string(to_size(index)); }

std::string step_node(StepIndex index, const Step& step) {
    std::string attributes = dot_label(step_lines(step));
    if (step.position == Position::Pivot) attributes += ", shape=hexagon, penwidth=3";
    if (step.necessity == Necessity::Optional) attributes += ", style=dashed";
    return "    " + dot_step(index) + " [" + attributes + "];\n";
}

std::string undo_nodes(const DefinitionGraph& graph) {
    if (graph.undo.empty()) return "";
    std::string text =
        "    subgraph cluster_undo {\n"
        "        label=\"undone in reverse\";\n"
        "        node [style=rounded];\n";
    for (const UndoStep& undo : graph.undo) {
        const Step& step = graph.definition.step(undo.step);
        text += "        " + dot_undo(undo.step) + " [" + dot_label(undo_lines(step)) + "];\n";
    }
    for (const UndoStep& undo : graph.undo) {
        for (const StepIndex first : undo.after) {
            text +=
                "        " + dot_undo(first) + " -> " + dot_undo(undo.step) + " [style=bold];\n";
        }
    }
    text += "    }\n";
    for (const UndoStep& undo : graph.undo) {
        text += "    " + dot_step(undo.step) + " -> " + dot_undo(undo.step) +
                " [label=\"undone by\", arrowhead=none];\n";
    }
    return text;
}

std::string dot_end(const Arrow& arrow) {
    switch (arrow.end) {
        case Arrow::End::StepBox:
            return dot_step(*arrow.target);
        case Arrow::End::UndoBox:
            return dot_undo(*arrow.target);
        case Arrow::End::LockBox:
            return "lock";
        case Arrow::End::OutputBox:
            break;
    }
    return "output";
}

std::string arrow_edges(const DefinitionGraph& graph) {
    std::string nodes, edges;
    bool has_input = false, has_output = false;
    for (const Arrow& arrow : arrows_of(graph)) {
        has_input = has_input || !arrow.source;
        has_output = has_output || arrow.end == Arrow::End::OutputBox;
        const std::string source = arrow.source ? dot_step(*arrow.source) : "input";
        edges += "    " + source + " -> " + dot_end(arrow) + " [style=dotted, " +
                 dot_label({arrow.text}) + "];\n";
    }
    if (has_input) nodes += "    input [shape=oval];\n";
    if (has_output) nodes += "    output [shape=oval];\n";
    return nodes + edges;
}

std::string lock_node(const Definition& definition) {
    if (!definition.lock) return "";
    std::string text = "    lock [" + dot_label(lock_lines(definition)) + ", shape=house];\n";
    for (const StepIndex first : first_steps(definition)) {
        text += "    lock -> " + dot_step(first) + ";\n";
    }
    return text;
}

/// Of what starts a saga: it leads to what comes first.
std::string trigger_node(const Definition& definition) {
    if (definition.triggers.empty()) return "";
    std::string text =
        "    triggers [" + dot_label(trigger_lines(definition)) + ", shape=parallelogram];\n";
    if (definition.lock) return text + "    triggers -> lock;\n";
    for (const StepIndex first : first_steps(definition)) {
        text += "    triggers -> " + dot_step(first) + ";\n";
    }
    return text;
}

}  // namespace

std::string write_graph_dot(const DefinitionGraph& graph) {
    const Definition& definition = graph.definition;
    std::string text = "digraph \"" + dot_text(definition.name) +
                       "\" {\n"
                       "    node [shape=box];\n";
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        text += step_node(StepIndex{static_cast<std::uint32_t>(i)}, definition.steps[i]);
    }
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        const StepIndex index{static_cast<std::uint32_t>(i)};
        for (const StepIndex earlier : definition.steps[i].after) {
            text += "    " + dot_step(earlier) + " -> " + dot_step(index) + ";\n";
        }
    }
    return text + lock_node(definition) + trigger_node(definition) + undo_nodes(graph) +
           arrow_edges(graph) + "}\n";
}

}  // namespace skald::sagas
