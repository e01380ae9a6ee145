#include "sagas/input_schema.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "sagas/schema_expander.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr std::size_t kViolationsMax = 100;

/// valijson gathers every violation before it tells one; beyond this many values in the input it is
/// only asked whether there is any.
constexpr std::size_t kDetailedValuesMax = 20'000;

/// It compares every element with every other for `uniqueItems`.
constexpr std::size_t kUniqueItemsMax = 1'000;

std::size_t count_values(const Json& json) {
    std::size_t count = 1;
    if (json.is_structured()) {
        for (const Json& child : json) count += count_values(child);
    }
    return count;
}

/// A schema's `uniqueItems: true` anywhere; a property of that name may count too, which only makes
/// the limit on arrays hold.
bool has_unique_items(const Json& schema) {
    if (!schema.is_structured()) return false;
    const auto found = schema.is_object() ? schema.find("uniqueItems") : schema.end();
    if (found != schema.end() && *found != false) return true;
    return std::any_of(schema.begin(), schema.end(), has_unique_items);
}

/// The pointer of the first array that is longer than kUniqueItemsMax.
std::optional<std::string> find_long_array(const Json& json) {
    if (json.is_array() && json.size() > kUniqueItemsMax) return "";
    if (!json.is_structured()) return std::nullopt;
    for (const auto& [key, child] : json.items()) {
        if (std::optional<std::string> found = find_long_array(child)) {
            return '/' + escape_pointer_token(key) + *found;
        }
    }
    return std::nullopt;
}

/// valijson's context is "<root>", then "[name]" or "[position]".
std::string to_pointer(const std::vector<std::string>& context) {
    std::string pointer;
    for (std::size_t i = 1; i < context.size(); ++i) {
        const std::string_view part = context[i];
        pointer += '/' + escape_pointer_token(part.substr(1, part.size() - 2));
    }
    return pointer;
}

std::string without_end(std::string text) {
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// Cut where it quotes much of the input.
std::string clipped(const std::string& description) {
    const std::string text = in_quotes(without_end(description), 300);
    return text.substr(1, text.size() - 2);
}

class ValijsonSchema : public InputSchema {
 public:
    explicit ValijsonSchema(const Json& expanded) : has_unique_items_(has_unique_items(expanded)) {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(Adapter(expanded), schema_);
    }

    std::vector<Problem> validate(const Json& input) const override {
        if (has_unique_items_) {
            if (const std::optional<std::string> pointer = find_long_array(input)) {
                return {{"schema-violation", *pointer,
                         "an array has at most " + std::to_string(kUniqueItemsMax) +
                             " elements where the schema asks for uniqueItems",
                         ""}};
            }
        }
        try {
            valijson::Validator validator;
            if (validator.validate(schema_, Adapter(input), nullptr)) return {};
            return violations(input);
        } catch (const std::exception& error) {
            return {{"schema-violation", "",
                     "the input can't be compared with the schema: " + clipped(error.what()), ""}};
        }
    }

 private:
    std::vector<Problem> violations(const Json& input) const {
        std::vector<Problem> problems;
        if (count_values(input) > kDetailedValuesMax) {
            return {{"schema-violation", "",
                     "the input breaks the schema; it holds too many values to say where", ""}};
        }
        valijson::ValidationResults results;
        valijson::Validator validator;
        validator.validate(schema_, Adapter(input), &results);
        for (const valijson::ValidationResults::Error& error : results) {
            if (problems.size() == kViolationsMax) break;
            problems.push_back(
                {"schema-violation", to_pointer(error.context), clipped(error.description), ""});
        }
        if (problems.empty()) {
            // valijson says nothing about the schema `false` and about propertyNames.
            problems.push_back({"schema-violation", "", "the input breaks the schema", ""});
        }
        return problems;
    }

    valijson::Schema schema_;
    bool has_unique_items_;
};

}  // namespace

std::shared_ptr<const InputSchema> compile_input_schema(const Json& schema,
                                                        const std::string& pointer,
                                                        std::vector<Problem>& problems) {
    const std::optional<Json> expanded = expand_schema(schema, pointer, problems);
    if (!expanded) return nullptr;
    try {
        return std::make_shared<const ValijsonSchema>(*expanded);
    } catch (const std::exception& error) {
        problems.push_back({"bad-schema", pointer, clipped(error.what()), ""});
        return nullptr;
    }
}

}  // namespace skald::sagas
