#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

CommandText simulate_text() {
    return {
        "simulate",
        "Try a definition with everything that can go wrong",
        "Definitions",
        {{"skald simulate order.json", "without a server"},
         {"skald simulate order.json payment.json", "with the definition of its child"},
         {"skald simulate order", "what the server has under that name, and its children"},
         {"skald simulate order.json --input order-1.json --strict", "in a build"},
         {"skald simulate order.json --stories", "how each outcome comes about"}},
        {{Exit::Done, "sound; without --strict also where an operator may be needed"},
         {Exit::Failed, "a file could not be read, or was refused"},
         {Exit::Doubtful, "with --strict: an operator may be needed"},
         {Exit::Unsound, "unsound: an effect can stand that the saga denies, or lack"}},
        {"It runs the real coordinator on a virtual clock against scripted participants: every "
         "fault at every step, every crash, cancel and deadline, then every pair of them. "
         "Input and replies that are not given are made up. See docs/simulate.md.",
         "The first one is rehearsed; the others are those that it calls by \"saga\", directly or "
         "not. Where the first one is a NAME, the server is asked for those that are not given.",
         "A file's name holds a \".\" or \"/\" (./order); - is standard input."}};
}

}  // namespace

void add_simulate_command(CommandTree& tree, SimulateOptions& given) {
    CLI::App& command = tree.add_remote(tree.root(), simulate_text(),
                                        [&tree, &given](Console& console, ServerClient& server) {
                                            return simulate(console, server, tree.around(), given);
                                        });
    CLI::Option& subject =
        *command.add_option("NAME|FILE", given.subjects, "Definitions: names, or JSON");
    subject.required();
    subject.type_name("FILE");
    not_empty(subject);
    const auto file = [&command](const char* name, std::string& value, const char* about) {
        CLI::Option& option = *command.add_option(name, value, about);
        option.type_name("FILE");
        not_empty(option);
    };
    file("--input", given.input, "JSON; the saga's input, instead of one that is made up");
    file("--replies", given.replies, "JSON; an object: step to body of its action's reply");
    CLI::Option& reads = *command.add_option("--reads", given.reads,
                                             "Its action changes nothing; as GET never does");
    reads.type_name("STEP")->allow_extra_args(false);
    command.add_flag("--singles", given.is_singles, "Only one fault at a time");
    between(*command.add_option("--limit", given.schedules_max,
                                "Schedules at most, of those with two faults; default: 20000"),
            1, 1'000'000);
    command.add_flag("--strict", given.is_strict,
                     "It is a failure, too, if an operator may be needed");
    command.add_flag("--stories", given.tells_stories,
                     "Tell what happened on the way to each outcome");
}

}  // namespace skald::cli
