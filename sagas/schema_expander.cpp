#include "sagas/schema_expander.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/problems.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

enum class KeywordKind : std::uint8_t {
    Schema,
    SchemaOrSchemas,
    Schemas,
    SchemaMap,
    Dependencies,
    Types,
    Enum,
    Const,
    Number,
    Divisor,
    Count,
    Names,
    Flag,
    Annotation,  ///< Says nothing about what is valid.
    Refused,
};

struct Keyword {
    std::string_view name;
    KeywordKind kind;
};

constexpr auto kKeywords = std::to_array<Keyword>({
    {"type", KeywordKind::Types},
    {"enum", KeywordKind::Enum},
    {"const", KeywordKind::Const},
    {"multipleOf", KeywordKind::Divisor},
    {"maximum", KeywordKind::Number},
    {"exclusiveMaximum", KeywordKind::Number},
    {"minimum", KeywordKind::Number},
    {"exclusiveMinimum", KeywordKind::Number},
    {"maxLength", KeywordKind::Count},
    {"minLength", KeywordKind::Count},
    {"items", KeywordKind::SchemaOrSchemas},
    {"additionalItems", KeywordKind::Schema},
    {"maxItems", KeywordKind::Count},
    {"minItems", KeywordKind::Count},
    {"uniqueItems", KeywordKind::Flag},
    {"contains", KeywordKind::Schema},
    {"maxProperties", KeywordKind::Count},
    {"minProperties", KeywordKind::Count},
    {"required", KeywordKind::Names},
    {"properties", KeywordKind::SchemaMap},
    {"additionalProperties", KeywordKind::Schema},
    {"dependencies", KeywordKind::Dependencies},
    {"propertyNames", KeywordKind::Schema},
    {"allOf", KeywordKind::Schemas},
    {"anyOf", KeywordKind::Schemas},
    {"oneOf", KeywordKind::Schemas},
    {"not", KeywordKind::Schema},
    {"if", KeywordKind::Schema},
    {"then", KeywordKind::Schema},
    {"else", KeywordKind::Schema},
    {"$schema", KeywordKind::Annotation},
    {"$comment", KeywordKind::Annotation},
    {"title", KeywordKind::Annotation},
    {"description", KeywordKind::Annotation},
    {"default", KeywordKind::Annotation},
    {"examples", KeywordKind::Annotation},
    {"readOnly", KeywordKind::Annotation},
    {"writeOnly", KeywordKind::Annotation},
    {"deprecated", KeywordKind::Annotation},
    {"contentMediaType", KeywordKind::Annotation},
    {"contentEncoding", KeywordKind::Annotation},
    {"definitions", KeywordKind::Annotation},  // Looked at where something refers to them.
    {"$defs", KeywordKind::Annotation},
    {"pattern", KeywordKind::Refused},
    {"patternProperties", KeywordKind::Refused},
    {"format", KeywordKind::Refused},
    {"$id", KeywordKind::Refused},
});

constexpr std::array<std::string_view, 7> kTypes{"array",  "boolean", "integer", "null",
                                                 "number", "object",  "string"};

/// The largest count that every reader of the schema holds exactly.
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 53;

/// Null: draft 7 has none of that name.
const Keyword* find_keyword(std::string_view name) {
    const auto* const found =
        std::find_if(kKeywords.begin(), kKeywords.end(),
                     [name](const Keyword& keyword) { return keyword.name == name; });
    return found == kKeywords.end() ? nullptr : found;
}

const std::vector<std::string>& keyword_names() {
    static const std::vector<std::string> kNames = [] {
        std::vector<std::string> names{"$ref"};
        for (const Keyword& keyword : kKeywords) names.emplace_back(keyword.name);
        return names;
    }();
    return kNames;
}

bool is_count(const Json& value) {
    return value.is_number_integer() && value >= 0 && value <= kCountMax;
}

bool are_names(const Json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(),
                                           [](const Json& name) { return name.is_string(); });
}

bool is_type(const Json& value) {
    return value.is_string() && std::find(kTypes.begin(), kTypes.end(),
                                          value.get_ref<const std::string&>()) != kTypes.end();
}

bool are_types(const Json& value) {
    if (!value.is_array()) return is_type(value);
    return !value.empty() && std::all_of(value.begin(), value.end(), is_type);
}

