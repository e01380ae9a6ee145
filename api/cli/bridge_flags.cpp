#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

const ExitText kBridgeFailed = {Exit::Failed, "it failed, or was refused"};

void add_bridge_name(CLI::App& command, std::string& name) {
    CLI::Option& option = *command.add_option("NAME", name, "Of the bridge");
    option.required();
    not_empty(option);
}

void add_put_bridge(CommandTree& tree, CLI::App& parent, GivenToBridges& given) {
    CLI::App& command = tree.add_remote(
        parent,
        {"put",
         "Make a bridge, or give it another document",
         "Commands",
         {{"skald bridges put nats nats.json", ""},
          {R"(echo '{"nats": {"url": "nats://localhost"}, "out": [{"topic": "orders",)"
           R"( "subject": "orders"}]}' | skald bridges put nats -)",
           ""}},
         {{Exit::Done, "it is there; the broker may be away still"}, kBridgeFailed},
         {"Bindings that were there before keep their places. What was on its way over those that "
          "are left out ends, and their places are forgotten."}},
        [&given](Console& console, ServerClient& server) {
            return put_bridge(console, server, given.name, given.file);
        });
    add_bridge_name(command, given.name);
    CLI::Option& file = *command.add_option("FILE", given.file, "JSON; - is standard input");
    file.required();
    file.type_name("FILE");
    not_empty(file);
}

void add_delete_bridge(CommandTree& tree, CLI::App& parent, GivenToBridges& given) {
    CLI::App& command = tree.add_remote(parent,
                                        {"delete",
                                         "Delete a bridge, and its consumers at the broker",
                                         "Commands",
                                         {{"skald bridges delete nats", ""}},
                                         {{Exit::Done, "it is deleted"}, kBridgeFailed},
                                         {}},
                                        [&given](Console& console, ServerClient& server) {
                                            return delete_bridge(console, server, given.name);
                                        });
    add_bridge_name(command, given.name);
}

}  // namespace

void add_bridge_commands(CommandTree& tree, GivenToBridges& given) {
    CLI::App& command = tree.add_remote(tree.root(),
                                        {"bridges",
                                         "Show bridges to brokers, and change them",
                                         "Events",
                                         {{"skald bridges", "all, and whether they are connected"},
                                          {"skald bridges nats", "with what was refused lately"},
                                          {"skald bridges put nats nats.json", ""}},
                                         {{Exit::Done, "done"}, kBridgeFailed},
                                         {}},
                                        [&given](Console& console, ServerClient& server) {
                                            return show_bridges(console, server, given.shown);
                                        });
    not_empty(*command.add_option("NAME", given.shown, "Only this one, whole"));
    add_put_bridge(tree, command, given);
    add_delete_bridge(tree, command, given);
}

}  // namespace skald::cli
