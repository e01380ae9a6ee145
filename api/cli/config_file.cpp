#include "api/cli/config_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/cli/text_file.h"

namespace skald::cli {
namespace {

constexpr std::string_view kSection = "serve";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::array<std::pair<char, char>, 7> kEscapes = {
    {{'"', '"'}, {'\\', '\\'}, {'b', '\b'}, {'t', '\t'}, {'n', '\n'}, {'f', '\f'}, {'r', '\r'}}};

bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto add = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | code >> 6);
        add(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        add(0xe0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3f));
        add(0x80 | (code & 0x3f));
    } else {
        add(0xf0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3f));
        add(0x80 | (code >> 6 & 0x3f));
        add(0x80 | (code & 0x3f));
    }
}

/// Goes through the text; `why_` is what stopped it.
class Parser {
 public:
    explicit Parser(std::string_view text) : text_(text) {
        if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    }

    std::optional<std::vector<Setting>> parse() {
        std::vector<Setting> settings;
        while (skip_to_line(), !is_end()) {
            if (peek() == '[') {
                if (!take_section()) return std::nullopt;
                continue;
            }
            auto setting = take_setting();
            if (!setting || !take_line_end()) return std::nullopt;
            const bool is_twice =
                std::any_of(settings.begin(), settings.end(),
                            [&](const Setting& other) { return other.key == setting->key; });
            if (is_twice) {
                line_ = setting->line;
                stop(setting->key + ": comes twice");
                return std::nullopt;
            }
            settings.push_back(std::move(*setting));
        }
        return settings;
    }
    std::string error(const std::string& file) const {
        return file + ":" + std::to_string(line_) + ": " + why_;
    }

 private:
    bool is_end() const { return at_ >= text_.size(); }
    char peek() const { return is_end() ? '\n' : text_[at_]; }
    char take() {
        const char c = text_[at_++];
        if (c == '\n') ++line_;
        return c;
    }
    bool stop(const std::string& why) {
        why_ = why;
        return false;
    }

    void skip_blanks() {
        while (!is_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) take();
    }
    void skip_comment() {
        while (!is_end() && peek() != '\n') take();
    }
    /// To the next line that says something.
    void skip_to_line() {
        while (skip_blanks(), !is_end()) {
            if (peek() == '#' || peek() == ';') {
                skip_comment();
            } else if (peek() == '\n') {
                take();
            } else {
                return;
            }
        }
    }
    bool take_line_end() {
        skip_blanks();
        if (peek() == '#') skip_comment();
        return peek() == '\n' ||
               stop("there is something behind the value; a text with blanks goes into quotes");
    }

    bool take_section() {
        take();
        const std::size_t from = at_;
        while (!is_end() && peek() != ']' && peek() != '\n') take();
        const std::string name(text_.substr(from, at_ - from));
        if (peek() != ']') return stop("a section ends with \"]\"");
        take();
        return name == kSection ? take_line_end()
                                : stop("there is no section [" + name + "]; use [serve], or none");
    }

    std::optional<Setting> take_setting() {
        Setting setting{"", {}, line_};
        while (!is_end() && is_key_character(peek())) setting.key += take();
        skip_blanks();
        if (setting.key.empty() || peek() != '=') {
            stop("must be KEY = VALUE");
            return std::nullopt;
        }
        take();
        skip_blanks();
        const bool is_taken = peek() == '[' ? take_array(setting.values) : take_value(setting);
        if (!is_taken) return std::nullopt;
        return setting;
    }
    bool take_value(Setting& setting) {
        auto value = take_text(Bare::ToLineEnd);
        if (!value) return false;
        setting.values.push_back(std::move(*value));
        return true;
    }
    bool take_array(std::vector<std::string>& values) {
        take();
        while (true) {
            skip_to_line();
            if (is_end()) return stop("an array ends with \"]\"");
            if (peek() == ']') break;
            auto value = take_text(Bare::ToComma);
            if (!value) return false;
            values.push_back(std::move(*value));
            skip_to_line();
            if (peek() == ',') {
                take();
            } else if (!is_end() && peek() != ']') {
                return stop("between the values of an array stands \",\"");
            }
        }
        take();
        return true;
    }

