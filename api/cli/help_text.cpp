#include "api/cli/help_text.h"

#include <algorithm>

#include "api/cli/terminal_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kColumns = 90;
constexpr std::size_t kTextFrom = 30;

/// `name` on the left, `about` on the right; below it where `name` is too long.
void add_entry(std::string& help, const std::string& name, const std::string& about) {
    std::string line = "  " + name;
    if (columns_of(line) + 2 > kTextFrom) {
        help += line + "\n";
        line.clear();
    }
    line.append(kTextFrom - columns_of(line), ' ');
    help += line + wrapped(about, kColumns - kTextFrom, kTextFrom) + "\n";
}

void add_commands(std::string& help, const CommandModel& command) {
    std::vector<std::string> groups;
    for (const CommandModel& each : command.commands) {
        if (std::find(groups.begin(), groups.end(), each.text.group) == groups.end()) {
            groups.push_back(each.text.group);
        }
    }
    for (const std::string& group : groups) {
        help += "\n" + group + ":\n";
        for (const CommandModel& each : command.commands) {
            if (each.text.group == group) add_entry(help, each.text.name, each.text.about);
        }
    }
}

void add_flags(std::string& help, const char* heading, const std::vector<FlagModel>& flags) {
    if (flags.empty()) return;
    help += std::string("\n") + heading + ":\n";
    for (const FlagModel& flag : flags) {
        const bool is_long_only = flag.names.front().starts_with("--");
        const std::string remarks = remarks_of(flag);
        add_entry(help, (is_long_only ? "    " : "") + usage_of(flag),
                  flag.about + (remarks.empty() ? "" : " " + remarks));
    }
}

void add_examples(std::string& help, const std::vector<Example>& examples) {
    if (examples.empty()) return;
    help += "\nExamples:\n";
    for (const Example& example : examples) {
        if (!example.about.empty()) help += "  # " + example.about + "\n";
        help += "  " + example.line + "\n";
    }
}

}  // namespace

std::string help_text(const CommandModel& command) {
    std::string help = command.text.about + "\n\nUsage: " + usage_line(command) + "\n";
    add_commands(help, command);
    add_flags(help, "Arguments", command.arguments);
    add_flags(help, "Flags", command.flags);
    add_examples(help, command.text.examples);
    for (const std::string& paragraph : command.text.paragraphs) {
        help += "\n" + wrapped(paragraph, kColumns, 0) + "\n";
    }
    help += "\nExit codes:\n";
    for (const ExitText& exit : exits_of(command)) {
        help += "  " + std::to_string(static_cast<int>(exit.exit)) + "  " +
                wrapped(exit.about, kColumns - 5, 5) + "\n";
    }
    return help;
}

}  // namespace skald::cli
