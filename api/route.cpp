#include "api/route.h"

namespace skald::api {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string_view> first(const Pairs& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs) {
        if (key == name) return value;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
    return first(headers, lower_case_name);
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
    return first(query, name);
}

}  // namespace skald::api
