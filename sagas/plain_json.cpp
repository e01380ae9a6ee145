#include "sagas/plain_json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "sagas/ascii.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kDigitsMax = 18;  // More may not fit into 64 bits.

class PlainReader {
 public:
    explicit PlainReader(std::string_view text) : rest_(text) {}

    std::optional<Json> read() {
        Json value;
        skip_blanks();
        if (!read_value(0, value)) return std::nullopt;
        skip_blanks();
        if (!rest_.empty()) return std::nullopt;
        return value;
    }

 private:
    /// `level`: how many arrays and objects are around it. Each of these members: false: it is not
    /// plain.
    bool read_value(std::size_t level, Json& value) {
        if (rest_.empty()) return false;
        switch (rest_.front()) {
            case '{':
                return level < kJsonDepthMax && read_object(level, value);
            case '[':
                return level < kJsonDepthMax && read_array(level, value);
            case '"':
                return read_string_value(value);
            case 't':
                value = true;
                return accept("true");
            case 'f':
                value = false;
                return accept("false");
            case 'n':
                return accept("null");
            default:
                return read_integer(value);
        }
    }

    bool read_object(std::size_t level, Json& value) {
        Json::object_t members;
        rest_.remove_prefix(1);
        skip_blanks();
        if (!accept("}")) {
            do {
                skip_blanks();
                std::string_view name;
                if (!read_string(name)) return false;
                const auto [member, is_new] = members.try_emplace(std::string(name));
                skip_blanks();
                if (!is_new || !accept(":")) return false;
                skip_blanks();
                if (!read_value(level + 1, member->second)) return false;
                skip_blanks();
            } while (accept(","));
            if (!accept("}")) return false;
        }
        value = std::move(members);
        return true;
    }

    bool read_array(std::size_t level, Json& value) {
        Json::array_t elements;
        rest_.remove_prefix(1);
        skip_blanks();
        if (!accept("]")) {
            do {
                skip_blanks();
                if (!read_value(level + 1, elements.emplace_back())) return false;
                skip_blanks();
            } while (accept(","));
            if (!accept("]")) return false;
        }
        value = std::move(elements);
        return true;
    }

    bool read_string_value(Json& value) {
        std::string_view text;
        if (!read_string(text)) return false;
        value = std::string(text);
        return true;
    }

    bool read_string(std::string_view& text) {
        if (!accept("\"")) return false;
        std::size_t length = 0;
        while (length < rest_.size() && has(kPlainJsonBytes, rest_[length])) ++length;
        text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return accept("\"");
    }

    bool read_integer(Json& value) {
        const bool is_negative = accept("-");
        std::size_t length = 0;
        std::int64_t number = 0;
        for (; length < rest_.size() && is_digit(rest_[length]); ++length) {
            if (length == kDigitsMax) return false;
            number = number * 10 + (rest_[length] - '0');
        }
        const bool has_leading_zero = length > 0 && rest_[0] == '0' && (length > 1 || is_negative);
        if (length == 0 || has_leading_zero) return false;
        rest_.remove_prefix(length);
        // As nlohmann's own parser, which tells them apart by their sign.
        if (is_negative) {
            value = -number;
        } else {
            value = static_cast<std::uint64_t>(number);
        }
        return true;  // A fraction or exponent is refused by whatever comes next.
    }

    void skip_blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' ||
                                  rest_.front() == '\r' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    bool accept(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<Json> read_plain_json(std::string_view text) { return PlainReader(text).read(); }

}  // namespace skald::sagas
