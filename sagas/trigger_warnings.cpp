#include <algorithm>
#include <optional>

#include "sagas/ascii.h"
#include "sagas/checks.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Whether an event can have a member of that name: an attribute, or its data.
bool can_be_in_an_event(const Segment& segment) {
    constexpr std::size_t kNameMax = 20;
    const auto* const name = std::get_if<std::string>(&segment);
    if (name == nullptr) return false;
    return *name == "data_base64" ||
           (name->size() <= kNameMax && std::all_of(name->begin(), name->end(), [](char byte) {
                return (byte >= 'a' && byte <= 'z') || is_digit(byte);
            }));
}

/// What a template makes of a value of its document, as far as that is sure before there is an
/// event; of an object or array only which of them it is. None: it may be anything.
std::optional<Json> made_of(const Json& made) {
    if (made.is_structured()) return Json(made.type());
    if (!made.is_string()) return made;
    const auto& text = made.get_ref<const std::string&>();
    const auto parts = read_text(text);
    if (!parts || is_whole_path(text)) return std::nullopt;
    const auto* const literal =
        parts->size() == 1 ? std::get_if<std::string>(&parts->front()) : nullptr;
    return Json(literal == nullptr ? "" : *literal);
}

bool has_known_value(const Json& made) {
    if (made.is_structured()) return false;
    const auto read = Template::parse(made);
    return read && read->uses().empty();
}

bool is_of_type(const Json& value, const Json& type) {
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    if (type == "null") return value.is_null();
    return type == value.type_name();
}

