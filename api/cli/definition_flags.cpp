#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/definition_commands.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"
#include "api/cli/lint_command.h"

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
         {"Definitions that others of them call as children are registered first."}},
        [&given](Console& console, ServerClient& server) {
            return apply(console, server, given.files);
        });
    add_files(command, given);
}

void add_lint(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"lint",
         "Check definitions; needs no server",
         kGroup,
         {{"skald lint order.json", ""},
          {"skald lint --strict *.json", "in CI: warnings count too"},
          {"generate | skald lint -o json -", ""}},
         {{Exit::Done, "no errors; without --strict there may be warnings"},
          {Exit::Failed, "errors, or a file could not be read"},
          {Exit::Doubtful, "with --strict: no errors, but warnings"}},
         {"Children that a definition calls are looked for among the files. One that is "
          "not there is a warning; with --registered the server is asked for it."}},
        [&given](Console& console, ServerClient& server) {
            return lint(console, given.asks_server ? &server : nullptr, given.files,
                        given.is_strict ? Strictness::Strict : Strictness::Lenient);
        });
    add_files(command, given);
    command.add_flag("--strict", given.is_strict, "Exit with 5 where there are warnings");
    command.add_flag("--registered", given.asks_server,
                     "Asks the server for children that are not among the files");
}

void add_diff(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"diff",
         "Compare two versions of a definition",
         kGroup,
         {{"skald diff order 1 2", ""},
          {"skald diff order 1", "with the latest version"},
          {"skald diff order.json new.json", "two files, without a server"}},
         {{Exit::Done, "done; without --strict whatever the verdict is"},
          kFailed,
          {Exit::Doubtful, "with --strict: live sagas of A could not go on under B"}},
         {"What is compared has its defaults filled in, and steps are matched by their names. "
          "Sagas keep the version that they were started with: the verdict only says what would "
          "become of live ones."}},
        [&given](Console& console, ServerClient& server) {
            return diff(console, server, given.diff);
        });
    const auto add_argument = [&command](const char* name, std::string& value, const char* about) {
        CLI::Option& option = *command.add_option(name, value, about);
        not_empty(option);
        return &option;
    };
    add_argument("NAME", given.diff.first, "Of the definition; or the older file")->required();
    add_argument("A", given.diff.second, "The older version; or the newer file")->required();
    add_argument("B", given.diff.third, "The newer version; default: the latest");
    command.add_flag("--strict", given.diff.is_strict,
                     "Exit with 5 where live sagas of A could not go on under B");
}

void add_graph(CommandTree& tree, GivenToDefinitions& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"graph",
         "Draw a definition: its steps, what undoes them, and the data between them",
         kGroup,
         {{"skald graph order", "Mermaid, which Markdown pages take"},
          {"skald graph order.json --format dot | dot -Tsvg >order.svg", ""},
          {"skald graph order --version 2 --format json", ""}},
         {{Exit::Done, "it is printed; a file may have warnings"},
          {Exit::Failed, "it failed, was refused, or the file has errors"}},
         {"A file's name holds a \".\" or \"/\" (./order); - is standard input. It is checked as "
          "by "
          "skald lint, without a server; what is found goes to standard error."}},
        [&given](Console& console, ServerClient& server) {
            return draw_graph(console, server, given.graph);
        },
        CommandTree::OutputNames::None);
    CLI::Option& subject =
        *command.add_option("NAME|FILE", given.graph.subject, "Of a definition, or JSON");
    subject.required();
    subject.type_name("FILE");
    not_empty(subject);
    given.graph.format = "mermaid";
    CLI::Option& format =
        *command.add_option("--format", given.graph.format, "Of the graph; default: mermaid");
    choose(format, {"mermaid", "dot", "json"});
    between(*command.add_option("--version", given.graph.version,
                                "Which, of a name; default: the latest"),
            1, 1u << 30);
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
    add_diff(tree, given);
    add_graph(tree, given);
    add_simulate_command(tree, given.simulate);
    add_definitions(tree, given);
}

}  // namespace skald::cli
