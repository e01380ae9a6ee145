#include "engine/rehearsal/sample.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace skald::rehearsal {
namespace {

using sagas::Path;
using sagas::RootKind;
using sagas::Segment;
using Segments = std::vector<Segment>;

constexpr const char* kLeaf = "sample";
constexpr std::size_t kElementsMax = 100;
constexpr int kSchemaDepthMax = 32;

// ---- What is read ------------------------------------------------------------------------------

void add_paths(const sagas::Template& text, std::vector<Path>& paths) {
    for (auto& use : text.uses()) paths.push_back(std::move(use.path));
}

void add_paths(const sagas::HttpCall& call, std::vector<Path>& paths) {
    add_paths(call.target, paths);
    for (const auto& [name, value] : call.query) add_paths(value, paths);
    for (const auto& [name, value] : call.headers) add_paths(value, paths);
    if (call.body) add_paths(*call.body, paths);
}

std::vector<Path> paths_of_undo(const sagas::Step& step) {
    std::vector<Path> paths;
    if (const auto* undo = std::get_if<sagas::Compensation>(&step.undo)) {
        std::visit([&paths](const auto& call) { add_paths(call, paths); }, undo->call);
    }
    return paths;
}

/// What the definition reads before and after its steps' replies; not what its rules read.
std::vector<Path> paths_of(const sagas::Definition& definition) {
    std::vector<Path> paths;
    for (const sagas::Step& step : definition.steps) {
        std::visit([&paths](const auto& call) { add_paths(call, paths); }, step.action);
        if (step.when) {
            for (Path& path : step.when->uses()) paths.push_back(std::move(path));
        }
        if (step.output) add_paths(*step.output, paths);
        for (Path& path : paths_of_undo(step)) paths.push_back(std::move(path));
    }
    for (const auto& [name, label] : definition.labels) add_paths(label, paths);
    if (definition.output) add_paths(*definition.output, paths);
    std::erase_if(paths, [](const Path& path) { return path.missing == sagas::Missing::IsNull; });
    return paths;
}

/// Makes sure that there is something at `segments` from `from` on.
void grow(Json& node, const Segments& segments, std::size_t from) {
    if (from == segments.size()) {
        if (node.is_null()) node = kLeaf;
        return;
    }
    const bool is_open = node.is_null() || node == kLeaf;
    if (const auto* name = std::get_if<std::string>(&segments[from])) {
        if (is_open) node = Json::object();
        if (node.is_object()) grow(node[*name], segments, from + 1);
        return;
    }
    const std::size_t index = std::get<std::size_t>(segments[from]);
    if (is_open) node = Json::array();
    if (!node.is_array() || index >= kElementsMax) return;
    while (node.size() <= index) node.push_back(kLeaf);
    grow(node[index], segments, from + 1);
}

// ---- Replies -----------------------------------------------------------------------------------

/// Where in the reply's body a path into the step's output leads; none: nowhere in it.
std::optional<Segments> in_body(const sagas::Step& step, const Segments& segments) {
    if (!step.output) return segments;
    const Json* node = &step.output->document();
    std::size_t at = 0;
    while (at < segments.size() && (node->is_object() || node->is_array())) {
        const auto* name = std::get_if<std::string>(&segments[at]);
        const auto* index = std::get_if<std::size_t>(&segments[at]);
        if (name != nullptr && node->is_object() && node->contains(*name)) {
            node = &node->at(*name);
        } else if (index != nullptr && node->is_array() && *index < node->size()) {
            node = &node->at(*index);
        } else {
            return std::nullopt;
        }
        ++at;
    }
    if (!node->is_string()) return std::nullopt;
    const auto text = sagas::Template::parse(*node);
    const auto uses = text ? text->uses() : std::vector<sagas::Template::Use>{};
    if (uses.size() != 1 || uses[0].path.root.kind != RootKind::ResponseBody ||
        uses[0].path.text != node->get_ref<const std::string&>()) {
        return std::nullopt;
    }
    Segments found = uses[0].path.segments;
    found.insert(found.end(), segments.begin() + static_cast<std::ptrdiff_t>(at), segments.end());
    return found;
}

void add_to_reply(SampleReply& reply, const sagas::Step& step, const Path& path) {
    if (path.root.kind == RootKind::ResponseBody) {
        grow(reply.body, path.segments, 0);
    } else if (path.root.kind == RootKind::ResponseHeader) {
        reply.headers.push_back({path.root.name, kLeaf});
    } else if (const auto segments = in_body(step, path.segments)) {
        grow(reply.body, *segments, 0);
    }
}

// ---- Inputs ------------------------------------------------------------------------------------

/// Schemas have no cycles, and few parts (sagas/input_schema.h).
class SchemaSampler {
 public:
    explicit SchemaSampler(const Json& whole) : whole_(whole) {}

    Json sample(const Json& schema, int depth) const {
        if (!schema.is_object() || depth > kSchemaDepthMax) return kLeaf;
        if (schema.contains("$ref")) return sample(referred(schema.at("$ref")), depth + 1);
        for (const char* name : {"const", "default"}) {
            if (schema.contains(name)) return schema.at(name);
        }
        for (const char* name : {"enum", "examples"}) {
            if (schema.contains(name) && !schema.at(name).empty()) return schema.at(name).front();
        }
        Json value = of_type(schema, depth);
        for (const char* name : {"allOf", "anyOf", "oneOf"}) {
            if (schema.contains(name)) join(value, schema.at(name), name, depth);
        }
        return value.is_null() && type_of(schema).empty() ? Json(kLeaf) : value;
    }

