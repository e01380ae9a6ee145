#include "tests/api/openapi_document.h"

#include <stdexcept>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace skald::api {
namespace {

using sagas::Json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// valijson does not look at `format`.
constexpr const char* kTimePattern =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$";

std::string upper_case(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::string to_text(const valijson::ValidationResults::Error& error) {
    std::string text;
    for (const std::string& part : error.context) text += part;
    return text + ": " + error.description;
}

}  // namespace

OpenApiDocument::OpenApiDocument(Json document) : document_(std::move(document)) {
    for (const auto& [path, methods] : document_.at("paths").items()) {
        for (const auto& [method, operation] : methods.items()) {
            operations_.push_back({upper_case(method), path, &operation});
        }
    }
}

const OpenApiDocument::Operation& OpenApiDocument::operation(const std::string& id) const {
    for (const Operation& each : operations_) {
        if (each.id() == id) return each;
    }
    throw std::runtime_error("the document has no operation " + id);
}

std::map<std::string, Json> OpenApiDocument::parameters(const Operation& operation,
                                                        const std::string& in) const {
    std::map<std::string, Json> found;
    if (!operation.object->contains("parameters")) return found;
    for (const Json& each : operation.object->at("parameters")) {
        const Json& parameter = resolve(each);
        if (parameter.at("in") != in) continue;
        if (!found.emplace(parameter.at("name"), parameter).second) {
            throw std::runtime_error(operation.id() + " has twice the parameter " +
                                     parameter.at("name").get<std::string>());
        }
    }
    return found;
}

const Json& OpenApiDocument::resolve(const Json& object) const {
    const auto found = object.is_object() ? object.find("$ref") : object.end();
    if (found == object.end()) return object;
    const std::string& reference = found->get_ref<const std::string&>();
    if (reference.empty() || reference.front() != '#') throw std::runtime_error(reference);
    return resolve(document_.at(Json::json_pointer(reference.substr(1))));
}

Json OpenApiDocument::expand(const Json& schema) const {
    if (schema.is_object() && schema.contains("$ref") && schema["$ref"].is_string()) {
        return expand(resolve(schema));
    }
    if (!schema.is_structured()) return schema;
    Json expanded = schema;
    for (Json& child : expanded) child = expand(child);
    if (expanded.is_object() && expanded.value("format", "") == "date-time") {
        expanded["pattern"] = kTimePattern;
    }
    return expanded;
}

std::vector<std::string> OpenApiDocument::faults(const Json& schema, const Json& value) const {
    const Json expanded = expand(schema);
    valijson::Schema compiled;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(Adapter(expanded), compiled);
    valijson::ValidationResults results;
    valijson::Validator validator;
    std::vector<std::string> faults;
    if (validator.validate(compiled, Adapter(value), &results)) return faults;
    for (const auto& error : results) faults.push_back(to_text(error));
    if (faults.empty()) faults.emplace_back("it breaks the schema");
    return faults;
}

}  // namespace skald::api
