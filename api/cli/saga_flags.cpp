#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"
#include "api/cli/plan_command.h"
#include "api/cli/saga_commands.h"

namespace skald::cli {
namespace {

constexpr const char* kGroup = "Sagas";
const ExitText kFailed = {Exit::Failed, "it failed, or was refused"};

void add_id(CLI::App& command, std::string& id) {
    CLI::Option& option = *command.add_option("ID", id, "The saga's id");
    option.required();
    not_empty(option);
}

Exit run_start(const CLI::App& command, GivenToSagas& given, Console& console,
               ServerClient& server) {
    if (command.count("--wait") > 0) {
        const auto wait = read_wait(given.wait);
        if (!wait) {
            return console.fail(Exit::BadUsage, "--wait: " + printable(wait.error().message));
        }
        given.start.wait = *wait;
    }
    return start(console, server, given.start);
}

void add_start(CommandTree& tree, GivenToSagas& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"start",
         "Start a saga",
         kGroup,
         {{"skald start order --input order-1.json --wait", ""},
          {"echo '{\"order_id\": \"o-1\"}' | skald start order --input - --wait 30s", ""},
          {"skald start order --input o.json --id order-1 --label tenant=acme", ""}},
         {{Exit::Done, "it is started; with --wait: it completed"},
          {Exit::Failed, "it failed or was refused; with --wait: the wait ran out"},
          {Exit::Compensated, "with --wait: it was undone"},
          {Exit::Unfinished, "with --wait: it is stuck, or was abandoned"}},
         {"With --wait, a server that is away or busy is asked again for up to a minute; the saga "
          "is started once."}},
        [&tree, &given](Console& console, ServerClient& server) {
            return run_start(*tree.root().get_subcommand("start"), given, console, server);
        });
    StartOptions& start = given.start;
    CLI::Option& definition =
        *command.add_option("DEFINITION", start.definition, "Name of the definition");
    definition.required();
    not_empty(definition);
    command.add_option("--input", start.input, "JSON; - is standard input")
        ->required()
        ->type_name("FILE");
    command.add_option("--id", start.id, "The saga's id; default: a new UUID")->type_name("ID");
    command.add_option("--key", start.key, "Idempotency-Key; default: a random one")
        ->type_name("KEY");
    between(
        *command.add_option("--version", start.version, "Of the definition; default: the latest"),
        1, 1u << 30);
    labels(*command.add_option("--label", start.labels, "A label of the saga"));
    command
        .add_option("--wait", given.wait,
                    "Waits until it ends or is stuck; with a duration (30s), at most so long. "
                    "Stands behind DEFINITION")
        ->expected(0, 1)
        ->type_name("DURATION");
}

void add_show(CommandTree& tree, GivenToSagas& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"show",
         "Show a saga as a timeline",
         kGroup,
         {{"skald show order-1", ""}, {"skald show order-1 -o json", "the whole saga"}},
         {{Exit::Done, "whatever the saga's status"}, kFailed},
         {}},
        [&given](Console& console, ServerClient& server) {
            return show(console, server, given.id);
        });
    add_id(command, given.id);
}

void add_history(CommandTree& tree, GivenToSagas& given) {
    CLI::App& command = tree.add_remote(tree.root(),
                                        {"history",
                                         "Show a saga's journal",
                                         kGroup,
                                         {{"skald history order-1", ""}},
                                         {{Exit::Done, "whatever the saga's status"}, kFailed},
                                         {}},
                                        [&given](Console& console, ServerClient& server) {
                                            return history(console, server, given.id);
                                        });
    add_id(command, given.id);
}

void add_plan(CommandTree& tree, GivenToSagas& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"plan",
         "Show what would happen to a saga now",
         kGroup,
         {{"skald plan order-1", ""}, {"skald plan order-1 -o json", "the requests, whole"}},
         {{Exit::Done, "whatever the saga's status"}, kFailed},
         {"The actions still to come when all goes well, and what would be undone, in order, if "
          "the "
          "saga turned back now; each with the key that its participant will see. Nothing is "
          "changed or called."}},
        [&given](Console& console, ServerClient& server) {
            return plan(console, server, given.id);
        });
    add_id(command, given.id);
}

void add_watch(CommandTree& tree, GivenToSagas& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"watch",
         "Follow a saga until its end",
         kGroup,
         {{"skald watch order-1", ""},
          {"skald watch order-1 --until-stuck || page-someone", ""},
          {"skald watch order-1 -o json | jq .data.status", "an object for each event"}},
         {{Exit::Done, "it completed"},
          {Exit::Failed, "it failed, or the server was away for a minute"},
          {Exit::Compensated, "it was undone"},
          {Exit::Unfinished, "it was abandoned; with --until-stuck: or is stuck"}},
         {"On a terminal it draws the saga's timeline anew with each change; else it prints a "
          "line for each event. When the connection breaks, it goes on behind the last event."}},
        [&given](Console& console, ServerClient& server) {
            given.watch.until =
                given.ends_when_stuck ? WatchOptions::Until::Stuck : WatchOptions::Until::End;
            return watch(console, server, given.watch);
        });
    add_id(command, given.watch.id);
    command.add_flag("--until-stuck", given.ends_when_stuck, "Ends also when the saga is stuck");
}

}  // namespace

void add_saga_commands(CommandTree& tree, GivenToSagas& given) {
    add_start(tree, given);
    add_show(tree, given);
    add_watch(tree, given);
    add_history(tree, given);
    add_plan(tree, given);
}

}  // namespace skald::cli
