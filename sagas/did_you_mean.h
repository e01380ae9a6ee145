#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skald::sagas {

/// The allowed name that `word` was probably meant to be (edit distance at most 2, and less than
/// half of the word), or empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& allowed);

/// `did you mean "timeout"?`, or empty.
std::string did_you_mean_hint(std::string_view word, const std::vector<std::string>& allowed);

}  // namespace skald::sagas
