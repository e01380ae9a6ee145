#include "api/cli/completion.h"

namespace skald::cli {
namespace {

void collect(const CommandModel& command, std::vector<const CommandModel*>& commands) {
    commands.push_back(&command);
    for (const CommandModel& each : command.commands) collect(each, commands);
}

}  // namespace

std::string completion(const CommandModel& root, const std::string& shell) {
    if (shell == "zsh") return zsh_completion(root);
    return shell == "fish" ? fish_completion(root) : bash_completion(root);
}

std::vector<const CommandModel*> all_commands(const CommandModel& root) {
    std::vector<const CommandModel*> commands;
    collect(root, commands);
    return commands;
}

std::string shell_word(const std::string& text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

Completes completes(const FlagModel& flag) {
    if (flag.value == "FILE" || flag.names.front().ends_with("FILE")) return Completes::Files;
    if (flag.value == "DIR") return Completes::Folders;
    return choices_of(flag.value).empty() ? Completes::Nothing : Completes::Choices;
}

}  // namespace skald::cli
