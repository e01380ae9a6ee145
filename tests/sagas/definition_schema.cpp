#include "tests/sagas/definition_schema.h"

#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "tests/sagas/golden.h"

namespace skald::sagas {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

struct DefinitionSchema::Compiled {
    valijson::Schema schema;
    valijson::Validator validator;  ///< Keeps the regular expressions that it compiled.
};

DefinitionSchema::DefinitionSchema()
    : DefinitionSchema(
          Json::parse(read_file(std::string(SKALD_SOURCE_DIR) + "/api/schemas/definition.json"))) {}

DefinitionSchema::DefinitionSchema(Json json)
    : json_(std::move(json)), compiled_(std::make_unique<Compiled>()) {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(Adapter(json_), compiled_->schema);
}

DefinitionSchema::~DefinitionSchema() = default;

std::vector<std::string> DefinitionSchema::faults(const Json& document) const {
    valijson::ValidationResults results;
    std::vector<std::string> faults;
    if (compiled_->validator.validate(compiled_->schema, Adapter(document), &results))
        return faults;
    for (const auto& error : results) {
        std::string text;
        for (const std::string& part : error.context) text += part;
        faults.push_back(text + ": " + error.description);
    }
    if (faults.empty()) faults.emplace_back("it breaks the schema");
    return faults;
}

DefinitionSchema DefinitionSchema::part(const Json& schema) const {
    return DefinitionSchema(
        Json{{"allOf", Json::array({schema})}, {"definitions", json_.at("definitions")}});
}

}  // namespace skald::sagas
