#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "api/cli/command_tree.h"
#include "api/cli/completion.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"
#include "api/cli/man_page.h"
#include "api/cli/upkeep_commands.h"

namespace skald::cli {
namespace {

constexpr const char* kServer = "Server";
constexpr const char* kGroup = "Help";
constexpr std::size_t kNameMax = 100;
const ExitText kDone = {Exit::Done, "done"};

/// Why `name` can't be a backup's; "": it can. The server has the same rule.
std::string why_no_backup_name(const std::string& name) {
    const bool is_name = !name.empty() && name.size() <= kNameMax && name.front() != '.' &&
                         std::all_of(name.begin(), name.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
                         });
    if (is_name) return "";
    return "\"" + name +
           "\" must be a name of letters, digits, \".\", \"_\" and \"-\": it is written to the "
           "--backup-dir of the server";
}

void add_backup(CommandTree& tree, GivenToUpkeep& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"backup",
         "Write a backup on the server",
         kServer,
         {{"skald backup monday.db", ""}, {"skald backup \"$(date +%F).db\"", "one for each day"}},
         {{Exit::Done, "it is written, checked and on the disk"},
          {Exit::Failed, "it failed, or was refused"}},
         {"The server goes on meanwhile. The file is written to its --backup-dir, and must not be "
          "there yet. It waits as long as it takes."}},
        [&given](Console& console, ServerClient& server) {
            return backup(console, server, given.file);
        });
    command.add_option("NAME", given.file, "Of the file, without a folder")
        ->required()
        ->check(why_no_backup_name, "", "");
}

void add_doctor(CommandTree& tree, GivenToUpkeep& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"doctor",
         "Ask the server how it is",
         kServer,
         {{"skald doctor", ""}, {"skald doctor --deep -o json", ""}},
         {{Exit::Done, "all is well; there may be warnings"},
          {Exit::Failed, "a check failed, or the server could not be asked"}},
         {}},
        [&given](Console& console, ServerClient& server) {
            return doctor(console, server, given.is_deep ? Depth::Deep : Depth::Quick);
        });
    command.add_flag("--deep", given.is_deep, "Also reads the whole database; takes its time");
}

void add_completion(CommandTree& tree, GivenToUpkeep& given) {
    CLI::App& command =
        tree.add(tree.root(),
                 {"completion",
                  "Print a shell's completion of commands and flags",
                  kGroup,
                  {{"source <(skald completion bash)", "for this shell"},
                   {"skald completion bash > /etc/bash_completion.d/skald", ""},
                   {"skald completion zsh > ~/.zfunc/_skald", "in a folder of $fpath"},
                   {"skald completion fish > ~/.config/fish/completions/skald.fish", ""}},
                  {kDone},
                  {}},
                 [&tree, &given](Console& console) {
                     console.out() << completion(tree.model(), given.shell);
                     return Exit::Done;
                 });
    CLI::Option& shell = *command.add_option("SHELL", given.shell, "Which");
    shell.required();
    choose(shell, {"bash", "zsh", "fish"});
}

void add_man(CommandTree& tree) {
    tree.add(tree.root(),
             {"man",
              "Print the manual page",
              kGroup,
              {{"skald man | man -l -", "read it"},
               {"skald man > /usr/local/share/man/man1/skald.1", ""}},
              {kDone},
              {}},
             [&tree](Console& console) {
                 console.out() << man_page(tree.model(), tree.around().version);
                 return Exit::Done;
             });
}

void add_version(CommandTree& tree) {
    CLI::App& command = tree.add(
        tree.root(), {"version", "Print the version", kGroup, {{"skald version", ""}}, {kDone}, {}},
        [&tree](Console& console) {
            if (tree.given_output() == "json") {
                console.print({{"version", tree.around().version}});
            } else {
                console.out() << tree.around().version << '\n';
            }
            return Exit::Done;
        });
    tree.add_output(command);
}

}  // namespace

void add_upkeep_commands(CommandTree& tree, GivenToUpkeep& given) {
    add_backup(tree, given);
    add_doctor(tree, given);
    add_completion(tree, given);
    add_man(tree);
    add_version(tree);
}

}  // namespace skald::cli