int hex_value(char byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/// A reference is a URI: its fragment is percent-encoded (RFC 6901, 6).
std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

class Expander {
 public:
    Expander(const Json& root, std::string pointer, Problems& problems)
        : root_(root), pointer_(std::move(pointer)), problems_(problems) {}

    Json run() { return expand(root_, pointer_); }

 private:
    Json expand(const Json& schema, const std::string& pointer) {
        if (is_over_ || !spend(1, pointer)) return true;
        if (schema.is_boolean()) return schema;
        if (!schema.is_object()) return refuse(pointer, expected("a schema", schema));
        if (open_.size() == kJsonDepthMax) {
            return stop(pointer, "the schema is nested too deep with what it refers to");
        }
        open_.push_back(&schema);
        Json expanded = schema.contains("$ref") ? expand_reference(schema, pointer)
                                                : expand_keywords(schema, pointer);
        open_.pop_back();
        return expanded;
    }

    Json expand_keywords(const Json& schema, const std::string& pointer) {
        Json expanded = Json::object();
        for (const auto& [name, value] : schema.get_ref<const Json::object_t&>()) {
            const std::string at = pointer + '/' + escape_pointer_token(name);
            const Keyword* const keyword = find_keyword(name);
            if (keyword == nullptr) {
                add("schema-keyword", at, "draft 7 of JSON Schema has no " + in_quotes(name),
                    did_you_mean_hint(name, keyword_names()));
            } else if (keyword->kind != KeywordKind::Annotation) {
                std::optional<Json> checked = expand_keyword(*keyword, value, at);
                if (checked) expanded[name] = std::move(*checked);
            } else if (name == "$schema") {
                check_dialect(value, at);
            }
        }
        return expanded;
    }

    std::optional<Json> expand_keyword(const Keyword& keyword, const Json& value,
                                       const std::string& at) {
        switch (keyword.kind) {
            case KeywordKind::Schema:
                return expand(value, at);
            case KeywordKind::SchemaOrSchemas:
                return value.is_array() ? expand_list(value, at) : expand(value, at);
            case KeywordKind::Schemas:
                if (value.is_array() && !value.empty()) return expand_list(value, at);
                return refuse(at, expected("an array of schemas, one at least", value));
            case KeywordKind::SchemaMap:
                return expand_map(value, at);
            case KeywordKind::Dependencies:
                return expand_dependencies(value, at);
            case KeywordKind::Types:
                return keep(are_types(value), value, at,
                            "one or some of array, boolean, integer, null, number, object, string");
            case KeywordKind::Enum:
                return keep(value.is_array() && !value.empty(), value, at,
                            "an array of one value at least");
            case KeywordKind::Const:
                return keep(true, value, at, "");
            case KeywordKind::Number:
                return keep(value.is_number(), value, at, "a number");
            case KeywordKind::Divisor:
                // As a double: valijson casts a large input to an integer where this is one.
                if (value.is_number() && value > 0) return Json(value.get<double>());
                return refuse(at, expected("a number above 0", value));
            case KeywordKind::Count:
                return keep(is_count(value), value, at, "a whole number from 0");
            case KeywordKind::Names:
                return keep(are_names(value), value, at, "an array of names");
            case KeywordKind::Flag:
                return keep(value.is_boolean(), value, at, "true or false");
            case KeywordKind::Annotation:
                return std::nullopt;
            case KeywordKind::Refused:
                break;
        }
        return refuse_keyword(keyword.name, at);
    }

    std::optional<Json> keep(bool is_good, const Json& value, const std::string& at,
                             std::string_view what) {
        if (!is_good) return refuse(at, expected(what, value));
        if (!spend(value.is_number() ? 1 : value.dump().size(), at)) return std::nullopt;
        return value;
    }

    std::optional<Json> refuse_keyword(std::string_view name, const std::string& at) {
        add("schema-keyword", at, in_quotes(name) + " is not supported",
            name == "$id" ? "leave it out: references start at the schema's root"
                          : "leave it out, and let the participant check it");
        return std::nullopt;
    }

    Json expand_list(const Json& list, const std::string& at) {
        Json expanded = Json::array();
        for (std::size_t i = 0; i < list.size(); ++i) {
            expanded.push_back(expand(list[i], at + '/' + std::to_string(i)));
        }
        return expanded;
    }

    Json expand_map(const Json& map, const std::string& at) {
        if (!map.is_object()) return refuse(at, expected("an object of schemas", map));
        Json expanded = Json::object();
        for (const auto& [name, schema] : map.get_ref<const Json::object_t&>()) {
            if (!spend(name.size(), at)) break;
            expanded[name] = expand(schema, at + '/' + escape_pointer_token(name));
        }
        return expanded;
    }

    Json expand_dependencies(const Json& map, const std::string& at) {
        if (!map.is_object()) return refuse(at, expected("an object", map));
        Json expanded = Json::object();
        for (const auto& [name, needed] : map.get_ref<const Json::object_t&>()) {
            const std::string one = at + '/' + escape_pointer_token(name);
            if (!needed.is_array()) {
                expanded[name] = expand(needed, one);
            } else if (std::optional<Json> names =
                           keep(are_names(needed), needed, one, "a schema or an array of names")) {
                expanded[name] = std::move(*names);
            }
        }
        return expanded;
    }

    Json expand_reference(const Json& schema, const std::string& pointer) {
        const std::string at = pointer + "/$ref";
        for (const auto& [name, value] : schema.get_ref<const Json::object_t&>()) {
            const Keyword* const keyword = find_keyword(name);
            const bool is_annotation =
                keyword != nullptr && keyword->kind == KeywordKind::Annotation;
            if (name == "$ref" || is_annotation) continue;
            add("bad-schema", pointer + '/' + escape_pointer_token(name),
                "draft 7 ignores what stands beside \"$ref\"",
                R"(write {"allOf": [{"$ref": ...}, {...}]})");
        }
        const Json& reference = schema["$ref"];
        if (!reference.is_string()) return refuse(at, expected("a string", reference));
        const auto& text = reference.get_ref<const std::string&>();
        if (text != "#" && !text.starts_with("#/")) {
            add("schema-ref", at, in_quotes(text) + " is not a place in this schema",
                "nothing is fetched: write \"#/definitions/NAME\"");
            return true;
        }
        std::string target_pointer = pointer_;
        const Json* const target = resolve(text.substr(1), target_pointer);
        if (target == nullptr) {
            add("schema-ref", at, "there is nothing at " + in_quotes(text), "");
            return true;
        }
        if (std::find(open_.begin(), open_.end(), target) != open_.end()) {
            add("schema-ref", at, in_quotes(text) + " refers back to where it stands in",
                "schemas that hold themselves are not supported");
            return true;
        }
        return expand(*target, target_pointer);
    }

    const Json* resolve(std::string_view fragment, std::string& pointer) const {
        const Json* at = &root_;
        while (!fragment.empty()) {
            const std::size_t end = std::min(fragment.find('/', 1), fragment.size());
            std::optional<std::string> token = percent_decode(fragment.substr(1, end - 1));
            if (!token) return nullptr;
            pointer += '/' + *token;
            // The last step of RFC 6901, 4: "~1" before "~0", so that "~01" is "~1".
            for (const auto& [escape, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
                for (std::size_t i = token->find(escape); i != token->npos;
                     i = token->find(escape, i + 1)) {
                    token->replace(i, 2, plain);
                }
            }
            at = child(*at, *token);
            if (at == nullptr) return nullptr;
            fragment.remove_prefix(end);
        }
        return at;
    }

    static const Json* child(const Json& from, const std::string& token) {
        if (from.is_object()) {
            const auto found = from.find(token);
            return found == from.end() ? nullptr : &*found;
        }
        if (!from.is_array()) return nullptr;
        for (std::size_t i = 0; i < from.size(); ++i) {
            if (std::to_string(i) == token) return &from[i];
        }
        return nullptr;
    }

    void check_dialect(const Json& value, const std::string& at) {
        if (value == "http://json-schema.org/draft-07/schema#" ||
            value == "http://json-schema.org/draft-07/schema") {
            return;
        }
        add("bad-schema", at, expected("draft 7 of JSON Schema", value),
            "\"http://json-schema.org/draft-07/schema#\", or leave it out");
    }

    bool spend(std::size_t bytes, const std::string& pointer) {
        if (is_over_) return false;
        ++parts_;
        bytes_ += bytes;
        if (parts_ <= kSchemaPartsMax && bytes_ <= kSchemaBytesMax) return true;
        stop(pointer, "the schema is too large with what it refers to: at most " +
                          std::to_string(kSchemaPartsMax) + " parts and " +
                          std::to_string(kSchemaBytesMax) + " bytes");
        return false;
    }

    /// Too much already: nothing further is looked at.
    Json stop(const std::string& pointer, std::string detail) {
        if (!is_over_) add("schema-too-large", pointer, std::move(detail), "");
        is_over_ = true;
        return true;
    }

    Json refuse(const std::string& pointer, std::string detail) {
        add("bad-schema", pointer, std::move(detail), "");
        return true;
    }

    void add(std::string code, const std::string& pointer, std::string detail, std::string hint) {
        problems_.add(std::move(code), pointer, std::move(detail), std::move(hint));
    }

    const Json& root_;
    std::string pointer_;
    Problems& problems_;
    std::vector<const Json*> open_;  // What is being expanded, outermost first.
    std::size_t parts_ = 0;
    std::size_t bytes_ = 0;
    bool is_over_ = false;
};

}  // namespace

std::optional<Json> expand_schema(const Json& schema, const std::string& pointer,
                                  std::vector<Problem>& problems) {
    Problems found;
    Json expanded = Expander(schema, pointer, found).run();
    if (found.is_empty()) return expanded;
    for (Problem& problem : found.take()) problems.push_back(std::move(problem));
    return std::nullopt;
}

}  // namespace skald::sagas
