#include <string>

#include "sagas/graph.h"
#include "sagas/graph_drawing.h"

namespace skald::sagas {
namespace {

/// Members in the order in which people want to read them.
using Ordered = nlohmann::ordered_json;

class JsonGraph {
 public:
    explicit JsonGraph(const DefinitionGraph& graph)
        : graph_(graph), definition_(graph.definition) {}

    Ordered run() const {
        Ordered json{{"name", definition_.name}};
        if (definition_.deadline) json["deadline"] = to_duration_text(*definition_.deadline);
        if (definition_.pivot) json["pivot"] = name(*definition_.pivot);
        if (definition_.lock) json["lock"] = text(*definition_.lock);
        for (const Trigger& trigger : definition_.triggers) {
            json["triggers"].push_back({{"topic", trigger.topic}, {"type", trigger.type}});
        }
        json["steps"] = Ordered::array();
        for (std::size_t i = 0; i < definition_.steps.size(); ++i) {
            json["steps"].push_back(step(definition_.steps[i], graph_.stages[i]));
        }
        json["undo"] = Ordered::array();
        for (const UndoStep& undo : graph_.undo) {
            json["undo"].push_back({{"step", name(undo.step)}, {"after", names(undo.after)}});
        }
        json["data"] = Ordered::array();
        for (const Flow& flow : graph_.flows) {
            json["data"].push_back({{"from", name_or_null(flow.source)},
                                    {"value", flow.value},
                                    {"to", name_or_null(flow.target)},
                                    {"in", place_text(flow.place)}});
        }
        return json;
    }

 private:
    const std::string& name(StepIndex index) const { return definition_.step(index).name; }
    Ordered name_or_null(std::optional<StepIndex> index) const {
        return index ? Ordered(name(*index)) : Ordered();
    }
    Ordered names(const std::vector<StepIndex>& steps) const {
        Ordered list = Ordered::array();
        for (const StepIndex each : steps) list.push_back(name(each));
        return list;
    }

    static std::string text(const Template& text) { return text.document().get<std::string>(); }

    static Ordered call(const HttpCall& call) {
        Ordered json{{"method", call.method}, {"url", url_of(call)}};
        if (call.reply == ReplyMode::Callback) json["reply"] = "callback";
        return json;
    }
    static Ordered call(const Wait& wait) {
        const auto* const length = std::get_if<Milliseconds>(&wait.until);
        if (length != nullptr) return {{"wait", {{"for", to_duration_text(*length)}}}};
        if (const auto* const event = std::get_if<AwaitedEvent>(&wait.until)) {
            return {{"wait", {{"event", awaited(*event)}}}};
        }
        return {{"wait", {{"until", text(std::get<Template>(wait.until))}}}};
    }
    static Ordered call(const ChildSaga& child) { return {{"saga", child.definition}}; }
    static Ordered call(const EventCall& call) {
        Ordered json{{"topic", call.topic}, {"type", call.type}};
        if (call.reply) json["reply"] = awaited(*call.reply);
        return {{"event", std::move(json)}};
    }
    static Ordered awaited(const AwaitedEvent& event) {
        Ordered json{{"topic", event.topic}, {"success", event.success}};
        if (!event.failure.empty()) json["failure"] = event.failure;
        return json;
    }
    template <typename Kinds>
    static Ordered any_call(const Kinds& kinds) {
        return std::visit([](const auto& kind) { return call(kind); }, kinds);
    }

    static const char* position(Position where) {
        switch (where) {
            case Position::Before:
                return "before_pivot";
            case Position::Pivot:
                return "pivot";
            case Position::After:
                break;
        }
        return "after_pivot";
    }

    Ordered step(const Step& step, std::size_t stage) const {
        Ordered json{{"name", step.name}, {"after", names(step.after)}, {"stage", stage}};
        if (definition_.pivot) json["position"] = position(step.position);
        if (step.necessity == Necessity::Optional) json["optional"] = true;
        if (step.when) json["when"] = step.when->text();
        if (step.for_each) {
            json["for_each"] = {{"items", text(step.for_each->items)},
                                {"max_parallel", step.for_each->max_parallel}};
        }
        json["in_doubt"] = step.in_doubt == InDoubtPolicy::Park ? "park" : "compensate";
        json["action"] = any_call(step.action);
        if (std::holds_alternative<NothingToUndo>(step.undo)) json["compensation"] = "none";
        if (const auto* undo = std::get_if<Compensation>(&step.undo)) {
            json["compensation"] = any_call(undo->call);
        }
        const bool is_by_child = std::holds_alternative<ChildSaga>(step.action) &&
                                 std::holds_alternative<NoCompensation>(step.undo);
        if (is_by_child) json["compensation"] = "child";
        return json;
    }

    const DefinitionGraph& graph_;
    const Definition& definition_;
};

}  // namespace

std::string write_graph_json(const DefinitionGraph& graph) {
    return JsonGraph(graph).run().dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

}  // namespace skald::sagas
