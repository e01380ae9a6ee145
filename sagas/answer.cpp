#include "sagas/answer.h"

#include <algorithm>
#include <utility>

#include "sagas/ascii.h"
#include "sagas/http_date.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr Milliseconds kRetryAfterMax = std::chrono::hours{1};

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool is_json_type(std::string_view content_type) {
    constexpr std::string_view kSuffix = "+json";
    const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
    const std::string_view end = type.substr(type.size() - std::min(type.size(), kSuffix.size()));
    return are_equal_texts(type, "application/json") || are_equal_texts(end, kSuffix);
}

}  // namespace

std::variant<Value, BodyError> read_body(std::string_view content_type,
                                         std::string_view content_encoding,
                                         std::string_view bytes) {
    if (bytes.empty()) return make_value(nullptr);
    if (bytes.size() > kBodyBytesMax) {
        return BodyError{"the reply's body is larger than " + std::to_string(kBodyBytesMax) +
                         " bytes"};
    }
    const std::string_view encoding = trimmed(content_encoding);
    if (!encoding.empty() && !are_equal_texts(encoding, "identity")) {
        return BodyError{"the reply's body is encoded (Content-Encoding), which is not read"};
    }
    if (is_json_type(content_type)) {
        Result<Json> parsed = parse_json(bytes);
        if (!parsed) return BodyError{"the reply's body is broken JSON: " + parsed.error().message};
        return make_value(std::move(*parsed));
    }
    if (!is_utf8(bytes)) return BodyError{"the reply's body is neither JSON nor UTF-8 text"};
    return make_value(std::string(bytes));
}

std::optional<Milliseconds> read_retry_after(std::string_view field, Timestamp now) {
    const std::string_view text = trimmed(field);
    if (text.empty()) return std::nullopt;
    const bool is_seconds =
        std::all_of(text.begin(), text.end(), [](char byte) { return byte >= '0' && byte <= '9'; });
    if (!is_seconds) {
        const std::optional<Timestamp> date = parse_http_date(text, now);
        if (!date) return std::nullopt;
        return std::clamp(*date - now, Milliseconds{0}, kRetryAfterMax);
    }
    Milliseconds wait{0};
    for (const char digit : text) {
        wait = std::min(wait * 10 + std::chrono::seconds{digit - '0'}, kRetryAfterMax);
    }
    return wait;
}

}  // namespace skald::sagas
