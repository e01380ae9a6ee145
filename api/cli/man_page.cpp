#include "api/cli/man_page.h"

#include <algorithm>
#include <map>

namespace skald::cli {
namespace {

/// Text that roff takes as it stands.
std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '\\') {
            safe += "\\e";
        } else if (c == '-') {
            safe += "\\-";  // Else it could be shown as a hyphen, which nobody can copy.
        } else if (c == '\'') {
            safe += "\\(aq";
        } else if (c == '`') {
            safe += "\\(ga";
        } else if (c == '^' || c == '~') {
            safe += c == '^' ? "\\(ha" : "\\(ti";
        } else {
            safe += c;
        }
    }
    return safe;
}

/// A line that roff doesn't take for a request.
std::string line(const std::string& text) {
    const std::string safe = escaped(text);
    return (safe.starts_with('.') ? "\\&" + safe : safe) + "\n";
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + escaped(text) + "\\fR"; }

/// "-o, --output json|table", with names and value set apart.
std::string flag_heading(const FlagModel& flag) {
    std::string heading;
    for (const std::string& name : flag.names) {
        heading.append(heading.empty() ? "" : ", ").append(bold(name));
    }
    if (flag.value.empty()) return heading + "\n";
    const std::string value = italic(flag.value);
    return heading + " " + (flag.is_value_optional ? "[" + value + "]" : value) + "\n";
}

void add_flags(std::string& page, const std::vector<FlagModel>& flags) {
    for (const FlagModel& flag : flags) {
        const bool is_argument = !flag.names.front().starts_with('-');
        page += ".TP\n";
        page += is_argument ? italic(flag.names.front()) + "\n" : flag_heading(flag);
        const std::string remarks = remarks_of(flag);
        page += line(flag.about + (remarks.empty() ? "" : " " + remarks) + ".");
    }
}

void add_examples(std::string& page, const std::vector<Example>& examples) {
    if (examples.empty()) return;
    page += ".PP\nExamples:\n.PP\n.RS 4\n.nf\n";
    for (const Example& example : examples) {
        if (!example.about.empty()) page += line("# " + example.about);
        page += line(example.line);
    }
    page += ".fi\n.RE\n";
}

void add_exits(std::string& page, const CommandModel& command) {
    for (const ExitText& exit : exits_of(command)) {
        page += ".TP\n.B " + std::to_string(static_cast<int>(exit.exit)) + "\n" + line(exit.about);
    }
}

bool is_same(const FlagModel& one, const FlagModel& other) {
    return one.names == other.names && one.about == other.about;
}

/// The flags of `command` that `root` doesn't have: the others are told once.
std::vector<FlagModel> own_flags(const CommandModel& command, const CommandModel& root) {
    std::vector<FlagModel> own;
    for (const FlagModel& flag : command.flags) {
        const bool is_general =
            std::any_of(root.flags.begin(), root.flags.end(),
                        [&](const FlagModel& other) { return is_same(flag, other); });
        if (!is_general) own.push_back(flag);
    }
    return own;
}

void add_command(std::string& page, const CommandModel& command, const CommandModel& root) {
    page += ".SS " + escaped(usage_line(command)) + "\n" + line(command.text.about + ".");
    add_flags(page, command.arguments);
    add_flags(page, own_flags(command, root));
    for (const std::string& paragraph : command.text.paragraphs) page += ".PP\n" + line(paragraph);
    page += ".PP\nExit status:\n.RS 4\n";
    add_exits(page, command);
    page += ".RE\n";
    add_examples(page, command.text.examples);
    for (const CommandModel& each : command.commands) add_command(page, each, root);
}

void collect_environment(const CommandModel& command, std::map<std::string, std::string>& found) {
    for (const FlagModel& flag : command.flags) {
        if (!flag.environment.empty()) {
            found[flag.environment] = "As " + flag.names.back() + " does.";
        }
    }
    for (const CommandModel& each : command.commands) collect_environment(each, found);
}

void add_environment(std::string& page, const CommandModel& root) {
    std::map<std::string, std::string> found = {
        {"NO_COLOR", "If set, nothing is coloured."},
        {"SKALD_TOKEN", "The token that a server asks for, and that clients send."},
        {"SKALD_SECRET_NAME", "$secrets.NAME of definitions, where no file is; read by serve."},
        {"TERM", "If dumb, nothing is coloured or drawn anew."},
    };
    collect_environment(root, found);
    page += ".SH ENVIRONMENT\n";
    for (const auto& [name, about] : found) page += ".TP\n" + bold(name) + "\n" + line(about);
}

}  // namespace

std::string man_page(const CommandModel& root, const std::string& version) {
    std::string page =
        ".\\\" Made by: skald man\n.TH SKALD 1 \"\" \"" + escaped(version) +
        "\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\nskald \\- run sagas: HTTP calls that are "
        "undone when one fails\n.SH SYNOPSIS\n" +
        line(usage_line(root)) + ".SH DESCRIPTION\n" + line(root.text.about + ".");
    for (const std::string& paragraph : root.text.paragraphs) page += ".PP\n" + line(paragraph);
    page += ".SH FLAGS\nNearly every command has these.\n";
    add_flags(page, root.flags);
    page += ".SH COMMANDS\n";
    for (const CommandModel& each : root.commands) add_command(page, each, root);
    page += ".SH EXIT STATUS\n";
    add_exits(page, root);
    add_environment(page, root);
    page += ".SH EXAMPLES\n";
    add_examples(page, root.text.examples);
    return page;
}

}  // namespace skald::cli