    enum class Bare : std::uint8_t { ToLineEnd, ToComma };
    std::optional<std::string> take_text(Bare bare) {
        if (peek() == '"') return take_string();
        if (peek() == '\'') return take_literal();
        const std::size_t from = at_;
        while (!is_end() && peek() != '\n') {
            const bool is_comment =
                peek() == '#' && (at_ == from || text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t');
            const bool is_next = bare == Bare::ToComma && (peek() == ',' || peek() == ']');
            if (is_comment || is_next) break;
            take();
        }
        std::string_view text = text_.substr(from, at_ - from);
        while (!text.empty() && std::string_view(" \t\r").find(text.back()) != text.npos) {
            text.remove_suffix(1);
        }
        if (text.empty()) {
            stop("there is no value; an empty text is \"\"");
            return std::nullopt;
        }
        return std::string(text);
    }
    std::optional<std::string> take_literal() {
        take();
        const std::size_t from = at_;
        while (!is_end() && peek() != '\'' && peek() != '\n') take();
        if (is_end() || peek() == '\n') {
            stop("a text in quotes ends on its line");
            return std::nullopt;
        }
        const std::string text(text_.substr(from, at_ - from));
        take();
        return text;
    }
    std::optional<std::string> take_string() {
        take();
        std::string text;
        while (!is_end() && peek() != '"' && peek() != '\n') {
            const char c = take();
            if (c != '\\') {
                text += c;
            } else if (!take_escape(text)) {
                return std::nullopt;
            }
        }
        if (is_end() || peek() == '\n') {
            stop("a text in quotes ends on its line");
            return std::nullopt;
        }
        take();
        return text;
    }
    bool take_escape(std::string& text) {
        const char kind = peek();
        if (kind == 'u' || kind == 'U') {
            take();
            return take_code(text, kind == 'u' ? 4 : 8);
        }
        for (const auto& [written, meant] : kEscapes) {
            if (kind != written) continue;
            take();
            text += meant;
            return true;
        }
        return stop("behind \"\\\" stands one of \" \\ b t n f r u U; or use '…'");
    }
    bool take_code(std::string& text, int digits) {
        std::uint32_t code = 0;
        for (int digit = 0; digit < digits; ++digit) {
            const char c = is_end() ? ' ' : static_cast<char>(peek() | 0x20);
            const auto value = kHexDigits.find(c);
            if (value == kHexDigits.npos) return stop("\\u takes 4 hex digits, \\U takes 8");
            code = code << 4 | static_cast<std::uint32_t>(value);
            take();
        }
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
            return stop("there is no such character");
        }
        append_utf8(text, code);
        return true;
    }

    const std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::string why_;
};

bool is_number(std::string_view value) {
    return !value.empty() && value.size() < 10 && (value.size() == 1 || value[0] != '0') &&
           value.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

sagas::Result<std::vector<Setting>> parse_config(std::string_view text, const std::string& file) {
    Parser parser(text);
    auto settings = parser.parse();
    if (!settings) return sagas::fail(sagas::ErrorCode::InvalidArgument, parser.error(file));
    return std::move(*settings);
}

sagas::Result<std::vector<Setting>> read_config(const std::string& file) {
    const auto text = read_text_file(file, kConfigBytesMax);
    if (!text) return tl::unexpected(text.error());
    return parse_config(*text, file);
}

std::string config_value(std::string_view value) {
    if (is_number(value) || value == "true" || value == "false") return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            text.append("\\").append(1, c);
        } else if (byte < 0x20 || byte == 0x7f) {
            text.append("\\u00").append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 15]);
        } else {
            text += c;
        }
    }
    return text + "\"";
}

}  // namespace skald::cli
