#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

CommandText list_text() {
    return {"ls",
            "List sagas, newest first",
            "Sagas",
            {{"skald ls --status stuck", "who needs help"},
             {"skald ls --failing 5m --watch", "what goes wrong for more than 5 minutes, live"},
             {"skald ls --count --since 1h", "how many of each status were started lately"},
             {"skald ls --definition order --label tenant=acme --all -o json", ""},
             {"skald ls --error 'HTTP 503' --step charge", ""}},
            {{Exit::Done, "done, also where there are none"},
             {Exit::Failed, "it failed, or was refused"}},
            {}};
}

Exit run_list(GivenToList& given, Console& console, ServerClient& server) {
    ListOptions& options = given.options;
    const std::pair<const std::string&, std::optional<std::string>&> moments[] = {
        {given.since, options.since}, {given.until, options.until}};
    for (const auto& [text, moment] : moments) {
        if (text.empty()) continue;
        const auto read = read_moment(text, console.now());
        if (!read) {
            const char* flag = &text == &given.since ? "--since: " : "--until: ";
            return console.fail(Exit::BadUsage, flag + printable(read.error().message));
        }
        moment = *read;
    }
    if (options.version && !options.definition) {
        return console.fail(Exit::BadUsage, "--version: say of which definition: --definition");
    }
    return list(console, server, options);
}

}  // namespace

void add_list_command(CommandTree& tree, GivenToList& given) {
    CLI::App& command =
        tree.add_remote(tree.root(), list_text(), [&given](Console& console, ServerClient& server) {
            return run_list(given, console, server);
        });
    ListOptions& options = given.options;
    CLI::Option& status = *command.add_option("--status", options.statuses, "Only with this one");
    status.delimiter(',')->allow_extra_args(false);
    choose(status, {"running", "compensating", "stuck", "completed", "compensated", "abandoned"});
    command.add_option("--definition", options.definition, "Only of this definition")
        ->type_name("NAME");
    between(*command.add_option("--version", options.version, "Only of this version of it"), 1,
            1u << 30);
    labels(*command.add_option("--label", options.labels, "Only with this label"));
    command.add_option("--since", given.since, "Only started after this time, or so long ago (2h)")
        ->type_name("TIME");
    command.add_option("--until", given.until, "Only started before this time, or so long ago")
        ->type_name("TIME");
    command.add_option("--step", options.step, "Only where the last error is of this step")
        ->type_name("STEP");
    command.add_option("--error", options.error, "Only where the last error holds this text")
        ->type_name("TEXT");
    duration(*command.add_option("--failing", options.failing,
                                 "Only where tries go wrong for so long (5m)"));
    CLI::Option& limit =
        *command.add_option("--limit", options.limit, "At most so many")->capture_default_str();
    between(limit, 1, 1'000'000);
    command.add_flag("--all", options.is_all, "As many as there are")->excludes(&limit);
    command.add_flag("--count", options.is_counted,
                     "Only how many there are of each status (--status doesn't count)");
    command.add_flag("--watch", options.is_watched,
                     "Looks again every 2 s, on a terminal, until it is interrupted");
}

}  // namespace skald::cli
