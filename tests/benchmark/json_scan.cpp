#include "tests/benchmark/json_scan.h"

namespace skald::benchmark {
namespace {

/// The position after the string that begins at `begin`, quotes and all.
std::size_t string_end(std::string_view json, std::size_t begin) {
    std::size_t at = begin + 1;
    while (at < json.size() && json[at] != '"') {
        at += json[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

std::size_t skip_blanks(std::string_view json, std::size_t at) {
    const std::size_t found = json.find_first_not_of(" \t\r\n", at);
    return found == std::string_view::npos ? json.size() : found;
}

}  // namespace

std::string_view top_level_text(std::string_view json, std::string_view name) {
    int depth = 0;
    std::size_t at = 0;
    while (at < json.size()) {
        const char next = json[at];
        if (next != '"') {
            depth += next == '{' || next == '[' ? 1 : 0;
            depth -= next == '}' || next == ']' ? 1 : 0;
            ++at;
            continue;
        }
        const std::size_t end = string_end(json, at);
        const bool is_named = depth == 1 && json.substr(at + 1, end - at - 2) == name;
        at = skip_blanks(json, end);
        if (is_named && at < json.size() && json[at] == ':') {
            const std::size_t value = skip_blanks(json, at + 1);
            if (value < json.size() && json[value] == '"') {
                return json.substr(value + 1, string_end(json, value) - value - 2);
            }
            return {};
        }
    }
    return {};
}

std::vector<std::string_view> texts_of(std::string_view json, std::string_view name) {
    std::vector<std::string_view> texts;
    std::size_t at = 0;
    while (at < json.size()) {
        at = json.find('"', at);
        if (at == std::string_view::npos) break;
        const std::size_t end = string_end(json, at);
        const bool is_named = end <= json.size() && json.substr(at + 1, end - at - 2) == name;
        at = skip_blanks(json, end);
        if (!is_named || at >= json.size() || json[at] != ':') continue;
        const std::size_t value = skip_blanks(json, at + 1);
        if (value < json.size() && json[value] == '"') {
            at = string_end(json, value);
            texts.push_back(json.substr(value + 1, at - value - 2));
        }
    }
    return texts;
}

}  // namespace skald::benchmark
