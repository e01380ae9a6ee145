#pragma once

#include <string>
#include <vector>

#include "api/cli/exit.h"

/// The commands as data: what is parsed, and what --help, the completion of shells and the man page
/// are made from.
namespace skald::cli {

struct Example {
    std::string line;
    std::string about;  ///< Empty: the line says it.
};

struct ExitText {
    Exit exit;
    std::string about;
};

/// What is said of a command besides its flags.
struct CommandText {
    std::string name;
    std::string about;  ///< One line, without a full stop.
    std::string group;  ///< Heading that the command is listed under.
    std::vector<Example> examples;
    std::vector<ExitText> exits;          ///< BadUsage only where it means more.
    std::vector<std::string> paragraphs;  ///< What else there is to know.
};

struct FlagModel {
    std::vector<std::string> names;  ///< "-o", "--output"; of an argument: "ID".
    std::string value;  ///< What it takes: "FILE", or the choices "json|table"; empty: nothing.
    std::string about;  ///< Without a full stop.
    std::string default_text;
    std::string environment;  ///< The variable that also gives it; empty: none.
    bool is_value_optional = false;
    bool is_required = false;
    bool is_repeatable = false;
};

struct CommandModel {
    std::string path;  ///< "skald definitions show"
    CommandText text;
    std::vector<FlagModel> arguments, flags;
    std::vector<CommandModel> commands;
    bool needs_command = false;  ///< It does nothing by itself.
};

/// The choices of a value such as "json|table"; none: it is no list of them.
std::vector<std::string> choices_of(const std::string& value);

/// "--output json|table", "--wait [DURATION]", "ID...": as usage lines show it.
std::string usage_of(const FlagModel& flag);
std::string argument_usage(const FlagModel& argument);

/// "skald start [FLAGS] DEFINITION"
std::string usage_line(const CommandModel& command);

/// What stands in brackets behind the text of a flag: "[default: skald.db; environment: SKALD_DB]".
std::string remarks_of(const FlagModel& flag);

/// What the exit codes of `command` mean, in their order.
std::vector<ExitText> exits_of(const CommandModel& command);

}  // namespace skald::cli
