#include <algorithm>

#include "sagas/definition_limits.h"
#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr const char* kNameRule =
    "a name is a lower-case letter and up to 62 letters, digits, _ and -: [a-z][a-z0-9_-]{0,62}";

void read_name(ObjectReader& reader, const std::optional<std::string>& wanted,
               ParsedDefinition& parsed, Problems& problems) {
    const std::string* const own = reader.text("name");
    if (wanted && !is_good_name(*wanted)) {
        problems.add("bad-name", "", in_quotes(*wanted) + " can't name a definition", kNameRule);
    }
    if (own == nullptr) {
        if (wanted) {
            parsed.name = *wanted;
        } else {
            reader.require("name", kNameRule);
        }
        return;
    }
    parsed.name = *own;
    if (!is_good_name(*own)) {
        problems.add("bad-name", reader.pointer("name"),
                     in_quotes(*own) + " can't name a definition", kNameRule);
    } else if (wanted && *wanted != *own) {
        problems.add(
            "name-mismatch", reader.pointer("name"),
            "the document is named " + in_quotes(*own) + ", but was sent as " + in_quotes(*wanted),
            "make them equal, or leave the field out");
    }
}

void read_description(ObjectReader& reader, Problems& problems) {
    const std::string* const text = reader.text("description");
    if (text == nullptr || text->size() <= kDescriptionBytesMax) return;
    problems.add("too-long", reader.pointer("description"),
                 std::to_string(text->size()) + " bytes; at most " +
                     std::to_string(kDescriptionBytesMax) + " are allowed");
}

void read_defaults(ObjectReader& reader, ParsedDefinition& parsed, Problems& problems) {
    const Json* const json = reader.any("defaults");
    if (json == nullptr) return;
    ObjectReader defaults(*json, reader.pointer("defaults"), problems);
    parsed.default_timeout = defaults.duration("timeout", kTimeoutMin, kTimeoutMax);
    if (const Json* const retry = defaults.any("retry")) {
        parsed.default_retry = read_retry(*retry, defaults.pointer("retry"), problems);
    }
    if (const Json* const headers = defaults.any("headers")) {
        parsed.default_headers = read_headers(*headers, defaults.pointer("headers"), problems);
    }
    defaults.refuse_others();
}

void read_labels(ObjectReader& reader, ParsedDefinition& parsed, Problems& problems) {
    const Json* const json = reader.any("labels");
    if (json == nullptr) return;
    const std::string pointer = reader.pointer("labels");
    if (!json->is_object()) {
        problems.add("wrong-type", pointer, expected("an object", *json));
        return;
    }
    if (json->size() > kLabelsMax) {
        problems.add("too-many", pointer,
                     std::to_string(json->size()) + " labels; at most " +
                         std::to_string(kLabelsMax) + " are allowed");
        return;
    }
    for (const auto& [name, text] : json->get_ref<const Json::object_t&>()) {
        const std::string at = pointer + '/' + escape_pointer_token(name);
        if (!is_good_name(name)) {
            problems.add("bad-name", at, in_quotes(name) + " can't name a label", kNameRule);
        }
        const std::vector<Template::Use> uses = read_text_template(text, at, problems);
        parsed.labels.insert(parsed.labels.end(), uses.begin(), uses.end());
    }
}

void read_lock(ObjectReader& reader, ParsedDefinition& parsed, Problems& problems) {
    const Json* const json = reader.any("lock");
    if (json == nullptr) return;
    const std::string pointer = reader.pointer("lock");
    parsed.lock = read_text_template(*json, pointer, problems);
    if (*json != "") return;
    problems.add(
        "bad-value", pointer, "the lock is empty",
        "name what is locked: \"{$input.account}\"; a text without expressions is one lock "
        "for all sagas of the definition");
}

void read_input_schema(ObjectReader& reader, ParsedDefinition& parsed, Problems& problems) {
    const Json* const json = reader.any("input_schema");
    if (json == nullptr) return;
    parsed.has_input_schema = true;
    std::vector<Problem> found;
    parsed.input_schema = compile_input_schema(*json, reader.pointer("input_schema"), found);
    for (Problem& problem : found) {
        problems.add(std::move(problem.code), std::move(problem.pointer), std::move(problem.detail),
                     std::move(problem.hint));
    }
}

/// One entry of `after`.
void read_after_entry(const Json& entry, const std::string& pointer, std::size_t own,
                      ParsedDefinition& parsed, Problems& problems) {
    ParsedStep& step = parsed.steps[own];
    if (!entry.is_string()) {
        step.has_unknown_after = true;
        problems.add("wrong-type", pointer, expected("a step's name", entry));
        return;
    }
    const auto& name = entry.get_ref<const std::string&>();
    const std::vector<std::string>& names = parsed.step_names;
    const auto found = std::find(names.begin(), names.end(), name);
    if (name.empty() || found == names.end()) {
        step.has_unknown_after = true;
        problems.add("unknown-step", pointer, "there is no step " + in_quotes(name),
                     did_you_mean_hint(name, names));
        return;
    }
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (index == own) {
        problems.add("self-reference", pointer, "the step can't come after itself",
                     "leave this entry out");
    } else if (std::find(step.after.begin(), step.after.end(), index) != step.after.end()) {
        problems.add("duplicate-after", pointer, in_quotes(name) + " is named twice",
                     "leave one of them out");
    } else {
        step.after.push_back(index);
    }
}

