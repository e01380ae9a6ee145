#include "sagas/graph.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "sagas/call_templates.h"
#include "sagas/step_graph.h"

namespace skald::sagas {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kPlaceTexts{"when"sv,    "for_each"sv,     "url"sv,   "query"sv,
                                 "headers"sv, "body"sv,         "until"sv, "input"sv,
                                 "subject"sv, "data"sv,         "match"sv, "outcome"sv,
                                 "output"sv,  "compensation"sv, "label"sv, "lock"sv};
constexpr std::array kFormatNames{"json"sv, "mermaid"sv, "dot"sv};

std::string without_prefix(const std::string& text, std::string_view prefix) {
    std::string rest = text.substr(prefix.size());
    if (rest.starts_with('.')) rest.erase(0, 1);
    return rest;
}

FlowPlace flow_place(CallPart part) {
    switch (part) {
        case CallPart::Url:
            return FlowPlace::Url;
        case CallPart::Query:
            return FlowPlace::Query;
        case CallPart::Headers:
            return FlowPlace::Headers;
        case CallPart::Body:
            return FlowPlace::Body;
        case CallPart::Until:
            return FlowPlace::Until;
        case CallPart::Input:
            return FlowPlace::Input;
        case CallPart::Subject:
            return FlowPlace::Subject;
        case CallPart::Data:
            return FlowPlace::Data;
        case CallPart::Match:
            break;
    }
    return FlowPlace::Match;
}

class FlowReader {
 public:
    explicit FlowReader(const Definition& definition) : definition_(definition) {}

    std::vector<Flow> run() && {
        for (std::size_t i = 0; i < definition_.steps.size(); ++i) {
            read(definition_.steps[i], StepIndex{static_cast<std::uint32_t>(i)});
        }
        for (const auto& [name, text] : definition_.labels) {
            add(text, std::nullopt, FlowPlace::Label);
        }
        if (definition_.lock) add(*definition_.lock, std::nullopt, FlowPlace::Lock);
        if (definition_.output) add(*definition_.output, std::nullopt, FlowPlace::Output);
        return std::move(flows_);
    }

 private:
    void read(const Step& step, StepIndex index) {
        if (step.when) add(step.when->uses(), index, FlowPlace::When);
        if (step.for_each) add(step.for_each->items, index, FlowPlace::ForEach);
        for (const CallTemplate& part : templates_of(step.action)) {
            add(part.text, index, flow_place(part.part));
        }
        for (const OutcomeRule& rule : step.outcome) {
            add(rule.when.uses(), index, FlowPlace::Outcome);
        }
        if (step.output) add(*step.output, index, FlowPlace::Output);
        if (const auto* undo = std::get_if<Compensation>(&step.undo)) {
            for (const CallTemplate& part : templates_of(*undo)) {
                add(part.text, index, FlowPlace::Compensation);
            }
        }
    }

    void add(const Template& text, std::optional<StepIndex> target, FlowPlace place) {
        for (const Template::Use& use : text.uses()) add(use.path, target, place);
    }
    void add(const std::vector<Path>& paths, std::optional<StepIndex> target, FlowPlace place) {
        for (const Path& path : paths) add(path, target, place);
    }

    void add(const Path& path, std::optional<StepIndex> target, FlowPlace place) {
        std::string text = path.text;
        if (text.ends_with('?')) text.pop_back();
        switch (path.root.kind) {
            case RootKind::Input:
                return add({std::nullopt, without_prefix(text, "$input"), target, place});
            case RootKind::StepOutput:
            case RootKind::StepStatus:
                return add({path.root.step, without_prefix(text, "$steps." + path.root.name),
                            target, place});
            case RootKind::OwnOutput:
                return add({target, without_prefix(text, "$"), target, place});
            default:
                return;  // Neither the input nor a step gives it.
        }
    }

    void add(Flow flow) {
        if (seen_.insert(flow).second) flows_.push_back(std::move(flow));
    }

    const Definition& definition_;
    std::vector<Flow> flows_;
    std::set<Flow> seen_;
};

StepGraph order_of(const Definition& definition) {
    std::vector<std::vector<std::size_t>> after;
    after.reserve(definition.steps.size());
    for (const Step& step : definition.steps) {
        after.emplace_back();
        for (const StepIndex earlier : step.after) after.back().push_back(to_size(earlier));
    }
    return StepGraph(after);
}

std::vector<std::size_t> stages_of(const Definition& definition) {
    std::vector<std::size_t> stages(definition.steps.size(), 0);
    for (const StepIndex index : definition.order) {
        std::size_t& stage = stages[to_size(index)];
        for (const StepIndex earlier : definition.step(index).after) {
            stage = std::max(stage, stages[to_size(earlier)] + 1);
        }
    }
    return stages;
}

std::vector<UndoStep> undo_of(const Definition& definition) {
    const StepGraph order = order_of(definition);
    const auto comes_after = [&order](StepIndex later, StepIndex earlier) {
        return order.is_ancestor(to_size(earlier), to_size(later));
    };
    std::vector<UndoStep> undo;
    for (auto index = definition.order.rbegin(); index != definition.order.rend(); ++index) {
        if (!can_be_undone(definition.step(*index))) continue;
        std::vector<StepIndex> later;
        for (const UndoStep& each : undo) {
            if (comes_after(each.step, *index)) later.push_back(each.step);
        }
        const auto is_held_by_another = [&](StepIndex one) {
            return std::any_of(later.begin(), later.end(),
                               [&](StepIndex other) { return comes_after(one, other); });
        };
        std::vector<StepIndex> nearest;
        std::copy_if(later.begin(), later.end(), std::back_inserter(nearest),
                     [&](StepIndex one) { return !is_held_by_another(one); });
        undo.push_back({*index, std::move(nearest)});
    }
    return undo;
}

}  // namespace

std::string_view place_text(FlowPlace place) {
    return kPlaceTexts[static_cast<std::size_t>(place)];
}

DefinitionGraph graph_of(const Definition& definition) {
    return {definition, stages_of(definition), undo_of(definition), FlowReader(definition).run()};
}

std::optional<GraphFormat> read_graph_format(std::string_view name) {
    const auto* const found = std::find(kFormatNames.begin(), kFormatNames.end(), name);
    if (found == kFormatNames.end()) return std::nullopt;
    return static_cast<GraphFormat>(found - kFormatNames.begin());
}

std::string write_graph(const DefinitionGraph& graph, GraphFormat format) {
    switch (format) {
        case GraphFormat::JsonObject:
            return write_graph_json(graph);
        case GraphFormat::Mermaid:
            return write_graph_mermaid(graph);
        case GraphFormat::Dot:
            break;
    }
    return write_graph_dot(graph);
}

}  // namespace skald::sagas
