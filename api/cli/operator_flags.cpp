#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

constexpr const char* kGroup = "Operators";
using OutputNames = CommandTree::OutputNames;

std::vector<ExitText> exits() {
    return {{Exit::Done, "all was done"}, {Exit::Failed, "it failed or was refused for one"}};
}

enum class Reason : std::uint8_t { Optional, Required };

void add_ids(CLI::App& command, std::vector<std::string>& ids) {
    CLI::Option& option = *command.add_option("ID", ids, "The sagas' ids");
    option.required();
    not_empty(option);
}

void add_reason(CLI::App& command, std::string& text, Reason reason) {
    CLI::Option& option = *command.add_option("--reason", text, "Why; goes into the journal");
    option.type_name("TEXT");
    if (reason == Reason::Optional) return;
    option.required();
    not_empty(option);
}

void add_key(CLI::App& command, std::optional<std::string>& key) {
    command.add_option("--key", key, "Idempotency-Key, for sending it again")->type_name("KEY");
}

CLI::App& add_action(CommandTree& tree, GivenToOperators& given, Action action, Reason reason,
                     CommandText text, OutputNames names = OutputNames::Both) {
    text.group = kGroup;
    text.exits = exits();
    CLI::App& command = tree.add_remote(
        tree.root(), std::move(text),
        [&given, action](Console& console, ServerClient& server) {
            return operate(console, server, action, given.options);
        },
        names);
    add_ids(command, given.options.ids);
    add_reason(command, given.options.reason, reason);
    add_key(command, given.options.key);
    return command;
}

void add_plain_actions(CommandTree& tree, GivenToOperators& given) {
    add_action(tree, given, Action::Cancel, Reason::Optional,
               {"cancel",
                "Turn sagas back: undo what they did",
                "",
                {{"skald cancel order-1 --reason 'customer called'", ""},
                 {"skald ls --definition order --status running --all -o json | jq -r "
                  "'.items[].id' | xargs skald cancel --reason 'wrong prices'",
                  "all that run"}},
                {},
                {"Not past the pivot; where the pivot is being tried, it settles first."}});
    add_action(tree, given, Action::Suspend, Reason::Optional,
               {"suspend",
                "Make no new calls for sagas",
                "",
                {{"skald suspend order-1 --reason 'the bank is down'", ""}},
                {},
                {"Calls in flight are answered, and deadlines count on."}});
    add_action(tree, given, Action::Resume, Reason::Optional,
               {"resume", "Let suspended sagas go on", "", {{"skald resume order-1", ""}}, {}, {}});
}

void add_stuck_actions(CommandTree& tree, GivenToOperators& given) {
    CLI::App& retry =
        add_action(tree, given, Action::Retry, Reason::Optional,
                   {"retry",
                    "Try the stuck steps of sagas again",
                    "",
                    {{"skald retry order-1", ""},
                     {"skald retry order-1 --step charge", ""},
                     {"skald retry order-1 --step send/3", "one element of a for_each step"}},
                    {},
                    {"With the same keys, and as many tries as at the start."}});
    retry
        .add_option("--step", given.options.step,
                    "Only this one, or STEP/INDEX of a for_each step; default: all that are stuck")
        ->type_name("STEP");

    CLI::App& resolve = add_action(
        tree, given, Action::Resolve, Reason::Required,
        {"resolve",
         "Say what became of a stuck step",
         "",
         {{"skald resolve order-1 --step charge --as succeeded --output charge.json --reason "
           "'found it at the bank'",
           ""},
          {"skald resolve order-1 --step send/3 --as skipped --reason 'no such address'",
           "one element of a for_each step"},
          {"skald resolve order-1 --step charge --as compensated --reason 'refunded by hand'", ""}},
         {},
         {"succeeded: it took effect, and this is its output. compensated: nothing of it is left. "
          "skipped: go on without it."}},
        OutputNames::ShortOnly);
    CLI::Option& step =
        *resolve.add_option("--step", given.options.step, "Which; STEP/INDEX of a for_each step");
    step.required();
    step.type_name("STEP");
    CLI::Option& as = *resolve.add_option("--as", given.options.as, "What became of it");
    as.required();
    choose(as, {"succeeded", "compensated", "skipped"});
    resolve
        .add_option("--output", given.options.output,
                    "JSON with its output, with --as succeeded; - is standard input")
        ->type_name("FILE");

    add_action(tree, given, Action::Abandon, Reason::Required,
               {"abandon",
                "Give stuck sagas up as they are",
                "",
                {{"skald abandon order-1 --reason 'settled by letter'", ""}},
                {},
                {"Nothing more is called, and nothing is undone. It can't be taken back; skald "
                 "replay can run it again."}});
}

Exit run_replay(const CLI::App& command, GivenToOperators& given, Console& console,
                ServerClient& server) {
    if (given.replay.id && given.replay.ids.size() > 1) {
        return console.fail(Exit::BadUsage, "--id: only for one saga");
    }
    if (command.count("--wait") > 0) {
        const auto wait = read_wait(given.wait);
        if (!wait) {
            return console.fail(Exit::BadUsage, "--wait: " + printable(wait.error().message));
        }
        given.replay.wait = *wait;
    }
    return replay(console, server, given.replay);
}

void add_replay(CommandTree& tree, GivenToOperators& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"replay",
         "Run ended sagas again, as new ones",
         kGroup,
         {{"skald replay order-1 --dry-run", "which calls that would make, and what stands"},
          {"skald replay order-1 --wait", ""},
          {"skald replay order-1 --input mended.json --version 3 --reason 'wrong address'", ""}},
         {{Exit::Done, "all was done; with --wait: they completed"},
          {Exit::Failed,
           "it failed or was refused, or --dry-run says that it would be; with "
           "--wait: the wait ran out"},
          {Exit::Compensated, "with --wait: one was undone"},
          {Exit::Unfinished, "with --wait: one is stuck, or was abandoned"}},
         {"The calls of a replay have new keys: participants will do again what they did before. "
          "So a saga of which effects stand is only replayed with --accept-repeats. A saga is "
          "replayed once; then replay its replay."}},
        [&tree, &given](Console& console, ServerClient& server) {
            return run_replay(*tree.root().get_subcommand("replay"), given, console, server);
        });
    ReplayOptions& replay = given.replay;
    add_ids(command, replay.ids);
    command
        .add_option("--input", replay.input,
                    "JSON with another input; - is standard input; default: as it was")
        ->type_name("FILE");
    between(
        *command.add_option("--version", replay.version, "Of the definition; default: as it was"),
        1, 1u << 30);
    command.add_option("--id", replay.id, "The new saga's id; default: a new UUID")
        ->type_name("ID");
    add_reason(command, replay.reason, Reason::Optional);
    add_key(command, replay.key);
    command.add_flag("--accept-repeats", replay.accepts_repeats,
                     "Although what the old saga did stands");
    CLI::Option& dry_run =
        *command.add_flag("--dry-run", replay.is_dry_run, "Only shows what would be done");
    command
        .add_option("--wait", given.wait,
                    "Waits until it ends or is stuck; with a duration (30s), at most so long. "
                    "Stands behind the ids")
        ->expected(0, 1)
        ->type_name("DURATION")
        ->excludes(&dry_run);
}

}  // namespace

void add_operator_commands(CommandTree& tree, GivenToOperators& given) {
    add_plain_actions(tree, given);
    add_stuck_actions(tree, given);
    add_replay(tree, given);
}

}  // namespace skald::cli
