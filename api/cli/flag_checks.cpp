#include "api/cli/flag_checks.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "api/cli/terminal_text.h"
#include "sagas/did_you_mean.h"
#include "sagas/time.h"

namespace skald::cli {
namespace {

/// Refuses values for which `why` says something. (With a description, CLI11 would show it as part
/// of the value's name.)
void refuse(CLI::Option& option, std::function<std::string(const std::string&)> why) {
    option.check(std::move(why), "", "");
}

}  // namespace

void choose(CLI::Option& option, const std::vector<std::string>& choices) {
    std::string names, listed;
    for (const std::string& choice : choices) {
        names.append(names.empty() ? "" : "|").append(choice);
        listed.append(listed.empty() ? "" : ", ").append(choice);
    }
    option.type_name(names);
    refuse(option, [choices, listed](const std::string& value) -> std::string {
        if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
        const std::string hint = sagas::did_you_mean_hint(value, choices);
        return "\"" + value + "\" must be one of " + listed + (hint.empty() ? "" : "; " + hint);
    });
}

void between(CLI::Option& option, unsigned least, unsigned most) {
    option.type_name("N");
    refuse(option, [least, most](const std::string& value) -> std::string {
        const bool is_number = !value.empty() && value.size() <= 10 &&
                               value.find_first_not_of("0123456789") == std::string::npos;
        const unsigned long number = is_number ? std::stoul(value) : 0;
        if (is_number && number >= least && number <= most) return "";
        return "\"" + value + "\" must be a whole number from " + std::to_string(least) + " to " +
               std::to_string(most);
    });
}

void not_empty(CLI::Option& option) {
    refuse(option, [](const std::string& value) -> std::string {
        return value.empty() ? "must not be empty" : "";
    });
}

void duration(CLI::Option& option) {
    option.type_name("DURATION");
    refuse(option, [](const std::string& value) -> std::string {
        const auto parsed = sagas::parse_duration(value);
        return parsed ? "" : parsed.error().message;
    });
}

void labels(CLI::Option& option) {
    option.type_name("KEY=VALUE");
    option.allow_extra_args(false);
    refuse(option, [](const std::string& value) -> std::string {
        const auto equals = value.find('=');
        if (equals != std::string::npos && equals > 0) return "";
        return "\"" + value + "\" must be KEY=VALUE";
    });
}

}  // namespace skald::cli
