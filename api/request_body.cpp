#include "api/request_body.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace skald::api {
namespace {

std::string article_and_type(const sagas::Json& value) {
    switch (value.type()) {
        case sagas::Json::value_t::null:
            return "null";
        case sagas::Json::value_t::object:
            return "an object";
        case sagas::Json::value_t::array:
            return "an array";
        default:
            return std::string("a ") + value.type_name();
    }
}

}  // namespace

Parsed<sagas::Json> read_json(const Request& request) {
    if (request.body.empty()) {
        return refuse(ProblemType::MalformedJson, "The body is empty: send one JSON value.");
    }
    auto json = sagas::parse_json(request.body);
    if (!json) return refuse(ProblemType::MalformedJson, "body: " + json.error().message);
    return std::move(*json);
}

Parsed<sagas::Json> read_object(const Request& request, EmptyBody empty) {
    if (request.body.empty() && empty == EmptyBody::IsEmptyObject) return sagas::Json::object();
    auto json = read_json(request);
    if (json && !json->is_object()) {
        return refuse(ProblemType::InvalidRequest,
                      "The body must be a JSON object, but is " + article_and_type(*json) + ".");
    }
    return json;
}

ObjectReader::ObjectReader(const sagas::Json& object,
                           std::initializer_list<std::string_view> members)
    : object_(object) {
    for (const auto& [name, value] : object.get_ref<const sagas::Json::object_t&>()) {
        if (std::find(members.begin(), members.end(), name) == members.end()) {
            note_unknown(name, members);
        }
    }
}

void ObjectReader::note_unknown(const std::string& name,
                                std::initializer_list<std::string_view> members) {
    const std::string meant =
        sagas::did_you_mean(name, std::vector<std::string>(members.begin(), members.end()));
    std::string allowed;
    for (const std::string_view member : members) {
        if (!allowed.empty()) allowed += ", ";
        allowed += member;
    }
    note("unknown-field", "/" + sagas::escape_pointer_token(name),
         "there is no member \"" + name + "\" here",
         meant.empty() ? "allowed are: " + allowed : "did you mean \"" + meant + "\"?");
}

const sagas::Json* ObjectReader::member(std::string_view name, Presence presence) {
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    if (presence == Presence::Required) {
        const std::string missing(name);
        note("missing-field", "/" + missing, "\"" + missing + "\" is missing", "");
    }
    return nullptr;
}

std::optional<std::string> ObjectReader::text(std::string_view name, Presence presence) {
    const sagas::Json* value = member(name, presence);
    if (value == nullptr) return std::nullopt;
    if (const auto* text = value->get_ptr<const std::string*>()) return *text;
    note("wrong-type", "/" + std::string(name),
         "must be a string, but is " + article_and_type(*value), "");
    return std::nullopt;
}

std::optional<std::uint32_t> ObjectReader::positive_integer(std::string_view name) {
    const sagas::Json* value = member(name, Presence::Optional);
    if (value == nullptr) return std::nullopt;
    if (const auto* number = value->get_ptr<const std::uint64_t*>();
        number != nullptr && *number >= 1 && *number <= std::numeric_limits<std::int32_t>::max()) {
        return static_cast<std::uint32_t>(*number);
    }
    note("wrong-type", "/" + std::string(name),
         "must be an integer from 1 to " + std::to_string(std::numeric_limits<std::int32_t>::max()),
         "");
    return std::nullopt;
}

void ObjectReader::note(std::string code, std::string pointer, std::string detail,
                        std::string hint) {
    errors_.push_back({std::move(code), std::move(pointer), std::move(detail), std::move(hint)});
}

std::optional<Problem> ObjectReader::problem() const {
    if (errors_.empty()) return std::nullopt;
    std::string detail = "The body has " + std::to_string(errors_.size()) +
                         (errors_.size() == 1 ? " fault: " : " faults; the first: ");
    detail += errors_.front().pointer + ": " + errors_.front().detail + ".";
    return Problem{ProblemType::InvalidRequest, std::move(detail), errors_, nullptr};
}

}  // namespace skald::api