 private:
    const Json& referred(const Json& reference) const {
        const auto& text = reference.get_ref<const std::string&>();
        return whole_.at(Json::json_pointer(text.substr(text.find('#') + 1)));
    }

    static std::string type_of(const Json& schema) {
        if (schema.contains("type")) {
            const Json& type = schema.at("type");
            return type.is_array() ? type.front().get<std::string>() : type.get<std::string>();
        }
        if (schema.contains("properties") || schema.contains("required")) return "object";
        return schema.contains("items") ? "array" : "";
    }

    void join(Json& value, const Json& schemas, std::string_view how, int depth) const {
        for (const Json& each : schemas) {
            const Json part = sample(each, depth + 1);
            if (part.is_object() && (value.is_null() || value.is_object())) {
                if (value.is_null()) value = Json::object();
                value.update(part);
            } else if (value.is_null()) {
                value = part;
            }
            if (how != "allOf") return;
        }
    }

    Json of_type(const Json& schema, int depth) const {
        const std::string type = type_of(schema);
        if (type == "object") return object(schema, depth);
        if (type == "array") return array(schema, depth);
        if (type == "string") return text(schema);
        if (type == "boolean") return true;
        if (type == "integer" || type == "number") return number(schema);
        return nullptr;
    }

    Json object(const Json& schema, int depth) const {
        Json value = Json::object();
        if (schema.contains("properties")) {
            for (const auto& [name, property] : schema.at("properties").items()) {
                if (property != Json(false)) value[name] = sample(property, depth + 1);
            }
        }
        if (schema.contains("required")) {
            for (const Json& name : schema.at("required")) {
                const auto& text = name.get_ref<const std::string&>();
                if (!value.contains(text)) value[text] = kLeaf;
            }
        }
        return value;
    }

    Json array(const Json& schema, int depth) const {
        std::size_t count = 1;
        if (schema.contains("maxItems")) count = std::min(count, size(schema.at("maxItems")));
        if (schema.contains("minItems")) count = std::max(count, size(schema.at("minItems")));
        Json value = Json::array();
        const Json items = schema.value("items", Json(true));
        for (std::size_t i = 0; i < std::min(count, kElementsMax); ++i) {
            const bool is_tuple = items.is_array();
            value.push_back(is_tuple && i >= items.size()
                                ? Json(kLeaf)
                                : sample(is_tuple ? items.at(i) : items, depth + 1));
        }
        return value;
    }

    static std::size_t size(const Json& number) {
        return static_cast<std::size_t>(std::clamp(number.get<double>(), 0.0, 1e6));
    }

    static Json text(const Json& schema) {
        std::string value = kLeaf;
        if (schema.contains("minLength")) {
            const std::size_t length = size(schema.at("minLength"));
            while (value.size() < length) value += '-';
        }
        if (schema.contains("maxLength")) {
            value.resize(std::min(value.size(), size(schema.at("maxLength"))));
        }
        return value;
    }

    static Json number(const Json& schema) {
        const auto find = [&schema](const char* name) -> std::optional<double> {
            return schema.contains(name) ? std::optional(schema.at(name).get<double>())
                                         : std::nullopt;
        };
        double value = 1;
        if (const auto most = find("maximum")) value = std::min(value, *most);
        if (const auto most = find("exclusiveMaximum")) value = std::min(value, *most - 1);
        if (const auto least = find("minimum")) value = std::max(value, *least);
        if (const auto least = find("exclusiveMinimum")) value = std::max(value, *least + 1);
        if (const auto unit = find("multipleOf")) {
            double multiple = *unit;
            for (int i = 0; multiple < value && i < 1'000; ++i) multiple += *unit;
            value = multiple;
        }
        const bool is_whole = value >= -1e15 && value <= 1e15 &&
                              value == static_cast<double>(static_cast<std::int64_t>(value));
        return is_whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
    }

    const Json& whole_;
};

}  // namespace

Json sample_input(const sagas::Definition& definition, const Json& schema) {
    Json input = schema.is_object() ? SchemaSampler(schema).sample(schema, 0) : Json();
    if (input == kLeaf) input = Json();
    for (const Path& path : paths_of(definition)) {
        if (path.root.kind == RootKind::Input) grow(input, path.segments, 0);
    }
    return input.is_null() ? Json::object() : input;
}

std::vector<SampleReply> sample_replies(const sagas::Definition& definition) {
    std::vector<SampleReply> replies(definition.steps.size());
    for (const Path& path : paths_of(definition)) {
        if (path.root.kind != RootKind::StepOutput || path.segments.empty()) continue;
        const std::size_t index = to_size(path.root.step);
        add_to_reply(replies[index], definition.steps[index], path);
    }
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const sagas::Step& step = definition.steps[i];
        std::vector<Path> own = paths_of_undo(step);
        std::erase_if(own, [](const Path& path) {
            return path.root.kind != RootKind::OwnOutput || path.segments.empty();
        });
        if (step.output) add_paths(*step.output, own);
        for (const Path& path : own) {
            if (path.missing == sagas::Missing::IsError) add_to_reply(replies[i], step, path);
        }
        if (replies[i].body.is_null()) replies[i].body = Json::object();
    }
    return replies;
}

}  // namespace skald::rehearsal
