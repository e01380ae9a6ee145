#pragma once

#include <string_view>

namespace skald::benchmark {

/// The text of the string member `name` of the object that `json` is, without building a document;
/// empty when there is none. Members of members are not looked at. `json` must be valid.
std::string_view top_level_text(std::string_view json, std::string_view name);

}  // namespace skald::benchmark
