#include "engine/rehearsal/schema_sample.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skald::rehearsal {
namespace {

using sagas::Json;

constexpr std::size_t kMadeUpMax = 100;  ///< Elements of an array.
constexpr int kSchemaDepthMax = 32;

/// Schemas have no cycles, and few parts (sagas/input_schema.h).
class SchemaSampler {
 public:
    explicit SchemaSampler(const Json& whole) : whole_(whole) {}

    Json sample(const Json& schema, int depth) const {
        if (!schema.is_object() || depth > kSchemaDepthMax) return kSampleText;
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
        return value.is_null() && type_of(schema).empty() ? Json(kSampleText) : value;
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
                if (!value.contains(text)) value[text] = kSampleText;
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
        for (std::size_t i = 0; i < std::min(count, kMadeUpMax); ++i) {
            const bool is_tuple = items.is_array();
            value.push_back(is_tuple && i >= items.size()
                                ? Json(kSampleText)
                                : sample(is_tuple ? items.at(i) : items, depth + 1));
        }
        return value;
    }

    static std::size_t size(const Json& number) {
        return static_cast<std::size_t>(std::clamp(number.get<double>(), 0.0, 1e6));
    }

    static Json text(const Json& schema) {
        std::string value = kSampleText;
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

Json sample_of_schema(const Json& schema) { return SchemaSampler(schema).sample(schema, 0); }

}  // namespace skald::rehearsal
