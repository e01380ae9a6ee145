#include "api/cli/command_line.h"

#include "api/cli/command_tree.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

CommandText root_text() {
    return {"skald",
            "Skald runs sagas: sequences of HTTP calls that are undone, in reverse, when one fails",
            "",
            {{"skald serve", "a server on http://127.0.0.1:8080"},
             {"skald apply examples/order/order.json", "register a definition"},
             {"skald start order --input order-1.json --wait", "run it and see what became of it"},
             {"skald ls --status stuck", "who needs help"}},
            {{Exit::Done, "done"},
             {Exit::Failed, "it failed or was refused, or the wait ran out"},
             {Exit::BadUsage, "bad usage; of serve: it could not start"},
             {Exit::Compensated, "of a command that waited: the saga was undone"},
             {Exit::Unfinished, "of a command that waited: it is stuck, or was abandoned"},
             {Exit::Doubtful, "of lint and diff with --strict: warnings, or no way on"}},
            {"The token of a server comes from SKALD_TOKEN only. Colours are off where NO_COLOR is "
             "set or TERM is dumb."}};
}

/// Everything that can be given, for all commands.
struct Given {
    GivenToServe serve;
    GivenToDefinitions definitions;
    GivenToSagas sagas;
    GivenToList list;
    GivenToEvents events;
    GivenToSubscriptions subscriptions;
    GivenToBridges bridges;
    GivenToOperators operators;
    GivenToUpkeep upkeep;
};

}  // namespace

Exit run_command_line(int count, const char* const* arguments, const Surroundings& surroundings) {
    Given given;
    CommandTree tree(surroundings, root_text());
    add_serve_command(tree, given.serve);
    add_definition_commands(tree, given.definitions);
    add_saga_commands(tree, given.sagas);
    add_list_command(tree, given.list);
    add_event_commands(tree, given.events);
    add_subscription_commands(tree, given.subscriptions);
    add_bridge_commands(tree, given.bridges);
    add_operator_commands(tree, given.operators);
    add_upkeep_commands(tree, given.upkeep);
    return tree.run(count, arguments);
}

}  // namespace skald::cli
