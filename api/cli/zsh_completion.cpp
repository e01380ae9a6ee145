#include <algorithm>

#include "api/cli/completion.h"

namespace skald::cli {
namespace {

/// "_skald_definitions_show" of "skald definitions show".
std::string function_of(const CommandModel& command) {
    std::string name = "_" + command.path;
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

/// Text inside a specification of _arguments or _describe, where these characters mean something.
std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (std::string_view("[]:\\").find(c) != std::string_view::npos) safe += '\\';
        safe += c;
    }
    return safe;
}

std::string action_of(const FlagModel& flag) {
    switch (completes(flag)) {
        case Completes::Choices: {
            std::string choices;
            for (const std::string& choice : choices_of(flag.value)) {
                choices.append(choices.empty() ? "(" : " ").append(choice);
            }
            return choices + ")";
        }
        case Completes::Files:
            return "_files";
        case Completes::Folders:
            return "_files -/";
        case Completes::Nothing:
            break;
    }
    return " ";
}

/// '(-o --output)'{-o,--output}'[How to print]:json|table:(json table)'
std::string specification_of(const FlagModel& flag) {
    std::string what = "[" + escaped(flag.about) + "]";
    if (!flag.value.empty()) {
        what += std::string(flag.is_value_optional ? "::" : ":") + escaped(flag.value) + ":" +
                action_of(flag);
    }
    std::string all, braces;
    for (const std::string& name : flag.names) {
        all.append(all.empty() ? "(" : " ").append(name);
        braces.append(braces.empty() ? "{" : ",").append(name);
    }
    const std::string before = flag.is_repeatable ? "*" : all + ")";
    if (flag.names.size() == 1) return shell_word(before + flag.names.front() + what);
    return shell_word(before) + braces + "}" + shell_word(what);
}

std::string argument_of(const FlagModel& argument) {
    return shell_word((argument.is_repeatable ? "*:" : ":") + escaped(argument.names.front()) +
                      ":" + action_of(argument));
}

/// A function that completes what stands behind the command.
std::string function_text(const CommandModel& command) {
    std::string text = function_of(command) + "() {\n";
    if (!command.commands.empty()) {
        text += "    local context state state_descr line\n    typeset -A opt_args\n";
    }
    text += command.commands.empty() ? "    _arguments -s -S" : "    _arguments -C -s -S";
    for (const FlagModel& flag : command.flags) text += " \\\n        " + specification_of(flag);
    for (const FlagModel& argument : command.arguments) {
        text += " \\\n        " + argument_of(argument);
    }
    if (command.commands.empty()) return text + "\n}\n\n";

    text += " \\\n        ': :->command' \\\n        '*:: :->words'\n";
    text += "    case $state in\n        command)\n            local -a commands\n";
    text += "            commands=(\n";
    for (const CommandModel& each : command.commands) {
        text += "                " +
                shell_word(escaped(each.text.name) + ":" + escaped(each.text.about)) + "\n";
    }
    text += "            )\n            _describe -t commands command commands\n            ;;\n";
    text += "        words)\n            case $line[1] in\n";
    for (const CommandModel& each : command.commands) {
        text += "                " + each.text.name + ") " + function_of(each) + " ;;\n";
    }
    return text + "            esac\n            ;;\n    esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const CommandModel& root) {
    std::string script =
        "#compdef skald\n# Completion of skald for zsh, made by: skald completion zsh\n\n";
    for (const CommandModel* command : all_commands(root)) script += function_text(*command);
    // As a file of $fpath its text is the function's body; else it is read by `source`.
    return script +
           "if [ \"$funcstack[1]\" = _skald ]; then\n    _skald \"$@\"\nelse\n    compdef _skald "
           "skald\nfi\n";
}

}  // namespace skald::cli