bool is_listed(const Json& value, const Json& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

/// Why no input that a template makes meets a schema.
struct InputBreach {
    std::string pointer;  ///< Into the template's document.
    std::string detail;
};

/// Looks only at what holds whatever else a schema says; what it does not find may be wrong still.
class BreachFinder {
 public:
    explicit BreachFinder(const Json& schema) : whole_(schema) {}

    std::optional<InputBreach> find(const Json& made) { return find(made, whole_, ""); }

 private:
    std::optional<InputBreach> find(const Json& made, const Json& schema,
                                    const std::string& pointer) {
        if (!schema.is_object()) return std::nullopt;
        if (schema.contains("$ref")) return find_by_reference(made, schema["$ref"], pointer);
        const std::optional<Json> value = made_of(made);
        if (!value) return std::nullopt;
        if (auto breach = find_wrong_value(made, *value, schema, pointer)) return breach;
        if (made.is_object()) {
            if (auto breach = find_in_members(made, schema, pointer)) return breach;
        }
        for (const Json& part : schema.value("allOf", Json::array())) {
            if (auto breach = find(made, part, pointer)) return breach;
        }
        return std::nullopt;
    }

    /// It leads to a place in the same schema, and nothing beside it counts.
    std::optional<InputBreach> find_by_reference(const Json& made, const Json& reference,
                                                 const std::string& pointer) {
        const std::string text = reference.is_string() ? reference.get<std::string>() : "";
        if (!text.starts_with("#/") || text.find_first_of("~%") != std::string::npos) {
            return std::nullopt;
        }
        const Json::json_pointer place(text.substr(1));
        if (!whole_.contains(place)) return std::nullopt;
        return find(made, whole_.at(place), pointer);
    }

    static std::optional<InputBreach> find_wrong_value(const Json& made, const Json& value,
                                                       const Json& schema,
                                                       const std::string& pointer) {
        if (const auto type = schema.find("type"); type != schema.end()) {
            const bool is_right =
                type->is_array()
                    ? std::any_of(type->begin(), type->end(),
                                  [&value](const Json& each) { return is_of_type(value, each); })
                    : is_of_type(value, *type);
            if (!is_right) {
                return InputBreach{pointer, "is of type " + type->dump() + ", which this is not"};
            }
        }
        const bool is_asked_for = schema.contains("const") || schema.contains("enum");
        if (!is_asked_for || !has_known_value(made)) return std::nullopt;
        const bool is_right =
            schema.contains("const") ? value == schema["const"] : is_listed(value, schema["enum"]);
        if (is_right) return std::nullopt;
        return InputBreach{pointer, "has another value: " + in_quotes(made.dump(), 40)};
    }

    std::optional<InputBreach> find_in_members(const Json& made, const Json& schema,
                                               const std::string& pointer) {
        for (const Json& name : schema.value("required", Json::array())) {
            if (!name.is_string() || made.contains(name.get<std::string>())) continue;
            return InputBreach{pointer, "requires " + in_quotes(name.get<std::string>())};
        }
        const Json properties = schema.value("properties", Json::object());
        const bool is_closed = schema.value("additionalProperties", Json()) == false;
        for (const auto& [name, value] : made.items()) {
            const std::string at = pointer + '/' + escape_pointer_token(name);
            if (properties.contains(name)) {
                if (auto breach = find(value, properties[name], at)) return breach;
            } else if (is_closed) {
                return InputBreach{at, "takes no " + in_quotes(name)};
            }
        }
        return std::nullopt;
    }

    const Json& whole_;
};

/// Whether a template surely makes nothing at `segments`.
bool is_surely_missing(const Json& made, const std::vector<Segment>& segments) {
    const Json* at = &made;
    for (const Segment& segment : segments) {
        const auto* const name = std::get_if<std::string>(&segment);
        if (name == nullptr || !at->is_object()) return false;
        const auto found = at->find(*name);
        if (found == at->end()) return true;
        at = &*found;
    }
    return false;
}

class TriggerFinder {
 public:
    TriggerFinder(const Json& document, const ParsedDefinition& parsed, Problems& warnings)
        : document_(document), parsed_(parsed), warnings_(warnings) {}

    void look_at(const ParsedTrigger& trigger) {
        look_at_paths(trigger);
        look_at_steps(trigger);
        if (trigger.has_input) look_at_input(trigger);
    }

 private:
    void look_at_paths(const ParsedTrigger& trigger) {
        for (const Template::Use& use : trigger.uses) {
            const Path& path = use.path;
            if (path.root.kind != RootKind::Event || path.segments.empty() ||
                can_be_in_an_event(path.segments.front())) {
                continue;
            }
            warnings_.add("no-such-attribute", use.pointer,
                          in_quotes(path.text) +
                              ": no event has that: the names of its attributes are 1 to 20 "
                              "lower-case letters and digits",
                          "what is its publisher's is in its data: \"$event.data.order_id\"");
        }
    }

    /// A step with `when` may end the row of sagas.
    void look_at_steps(const ParsedTrigger& trigger) {
        for (const ParsedStep& step : parsed_.steps) {
            const bool by_action = is_fed_by(trigger, step.action);
            if (step.has_when || (!by_action && !is_fed_by(trigger, step.undo.call))) continue;
            warnings_.add("trigger-feeds-itself", trigger.pointer,
                          in_quotes(step.name) + " publishes such an event" +
                              (by_action ? ": each saga starts the next one, without end"
                                         : " when it is undone: a saga that turned back starts "
                                           "the next one"),
                          "publish it by another type or on another topic, or say in that step's "
                          "\"when\" for how long that goes on");
            return;
        }
    }

    static bool is_fed_by(const ParsedTrigger& trigger, const std::optional<ParsedAction>& action) {
        const auto* const event = action_as<ParsedEvent>(action);
        return event != nullptr && !event->type.empty() && event->topic == trigger.topic &&
               event->type == trigger.type;
    }

    void look_at_input(const ParsedTrigger& trigger) {
        const std::string pointer = trigger.pointer + "/input";
        const Json& made = document_.at(Json::json_pointer(pointer));
        if (parsed_.input_schema != nullptr) {
            if (const auto breach = BreachFinder(document_.at("input_schema")).find(made)) {
                warnings_.add("trigger-never-starts", pointer + breach->pointer,
                              "\"input_schema\" " + breach->detail +
                                  ": whatever the event holds, it starts no saga",
                              "give what it takes, by $event");
                return;
            }
        }
        if (!look_at_start(parsed_.labels, "a label", made, pointer)) {
            look_at_start(parsed_.lock, "the lock", made, pointer);
        }
    }

    /// True: what is made at a start surely can't be.
    bool look_at_start(const std::vector<Template::Use>& uses, const char* where, const Json& made,
                       const std::string& pointer) {
        for (const Template::Use& use : uses) {
            const bool is_needed =
                use.path.root.kind == RootKind::Input && use.path.missing == Missing::IsError;
            if (!is_needed || !is_surely_missing(made, use.path.segments)) continue;
            warnings_.add("trigger-never-starts", pointer,
                          std::string(where) + " needs " + in_quotes(use.path.text) +
                              ", which is not made here: whatever the event holds, it starts no "
                              "saga",
                          "add it, by $event");
            return true;
        }
        return false;
    }

    const Json& document_;
    const ParsedDefinition& parsed_;
    Problems& warnings_;
};

}  // namespace

void find_trigger_warnings(const Json& document, const ParsedDefinition& parsed,
                           Problems& warnings) {
    TriggerFinder finder(document, parsed, warnings);
    for (const ParsedTrigger& trigger : parsed.triggers) finder.look_at(trigger);
}

}  // namespace skald::sagas
