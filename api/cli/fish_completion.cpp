#include "api/cli/completion.h"

namespace skald::cli {
namespace {

/// `text` as one word of fish, where a backslash counts in single quotes, too.
std::string word(const std::string& text) {
    std::string safe = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') safe += '\\';
        safe += c;
    }
    return safe + "'";
}

std::string line_for(const CommandModel& command) {
    return "complete -c skald -n " + word("__skald_at " + word(command.path));
}

std::string value_of(const FlagModel& flag) {
    if (flag.value.empty() || flag.is_value_optional) return "";
    switch (completes(flag)) {
        case Completes::Choices: {
            std::string choices;
            for (const std::string& choice : choices_of(flag.value)) {
                choices.append(choices.empty() ? "" : " ").append(choice);
            }
            return " -x -a " + word(choices);
        }
        case Completes::Files:
            return " -r -F";
        case Completes::Folders:
            return " -x -a '(__fish_complete_directories)'";
        case Completes::Nothing:
            break;
    }
    return " -x";
}

std::string flag_line(const CommandModel& command, const FlagModel& flag) {
    std::string line = line_for(command);
    for (const std::string& name : flag.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    return line + value_of(flag) + " -d " + word(flag.about) + "\n";
}

}  // namespace

std::string fish_completion(const CommandModel& root) {
    std::string script =
        "# Completion of skald for fish, made by: skald completion fish\n\n"
        "# Whether the words so far are in the command $argv[1].\n"
        "function __skald_at\n    set -l path skald\n"
        "    for word in (commandline -opc)[2..-1]\n        switch \"$path $word\"\n            "
        "case";
    for (const CommandModel* command : all_commands(root)) {
        if (command != &root) script += " " + word(command->path);
    }
    script +=
        "\n                set path \"$path $word\"\n        end\n    end\n"
        "    test \"$path\" = \"$argv[1]\"\nend\n\ncomplete -c skald -f\n";
    for (const CommandModel* command : all_commands(root)) {
        for (const CommandModel& each : command->commands) {
            script += line_for(*command) + " -a " + word(each.text.name) + " -d " +
                      word(each.text.about) + "\n";
        }
        for (const FlagModel& flag : command->flags) script += flag_line(*command, flag);
        for (const FlagModel& argument : command->arguments) {
            if (completes(argument) == Completes::Nothing) continue;
            script += line_for(*command) +
                      (completes(argument) == Completes::Files ? " -F" : value_of(argument)) + "\n";
        }
    }
    return script;
}

}  // namespace skald::cli
