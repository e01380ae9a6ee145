#pragma once

#include <string>
#include <vector>

namespace CLI {
class Option;
}

/// Rules for the values of flags; what breaks one is bad usage.
namespace skald::cli {

/// One of `choices`, which the help then shows.
void choose(CLI::Option& option, const std::vector<std::string>& choices);
/// A whole number.
void between(CLI::Option& option, unsigned least, unsigned most);
void not_empty(CLI::Option& option);
/// A duration such as "5m".
void duration(CLI::Option& option);
/// "KEY=VALUE", once or more often.
void labels(CLI::Option& option);

}  // namespace skald::cli
