#include "sagas/json_text.h"

#include <cstddef>
#include <cstdint>

#include "sagas/ascii.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

std::string dumped(const Json& value, NotUtf8 not_utf8) {
    return value.dump(-1, ' ', false,
                      not_utf8 == NotUtf8::Throws ? Json::error_handler_t::strict
                                                  : Json::error_handler_t::replace);
}

bool is_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '\\';
    if (const std::size_t at = kEscaped.find(c); at != std::string_view::npos) {
        out += kLetters[at];
    } else {
        out += "u00";
        out += kHex[static_cast<std::size_t>(c) >> 4];
        out += kHex[static_cast<std::size_t>(c) & 0xf];
    }
}

void append_array(std::string& out, const Json::array_t& array, NotUtf8 not_utf8) {
    char separator = '[';
    for (const Json& element : array) {
        out += separator;
        append_json(out, element, not_utf8);
        separator = ',';
    }
    out += array.empty() ? "[]" : "]";
}

void append_object(std::string& out, const Json::object_t& object, NotUtf8 not_utf8) {
    char separator = '{';
    for (const auto& [name, member] : object) {
        out += separator;
        append_json_string(out, name, not_utf8);
        out += ':';
        append_json(out, member, not_utf8);
        separator = ',';
    }
    out += object.empty() ? "{}" : "}";
}

}  // namespace

void append_json(std::string& out, const Json& value, NotUtf8 not_utf8) {
    switch (value.type()) {
        case Json::value_t::object:
            append_object(out, value.get_ref<const Json::object_t&>(), not_utf8);
            break;
        case Json::value_t::array:
            append_array(out, value.get_ref<const Json::array_t&>(), not_utf8);
            break;
        case Json::value_t::string:
            append_json_string(out, value.get_ref<const std::string&>(), not_utf8);
            break;
        case Json::value_t::boolean:
            out += value.get<bool>() ? "true" : "false";
            break;
        case Json::value_t::number_integer:
            append_number(out, value.get<std::int64_t>());
            break;
        case Json::value_t::number_unsigned:
            append_number(out, value.get<std::uint64_t>());
            break;
        case Json::value_t::null:
            out += "null";
            break;
        case Json::value_t::number_float:
        case Json::value_t::binary:
        case Json::value_t::discarded:
            out += dumped(value, not_utf8);
            break;
    }
}

void append_json_string(std::string& out, std::string_view text, NotUtf8 not_utf8) {
    if (has_all(kPlainJsonBytes, text)) {  // By far the most.
        out += '"';
        out += text;
        out += '"';
        return;
    }
    if (!is_utf8(text)) {
        out += dumped(Json(text), not_utf8);
        return;
    }
    out += '"';
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_escaped(text[at])) {
            out.append(text, from, at - from);
            append_escaped(out, text[at]);
            from = at + 1;
        }
    }
    out.append(text, from);
    out += '"';
}

}  // namespace skald::sagas
