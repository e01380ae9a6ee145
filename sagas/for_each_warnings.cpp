#include <algorithm>

#include "sagas/checks.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Whether what `root` gives differs from element to element.
bool names_the_element(RootKind root) {
    switch (root) {
        case RootKind::Item:
        case RootKind::Index:
        case RootKind::Key:
        case RootKind::ActionKey:
        case RootKind::OwnOutput:
            return true;
        default:
            return false;
    }
}

bool names_an_element(const std::vector<Template::Use>& uses) {
    return std::any_of(uses.begin(), uses.end(), [](const Template::Use& use) {
        return names_the_element(use.path.root.kind);
    });
}

enum class Bound : std::uint8_t { Bounded, Unbounded, Unknown };

/// Whether `schema` makes an array end that has at most kItemsMax elements.
Bound bound_of(const Json& schema) {
    if (!schema.is_object()) return Bound::Unbounded;
    for (const char* const keyword : {"$ref", "allOf", "anyOf", "oneOf", "if", "const", "enum"}) {
        if (schema.contains(keyword)) return Bound::Unknown;
    }
    const auto most = schema.find("maxItems");
    const bool is_bounded =
        most != schema.end() && most->is_number() && most->get<double>() <= kItemsMax;
    return is_bounded ? Bound::Bounded : Bound::Unbounded;
}

/// The same of what stands at `segments` of a value that `schema` takes.
Bound bound_at(const Json& schema, const std::vector<Segment>& segments) {
    const Json* at = &schema;
    for (const Segment& segment : segments) {
        const auto* const name = std::get_if<std::string>(&segment);
        if (name == nullptr || bound_of(*at) == Bound::Unknown) return Bound::Unknown;
        if (!at->is_object() || !at->contains("properties")) return Bound::Unbounded;
        const Json& properties = at->at("properties");
        if (!properties.is_object()) return Bound::Unknown;
        if (!properties.contains(*name)) {
            return at->contains("additionalProperties") ? Bound::Unknown : Bound::Unbounded;
        }
        at = &properties.at(*name);
    }
    return bound_of(*at);
}

class ForEachFinder {
 public:
    ForEachFinder(const Json& document, const ParsedDefinition& parsed, Problems& warnings)
        : document_(document), parsed_(parsed), warnings_(warnings) {}

    void look_at(const ParsedStep& step) {
        if (!step.for_each) return;
        look_at_items(step);
        if (!step.action || names_an_element(parsed_.default_headers)) return;
        if (!names_an_element(uses_of(*step.action))) {
            add_item_not_used(*step.action, "every element gets the same");
        } else if (const auto* const call = action_as<ParsedCall>(step.action)) {
            look_at_writing(step, *call);
        }
        // An event says by itself which element it is about (sagastep).
        const bool is_undone_by_call =
            step.undo.call && !std::holds_alternative<ParsedEvent>(*step.undo.call);
        if (is_undone_by_call && !names_an_element(uses_of(*step.undo.call))) {
            add_item_not_used(*step.undo.call, "nothing tells which element is to be undone");
        }
    }

 private:
    void look_at_items(const ParsedStep& step) {
        if (!parsed_.has_input_schema || step.for_each->items.empty()) return;
        const Template::Use& items = step.for_each->items.front();
        if (items.path.root.kind != RootKind::Input ||
            bound_at(document_.at("input_schema"), items.path.segments) != Bound::Unbounded) {
            return;
        }
        warnings_.add("unbounded-items", items.pointer,
                      "\"input_schema\" lets " + in_quotes(items.path.text) +
                          " have more elements than the " + std::to_string(kItemsMax) +
                          " that there may be: the step would fail in the middle of the saga",
                      "add \"maxItems\" there");
    }

    void add_item_not_used(const ParsedAction& call, const char* detail) {
        warnings_.add("item-not-used", pointer_of(call),
                      std::string(detail) + ": neither $item nor $index nor a key is used",
                      "name the element by $item, $index, $key or $action_key");
    }

    void look_at_writing(const ParsedStep& step, const ParsedCall& call) {
        const bool overwrites =
            call.method == "PUT" || call.method == "PATCH" || call.method == "DELETE";
        const bool is_named =
            std::any_of(call.uses.begin(), call.uses.end(), [&call](const Template::Use& use) {
                return names_the_element(use.path.root.kind) &&
                       (use.pointer == call.pointer + "/url" ||
                        use.pointer.starts_with(call.pointer + "/query/"));
            });
        if (!overwrites || is_named || step.for_each->max_parallel == 1u) return;
        warnings_.add("parallel-writes", call.pointer + "/url",
                      "the elements write there at the same time: one may overwrite what another "
                      "wrote",
                      "name the element in the URL, or set \"max_parallel\" to 1");
    }

    const Json& document_;
    const ParsedDefinition& parsed_;
    Problems& warnings_;
};

}  // namespace

void find_for_each_warnings(const Json& document, const ParsedDefinition& parsed,
                            Problems& warnings) {
    ForEachFinder finder(document, parsed, warnings);
    for (const ParsedStep& step : parsed.steps) finder.look_at(step);
}

}  // namespace skald::sagas
