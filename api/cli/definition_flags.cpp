#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/definition_commands.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

constexpr const char* kGroup = "Definitions";
const ExitText kFailed = {Exit::Failed, "it failed, or was refused"};

void add_files(CLI::App& command, GivenToDefinitions& given) {
    CLI::Option& files = *command.add_option("FILE", given.files, "JSON; - is standard input");
    files.required();
    files.type_name("FILE");
    not_empty(files);
}

void add_name(CLI::App& command, GivenToDefinitions& given) {
    CLI::Option& name = *command.add_option("NAME", given.name, "Of the definition");
    name.required();
    not_empty(name);
}

void add_apply(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"apply",
         "Register definitions",
         kGroup,
         {{"skald apply order.json payment.json", ""}, {"generate | skald apply -", ""}},
         {{Exit::Done, "all are registered, or were already"},
          {Exit::Failed, "one could not be read or was refused; the others are registered"}},
         {}},
        [&given](Console& console, ServerClient& server) {
            return apply(console, server, given.files);
        });
    add_files(command, given);
}

void add_lint(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command =
        tree.add(tree.root(),
                 {"lint",
                  "Check definitions, without a server",
                  kGroup,
                  {{"skald lint order.json", ""}, {"skald lint -o json *.json", ""}},
                  {{Exit::Done, "no errors; there may be warnings"},
                   {Exit::Failed, "errors, or a file could not be read"}},
                  {}},
                 [&given](Console& console) { return lint(console, given.files); });
    add_files(command, given);
    tree.add_output(command);
}

void add_definitions(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command = tree.add_remote(tree.root(),
                                        {"definitions",
                                         "List, show and delete definitions",
                                         kGroup,
                                         {{"skald definitions", "the latest version of each"},
                                          {"skald definitions show order --version 2", ""},
                                          {"skald definitions delete order", ""}},
                                         {{Exit::Done, "done"}, kFailed},
                                         {}},
                                        list_definitions);
    CLI::App& show = tree.add_remote(
        command,
        {"show",
         "Show a definition's steps",
         "Commands",
         {{"skald definitions show order", ""},
          {"skald definitions show order --version 2 -o json", "the whole document"}},
         {{Exit::Done, "done"}, kFailed},
         {}},
        [&given](Console& console, ServerClient& server) {
            return show_definition(console, server, given.name, given.version);
        });
    add_name(show, given);
    between(*show.add_option("--version", given.version, "Which; default: the latest"), 1,
            1u << 30);
    CLI::App& remove = tree.add_remote(
        command,
        {"delete",
         "Allow no new starts of a definition",
         "Commands",
         {{"skald definitions delete order", ""}},
         {{Exit::Done, "it is deleted"}, kFailed},
         {"Sagas that run go on, and keep their version. skald apply brings it back."}},
        [&given](Console& console, ServerClient& server) {
            return delete_definition(console, server, given.name);
        });
    add_name(remove, given);
}

}  // namespace

void add_definition_commands(CommandTree& tree, GivenToDefinitions& given) {
    add_apply(tree, given);
    add_lint(tree, given);
    add_definitions(tree, given);
}

}  // namespace skald::cli