void read_after(const Json& steps, std::size_t own, ParsedDefinition& parsed, Problems& problems) {
    ParsedStep& step = parsed.steps[own];
    const Json& json = steps[own];
    const auto after = json.is_object() ? json.find("after") : json.end();
    if (after == json.end()) {
        if (own > 0) step.after.push_back(own - 1);
        return;
    }
    const std::string pointer = step.pointer + "/after";
    if (!after->is_array()) {
        step.has_unknown_after = true;
        problems.add("wrong-type", pointer, expected("an array of step names", *after),
                     "[] starts at once; left out, the step comes after the one before it");
        return;
    }
    for (std::size_t i = 0; i < after->size(); ++i) {
        read_after_entry((*after)[i], pointer + '/' + std::to_string(i), own, parsed, problems);
    }
}

void read_step_names(ParsedDefinition& parsed, Problems& problems) {
    for (ParsedStep& step : parsed.steps) {
        const bool is_taken = std::find(parsed.step_names.begin(), parsed.step_names.end(),
                                        step.name) != parsed.step_names.end();
        if (is_taken && !step.name.empty()) {
            problems.add("duplicate-name", step.pointer + "/name",
                         "another step is named " + in_quotes(step.name) + " too",
                         "give each step a name of its own");
        }
        parsed.step_names.push_back(step.name);
    }
}

void read_steps(ObjectReader& reader, ParsedDefinition& parsed, Problems& problems) {
    reader.require("steps", "a definition has one step at least");
    const Json* const json = reader.array("steps");
    if (json == nullptr) return;
    const std::string pointer = reader.pointer("steps");
    if (json->empty()) {
        problems.add("no-steps", pointer, "there is no step", "a definition has one at least");
        return;
    }
    if (json->size() > kStepsMax) {
        problems.add("too-many", pointer,
                     std::to_string(json->size()) + " steps; at most " + std::to_string(kStepsMax) +
                         " are allowed");
        return;
    }
    for (std::size_t i = 0; i < json->size(); ++i) {
        parsed.steps.push_back(read_step((*json)[i], pointer + '/' + std::to_string(i), problems));
    }
    read_step_names(parsed, problems);
    for (std::size_t i = 0; i < json->size(); ++i) read_after(*json, i, parsed, problems);
}

void read_sensitive_entry(const Json& entry, const std::string& at, const ParsedDefinition& parsed,
                          Problems& problems) {
    constexpr const char* kHint =
        "begin with /input, /steps/NAME/output or /output; * stands for every member and element";
    if (!entry.is_string()) {
        problems.add("wrong-type", at, expected("a JSON Pointer", entry), kHint);
        return;
    }
    const auto pointer = read_sensitive_pointer(entry.get_ref<const std::string&>());
    if (!pointer) {
        problems.add("bad-pointer", at, pointer.error().message, kHint);
        return;
    }
    const std::vector<std::string>& names = parsed.step_names;
    const bool names_step = pointer->root == SensitivePointer::Root::StepOutput;
    if (!names_step || names.empty()) return;
    if (std::find(names.begin(), names.end(), pointer->step) != names.end()) return;
    problems.add("unknown-step", at, "there is no step " + in_quotes(pointer->step),
                 did_you_mean_hint(pointer->step, names));
}

/// What it leads to is found when the definition is loaded.
void read_sensitive(ObjectReader& reader, const ParsedDefinition& parsed, Problems& problems) {
    const Json* const json = reader.array("sensitive");
    if (json == nullptr) return;
    const std::string pointer = reader.pointer("sensitive");
    if (json->size() > kSensitivePointersMax) {
        problems.add("too-many", pointer,
                     std::to_string(json->size()) + " pointers; at most " +
                         std::to_string(kSensitivePointersMax) + " are allowed");
        return;
    }
    for (std::size_t i = 0; i < json->size(); ++i) {
        read_sensitive_entry((*json)[i], pointer + '/' + std::to_string(i), parsed, problems);
    }
}

}  // namespace

bool is_good_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
               byte == '-';
    });
}

ParsedDefinition read_definition(const Json& document, const std::optional<std::string>& name,
                                 Problems& problems) {
    ParsedDefinition parsed;
    ObjectReader reader(document, "", problems);
    if (!reader.is_object()) return parsed;
    reader.text("$schema");  // For editors; says nothing.
    read_name(reader, name, parsed, problems);
    read_description(reader, problems);
    read_input_schema(reader, parsed, problems);
    parsed.deadline = reader.duration("deadline", kDeadlineMin, kDeadlineMax);
    read_defaults(reader, parsed, problems);
    read_labels(reader, parsed, problems);
    read_lock(reader, parsed, problems);
    read_steps(reader, parsed, problems);
    if (const Json* const output = reader.any("output")) {
        parsed.output = read_template(*output, reader.pointer("output"), problems);
    }
    read_sensitive(reader, parsed, problems);
    if (const Json* const triggers = reader.any("triggers")) {
        parsed.triggers = read_triggers(*triggers, reader.pointer("triggers"), problems);
    }
    reader.refuse_others();
    return parsed;
}

}  // namespace skald::sagas
