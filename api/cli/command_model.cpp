#include "api/cli/command_model.h"

#include <algorithm>

namespace skald::cli {

std::vector<std::string> choices_of(const std::string& value) {
    std::vector<std::string> choices;
    if (value.find('|') == std::string::npos) return choices;
    std::size_t from = 0;
    for (std::size_t end; (end = value.find('|', from)) != std::string::npos; from = end + 1) {
        choices.push_back(value.substr(from, end - from));
    }
    choices.push_back(value.substr(from));
    return choices;
}

std::string usage_of(const FlagModel& flag) {
    std::string text;
    for (const std::string& name : flag.names) {
        text.append(text.empty() ? "" : ", ").append(name);
    }
    if (flag.value.empty()) return text;
    return text + (flag.is_value_optional ? " [" + flag.value + "]" : " " + flag.value);
}

std::string argument_usage(const FlagModel& argument) {
    const std::string text = argument.names.front() + (argument.is_repeatable ? "..." : "");
    return argument.is_required ? text : "[" + text + "]";
}

std::string usage_line(const CommandModel& command) {
    std::string line = command.path;
    if (!command.flags.empty()) line += " [FLAGS]";
    for (const FlagModel& argument : command.arguments) line += " " + argument_usage(argument);
    if (!command.commands.empty()) line += command.needs_command ? " COMMAND" : " [COMMAND]";
    return line;
}

std::string remarks_of(const FlagModel& flag) {
    std::string text;
    const auto add = [&text](const std::string& remark) {
        text.append(text.empty() ? "[" : "; ").append(remark);
    };
    if (flag.is_required && flag.names.front().starts_with('-')) add("required");
    if (flag.is_repeatable && flag.names.front().starts_with('-')) add("repeatable");
    if (!flag.default_text.empty()) add("default: " + flag.default_text);
    if (!flag.environment.empty()) add("environment: " + flag.environment);
    return text.empty() ? "" : text + "]";
}

std::vector<ExitText> exits_of(const CommandModel& command) {
    std::vector<ExitText> exits = command.text.exits;
    const bool is_told = std::any_of(exits.begin(), exits.end(), [](const ExitText& each) {
        return each.exit == Exit::BadUsage;
    });
    if (!is_told) exits.push_back({Exit::BadUsage, "bad usage"});
    std::stable_sort(exits.begin(), exits.end(),
                     [](const ExitText& a, const ExitText& b) { return a.exit < b.exit; });
    return exits;
}

}  // namespace skald::cli
