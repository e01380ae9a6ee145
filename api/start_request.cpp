#include "api/start_request.h"

#include <algorithm>
#include <utility>

#include "api/idempotency.h"
#include "api/request_body.h"
#include "api/saga_reading.h"
#include "sagas/input_schema.h"
#include "sagas/labels.h"
#include "sagas/request.h"

namespace skald::api {
namespace {

constexpr std::string_view kInput = "/input";

Problem invalid_input(std::string detail, std::vector<sagas::Problem> errors) {
    return {ProblemType::InvalidInput, std::move(detail), std::move(errors), nullptr};
}

void read_labels(const sagas::Json& object, ObjectReader& reader, store::Labels& labels) {
    if (!object.is_object()) {
        reader.note("wrong-type", "/labels", "must be an object of strings", "");
        return;
    }
    if (object.size() > kLabelsMax) {
        reader.note("too-many", "/labels",
                    "has " + std::to_string(object.size()) + " labels; at most " +
                        std::to_string(kLabelsMax),
                    "");
        return;
    }
    for (const auto& [key, value] : object.items()) {
        const std::string pointer = "/labels/" + sagas::escape_pointer_token(key);
        if (!is_label_key(key)) {
            reader.note(
                "bad-name", pointer,
                "a label's name must be 1 to 63 letters, digits, \".\", \"_\", \"/\" or \"-\"", "");
        }
        const auto* text = value.get_ptr<const std::string*>();
        if (text == nullptr) {
            reader.note("wrong-type", pointer, "must be a string", "");
        } else if (text->size() > sagas::kLabelBytesMax) {
            reader.note("too-long", pointer,
                        "has " + std::to_string(text->size()) + " bytes; at most " +
                            std::to_string(sagas::kLabelBytesMax),
                        "");
        } else {
            labels[key] = *text;
        }
    }
}

/// Writing numbers out may make the text longer than it came.
bool is_too_long(const sagas::Json& input) {
    constexpr std::size_t kLongestEscape = 6;  // \u001f; size_of knows of none.
    return sagas::size_of(input) > sagas::kBodyBytesMax / kLongestEscape &&
           input.dump().size() > sagas::kBodyBytesMax;
}

}  // namespace

bool is_label_key(std::string_view key) {
    return !key.empty() && key.size() <= kLabelKeyBytesMax &&
           std::all_of(key.begin(), key.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '/' || c == '-';
           });
}

Parsed<StartRequest> read_start_request(const Request& request,
                                        const std::optional<std::string>& key) {
    auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    return parse_start(std::move(*body), key);
}

Parsed<StartRequest> parse_start(sagas::Json body, const std::optional<std::string>& key) {
    if (!body.is_object()) {
        return refuse(ProblemType::InvalidRequest, "A start must be a JSON object.");
    }
    StartRequest start;
    ObjectReader reader(body, {"definition", "version", "input", "id", "labels"});
    start.definition = reader.text("definition", Presence::Required).value_or("");
    start.version = reader.positive_integer("version");
    start.id = reader.text("id", Presence::Optional);
    if (start.id && !is_saga_id(*start.id)) {
        reader.note("bad-id", "/id", std::string(kSagaIdRule), "leave it out to get a UUID");
    }
    const sagas::Json* input = reader.member("input", Presence::Required);
    if (const sagas::Json* labels = reader.member("labels", Presence::Optional)) {
        read_labels(*labels, reader, start.labels);
    }
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));

    if (const auto pointer = sagas::find_imprecise_integer(*input)) {
        return tl::unexpected(invalid_input(
            "The input holds an integer beyond 2^53, which other programs would round.",
            {{"imprecise-integer", std::string(kInput) + *pointer, "is beyond +-9007199254740992",
              "send it as a string"}}));
    }
    if (is_too_long(*input)) {
        return tl::unexpected(invalid_input("The input is over 1 MiB.", {}));
    }
    if (key || start.id) start.body_hash = canonical_hash(body);
    start.input = sagas::make_value(std::move(body["input"]));
    return start;
}

std::optional<Problem> find_invalid_input(const sagas::Definition& definition,
                                          const sagas::Json& input) {
    if (!definition.input_schema) return std::nullopt;
    std::vector<sagas::Problem> errors = definition.input_schema->validate(input);
    if (errors.empty()) return std::nullopt;
    for (sagas::Problem& error : errors) error.pointer.insert(0, kInput);
    const std::size_t count = errors.size();
    return invalid_input("The input breaks the schema of definition " + definition.name + " in " +
                             std::to_string(count) + (count == 1 ? " place" : " places") +
                             "; nothing was started.",
                         std::move(errors));
}

Parsed<store::Labels> make_labels(const sagas::Definition& definition, const StartRequest& start) {
    auto rendered = sagas::render_labels(definition, *start.input);
    if (!rendered) {
        return tl::unexpected(invalid_input(
            "The definition's labels can't be made of this input: " + rendered.error().message,
            {}));
    }
    store::Labels labels = start.labels;
    labels.merge(*rendered);  // What the request says stands.
    if (labels.size() > kLabelsMax) {
        return tl::unexpected(invalid_input("The saga would have " + std::to_string(labels.size()) +
                                                " labels with those of its definition; at most " +
                                                std::to_string(kLabelsMax) + ".",
                                            {}));
    }
    return labels;
}

}  // namespace skald::api
