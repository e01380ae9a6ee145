#pragma once

#include <string_view>
#include <vector>

namespace skald::benchmark {

/// The text of the string member `name` of the object that `json` is, without building a document;
/// empty when there is none. Members of members are not looked at. `json` must be valid.
std::string_view top_level_text(std::string_view json, std::string_view name);

/// The texts of all string members `name`, at any depth, in their order; escapes are left as they
/// are.
std::vector<std::string_view> texts_of(std::string_view json, std::string_view name);

}  // namespace skald::benchmark
