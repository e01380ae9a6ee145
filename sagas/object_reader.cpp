#include "sagas/object_reader.h"

#include <algorithm>
#include <utility>

#include "sagas/did_you_mean.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

std::string number_text(double number) { return Json(number).dump(); }

}  // namespace

std::string expected(std::string_view what, const Json& found) {
    std::string text = "expected " + std::string(what) + ", found ";
    if (found.is_null()) return text + "null";
    if (found.is_string()) return text + "the string " + in_quotes(found.get<std::string>(), 40);
    if (found.is_number()) return text + "the number " + found.dump();
    if (found.is_boolean()) return text + found.dump();
    return text + (found.is_array() ? "an array" : "an object");
}

ObjectReader::ObjectReader(const Json& json, std::string pointer, Problems& problems)
    : pointer_(std::move(pointer)), problems_(problems) {
    if (json.is_object()) {
        object_ = &json.get_ref<const Json::object_t&>();
    } else {
        problems_.add("wrong-type", pointer_, expected("an object", json));
    }
}

std::string ObjectReader::pointer(std::string_view field) const {
    return pointer_ + '/' + escape_pointer_token(field);
}

const Json* ObjectReader::any(const std::string& field) {
    if (std::find(asked_.begin(), asked_.end(), field) == asked_.end()) asked_.push_back(field);
    if (object_ == nullptr) return nullptr;
    const auto found = object_->find(field);
    return found == object_->end() ? nullptr : &found->second;
}

const std::string* ObjectReader::text(const std::string& field) {
    const Json* const value = any(field);
    if (value == nullptr) return nullptr;
    if (value->is_string()) return &value->get_ref<const std::string&>();
    problems_.add("wrong-type", pointer(field), expected("a string", *value));
    return nullptr;
}

const Json* ObjectReader::array(const std::string& field) {
    const Json* const value = any(field);
    if (value == nullptr || value->is_array()) return value;
    problems_.add("wrong-type", pointer(field), expected("an array", *value));
    return nullptr;
}

std::optional<bool> ObjectReader::flag(const std::string& field) {
    const Json* const value = any(field);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    problems_.add("wrong-type", pointer(field), expected("true or false", *value));
    return std::nullopt;
}

std::optional<Milliseconds> ObjectReader::duration(const std::string& field, Milliseconds min,
                                                   Milliseconds max) {
    const Json* const value = any(field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        problems_.add("wrong-type", pointer(field), expected("a duration such as \"5s\"", *value));
        return std::nullopt;
    }
    const Result<Milliseconds> duration = parse_duration(value->get_ref<const std::string&>());
    if (!duration) {
        problems_.add("bad-duration", pointer(field), duration.error().message);
        return std::nullopt;
    }
    if (*duration >= min && *duration <= max) return *duration;
    problems_.add("out-of-range", pointer(field),
                  to_duration_text(*duration) + " is not between " + to_duration_text(min) +
                      " and " + to_duration_text(max));
    return std::nullopt;
}

std::optional<double> ObjectReader::number(const std::string& field, double min, double max) {
    const Json* const value = any(field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
        problems_.add("wrong-type", pointer(field), expected("a number", *value));
        return std::nullopt;
    }
    const auto number = value->get<double>();
    if (number >= min && number <= max) return number;
    problems_.add(
        "out-of-range", pointer(field),
        value->dump() + " is not between " + number_text(min) + " and " + number_text(max));
    return std::nullopt;
}

std::optional<std::uint32_t> ObjectReader::count(const std::string& field, std::uint32_t max) {
    const Json* const value = any(field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer()) {
        problems_.add("wrong-type", pointer(field), expected("a whole number", *value));
        return std::nullopt;
    }
    // parse_json makes every integer that isn't negative an unsigned one; our own code needn't.
    const bool is_negative = !value->is_number_unsigned() && value->get<std::int64_t>() < 0;
    const auto count = is_negative ? 0 : value->get<std::uint64_t>();
    if (count >= 1 && count <= max) return static_cast<std::uint32_t>(count);
    problems_.add("out-of-range", pointer(field),
                  value->dump() + " is not between 1 and " + std::to_string(max));
    return std::nullopt;
}

void ObjectReader::require(const std::string& field, const std::string& hint) {
    if (object_ == nullptr || object_->find(field) != object_->end()) return;
    problems_.add("missing-field", pointer_, in_quotes(field) + " is missing", hint);
}

void ObjectReader::refuse_others() {
    if (object_ == nullptr) return;
    for (const auto& [name, value] : *object_) {
        if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
        std::string hint;
        if (!problems_.is_full()) hint = did_you_mean_hint(name, asked_);
        if (hint.empty()) hint = allowed_text();
        problems_.add("unknown-field", pointer(name), "there is no field " + in_quotes(name),
                      std::move(hint));
    }
}

std::string ObjectReader::allowed_text() const {
    std::string text = "the fields here are ";
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        if (i > 0) text += ", ";
        text += asked_[i];
    }
    return text;
}

}  // namespace skald::sagas
