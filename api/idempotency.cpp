#include "api/idempotency.h"

#include "api/digest.h"
#include "sagas/json_text.h"

namespace skald::api {
namespace {

constexpr std::string_view kRule =
    "Idempotency-Key: must be 1 to 255 printable ASCII characters, bare or in double quotes";

/// The text of a structured-field string (RFC 8941, 3.3.3) without its opening quote.
std::optional<std::string> unquote(std::string_view field) {
    std::string text;
    for (std::size_t at = 0; at < field.size(); ++at) {
        if (field[at] == '"') {
            return at + 1 == field.size() ? std::optional(text) : std::nullopt;
        }
        if (field[at] == '\\') {
            ++at;
            if (at == field.size() || (field[at] != '"' && field[at] != '\\')) return std::nullopt;
        }
        text += field[at];
    }
    return std::nullopt;  // The closing quote is missing.
}

bool is_printable(std::string_view text) {
    for (const char c : text) {
        if (c < 0x20 || c > 0x7e) return false;
    }
    return true;
}

}  // namespace

bool is_idempotency_key(std::string_view text) {
    return !text.empty() && text.size() <= kIdempotencyKeyBytesMax && is_printable(text);
}

Parsed<std::optional<std::string>> read_idempotency_key(const Request& request) {
    std::optional<std::string_view> field;
    for (const auto& [name, value] : request.headers) {
        if (name != "idempotency-key") continue;
        if (field) return refuse(ProblemType::InvalidRequest, "Idempotency-Key: was sent twice");
        field = value;
    }
    if (!field) return std::nullopt;

    std::optional<std::string> key(*field);
    if (field->starts_with('"')) key = unquote(field->substr(1));
    if (!key || !is_idempotency_key(*key)) {
        return refuse(ProblemType::InvalidRequest, std::string(kRule));
    }
    return key;
}

std::string canonical_hash(const sagas::Json& body) {
    std::string text;
    sagas::append_json(text, body);
    return sha256_hex(text);
}

}  // namespace skald::api
