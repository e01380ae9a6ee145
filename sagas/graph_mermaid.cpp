#include <string>
#include <string_view>

#include "sagas/graph.h"
#include "sagas/graph_drawing.h"

namespace skald::sagas {
namespace {

/// What may stand in a quoted text as it is. Not: what ends it, begins an entity or HTML, or is
/// taken for Markdown.
bool is_plain(char byte) {
    const auto code = static_cast<std::uint8_t>(byte);
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || code >= 0x80 ||
           std::string_view(" -_.,:/?!=()[]{}+%@'$").find(byte) != std::string_view::npos;
}

/// Mermaid drops a ";" of an entity behind these words, which it takes for statements, and takes
/// what stands between two "$$" for a formula.
bool begins_more(std::string_view text) {
    return text.starts_with("style") || text.starts_with("classDef") || text.starts_with("$$");
}

std::string mermaid_text(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_plain(text[i]) && !begins_more(text.substr(i))) {
            escaped += text[i];
        } else {
            escaped += '#' + std::to_string(static_cast<std::uint8_t>(text[i])) + ';';
        }
    }
    return escaped;
}

std::string box_text(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text.append(text.empty() ? "" : "<br/>").append(mermaid_text(line));
    }
    return text;
}

std::string mermaid_step(StepIndex index) { return "s" + std::to_string(to_size(index)); }
std::string mermaid_undo(StepIndex index) { return "c" + std::to_string(to_size(index)); }

std::string step_box(StepIndex index, const Step& step) {
    const std::string text = '"' + box_text(step_lines(step)) + '"';
    if (step.position == Position::Pivot) {
        return mermaid_step(index) + "{{" + text + "}}:::pivot";
    }
    const bool is_optional = step.necessity == Necessity::Optional;
    return mermaid_step(index) + '[' + text + ']' + (is_optional ? ":::optional" : "");
}

std::string undo_boxes(const DefinitionGraph& graph) {
    if (graph.undo.empty()) return "";
    std::string text = "    subgraph undo[\"undone in reverse\"]\n";
    for (const UndoStep& undo : graph.undo) {
        const Step& step = graph.definition.step(undo.step);
        text += "        " + mermaid_undo(undo.step) + "(\"" + box_text(undo_lines(step)) + "\")\n";
    }
    for (const UndoStep& undo : graph.undo) {
        for (const StepIndex first : undo.after) {
            text += "        " + mermaid_undo(first) + " ==> " + mermaid_undo(undo.step) + '\n';
        }
    }
    text += "    end\n";
    for (const UndoStep& undo : graph.undo) {
        text += "    " + mermaid_step(undo.step) + " ---|\"undone by\"| " +
                mermaid_undo(undo.step) + '\n';
    }
    return text;
}

std::string mermaid_end(const Arrow& arrow) {
    switch (arrow.end) {
        case Arrow::End::StepBox:
            return mermaid_step(*arrow.target);
        case Arrow::End::UndoBox:
            return mermaid_undo(*arrow.target);
        case Arrow::End::LockBox:
            return "lock";
        case Arrow::End::OutputBox:
            break;
    }
    return "output";
}

std::string arrow_lines(const DefinitionGraph& graph) {
    std::string boxes, lines;
    bool has_input = false, has_output = false;
    for (const Arrow& arrow : arrows_of(graph)) {
        has_input = has_input || !arrow.source;
        has_output = has_output || arrow.end == Arrow::End::OutputBox;
        const std::string source = arrow.source ? mermaid_step(*arrow.source) : "input";
        lines += "    " + source + " -.->|\"" + mermaid_text(arrow.text) + "\"| " +
                 mermaid_end(arrow) + '\n';
    }
    if (has_input) boxes += "    input([\"input\"])\n";
    if (has_output) boxes += "    output([\"output\"])\n";
    return boxes + lines;
}

std::string lock_box(const Definition& definition) {
    if (!definition.lock) return "";
    std::string text = "    lock[[\"" + box_text(lock_lines(definition)) + "\"]]\n";
    for (const StepIndex first : first_steps(definition)) {
        text += "    lock --> " + mermaid_step(first) + '\n';
    }
    return text;
}

/// Of what starts a saga: it leads to what comes first.
std::string trigger_box(const Definition& definition) {
    if (definition.triggers.empty()) return "";
    std::string text = "    triggers[/\"" + box_text(trigger_lines(definition)) + "\"/]\n";
    if (definition.lock) return text + "    triggers --> lock\n";
    for (const StepIndex first : first_steps(definition)) {
        text += "    triggers --> " + mermaid_step(first) + '\n';
    }
    return text;
}

}  // namespace

std::string write_graph_mermaid(const DefinitionGraph& graph) {
    const Definition& definition = graph.definition;
    std::string text = "flowchart TD\n";
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        const StepIndex index{static_cast<std::uint32_t>(i)};
        text += "    " + step_box(index, definition.steps[i]) + '\n';
    }
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        const StepIndex index{static_cast<std::uint32_t>(i)};
        for (const StepIndex earlier : definition.steps[i].after) {
            text += "    " + mermaid_step(earlier) + " --> " + mermaid_step(index) + '\n';
        }
    }
    text += lock_box(definition) + trigger_box(definition) + undo_boxes(graph) + arrow_lines(graph);
    return text +
           "    classDef pivot stroke-width:4px\n"
           "    classDef optional stroke-dasharray:5 5\n";
}

}  // namespace skald::sagas
