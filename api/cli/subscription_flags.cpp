#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"
#include "api/cli/topic_place.h"

namespace skald::cli {
namespace {

constexpr const char* kCommands = "Commands";
const ExitText kSubscriptionFailed = {Exit::Failed, "it failed, or was refused"};

void add_subscription_name(CLI::App& command, std::string& name) {
    CLI::Option& option = *command.add_option("NAME", name, "Of the subscription");
    option.required();
    not_empty(option);
}

void add_put(CommandTree& tree, CLI::App& parent, GivenToSubscriptions& given) {
    CLI::App& command = tree.add_remote(
        parent,
        {"put",
         "Make a subscription, or give it another document",
         kCommands,
         {{"skald subscriptions put mail mail.json", ""},
          {R"(echo '{"topic": "orders", "pull": {}}' | skald subscriptions put mail -)", ""}},
         {{Exit::Done, "it is there"}, kSubscriptionFailed},
         {"One that is there keeps its place in the topic: what \"from\" says counts for a new "
          "one. skald subscriptions replay moves it."}},
        [&given](Console& console, ServerClient& server) {
            return put_subscription(console, server, given.name, given.file);
        });
    add_subscription_name(command, given.name);
    CLI::Option& file = *command.add_option("FILE", given.file, "JSON; - is standard input");
    file.required();
    file.type_name("FILE");
    not_empty(file);
}

void add_delete(CommandTree& tree, CLI::App& parent, GivenToSubscriptions& given) {
    CLI::App& command = tree.add_remote(parent,
                                        {"delete",
                                         "Delete a subscription, with its dead letters",
                                         kCommands,
                                         {{"skald subscriptions delete mail", ""}},
                                         {{Exit::Done, "it is deleted"}, kSubscriptionFailed},
                                         {}},
                                        [&given](Console& console, ServerClient& server) {
                                            return delete_subscription(console, server, given.name);
                                        });
    add_subscription_name(command, given.name);
}

void add_fetch(CommandTree& tree, CLI::App& parent, GivenToSubscriptions& given) {
    CLI::App& command = tree.add_remote(
        parent,
        {"fetch",
         "Lease events of a subscription, and print them",
         kCommands,
         {{"skald subscriptions fetch mail --ack", "and be done with them"},
          {"skald subscriptions fetch mail --limit 1 --wait 20s -o json", "with their leases"}},
         {{Exit::Done, "done, also where there are no events"},
          {Exit::Failed, "it failed, was refused, or leases were over before --ack"}},
         {"An event that is not acknowledged while its lease lasts is delivered again: that is "
          "one of its attempts."}},
        [&given](Console& console, ServerClient& server) {
            if (given.is_acknowledged) given.fetch.then = FetchOptions::Then::Acknowledge;
            return fetch(console, server, given.fetch);
        });
    add_subscription_name(command, given.fetch.name);
    between(*command.add_option("--limit", given.fetch.limit, "At most so many; default: 100"), 1,
            1'000);
    duration(*command.add_option("--wait", given.fetch.wait,
                                 "Where there are none, wait for some so long, at most 60s"));
    command.add_flag("--ack", given.is_acknowledged, "Acknowledges what it has printed");
}

void add_replay_of_events(CommandTree& tree, CLI::App& parent, GivenToSubscriptions& given) {
    CLI::App& command = tree.add_remote(
        parent,
        {"replay",
         "Deliver events once more, or pass them over",
         kCommands,
         {{"skald subscriptions replay mail --from 17", "event 17, and all behind it"},
          {"skald subscriptions replay mail --from 2h", "what came in the last two hours"},
          {"skald subscriptions replay mail --from end", "only what comes from now on"}},
         {{Exit::Done, "done"}, kSubscriptionFailed},
         {"Everything before that place counts as delivered, everything from there on as not. "
          "Leases are over. Dead letters stay."}},
        [&given](Console& console, ServerClient& server) {
            const auto from = read_topic_place(given.from, console.now());
            if (!from) {
                return console.fail(Exit::BadUsage, "--from: " + printable(from.error().message));
            }
            return replay_events(console, server, given.name, *from);
        });
    add_subscription_name(command, given.name);
    CLI::Option& from = *command.add_option("--from", given.from,
                                            "start, end, an offset, a time, or so long ago (2h)");
    from.type_name("FROM");
    from.required();
}

Exit run_dead_letters(Console& console, ServerClient& server, GivenToSubscriptions& given) {
    using What = DeadLetterOptions::What;
    const bool is_settling = given.is_replayed || given.is_discarded;
    const bool has_offsets = !given.letters.offsets.empty();
    if (!is_settling && (has_offsets || given.is_all)) {
        return console.fail(Exit::BadUsage, "say what becomes of them: --replay or --discard");
    }
    if (is_settling && has_offsets == given.is_all) {
        return console.fail(Exit::BadUsage, "say which: their offsets, or --all");
    }
    if (is_settling) given.letters.what = given.is_replayed ? What::Replay : What::Discard;
    return dead_letters(console, server, given.letters);
}

void add_dead_letters(CommandTree& tree, CLI::App& parent, GivenToSubscriptions& given) {
    CLI::App& command = tree.add_remote(
        parent,
        {"dead-letters",
         "Show the events that failed as often as they may, and what becomes of them",
         kCommands,
         {{"skald subscriptions dead-letters mail", ""},
          {"skald subscriptions dead-letters mail --replay 17 19", "deliver these two again"},
          {"skald subscriptions dead-letters mail --discard --all", "throw them away"}},
         {{Exit::Done, "done"}, kSubscriptionFailed},
         {"One that is delivered again has as many attempts as a new event, and leaves the list "
          "when it is delivered."}},
        [&given](Console& console, ServerClient& server) {
            return run_dead_letters(console, server, given);
        });
    add_subscription_name(command, given.letters.name);
    command.add_option("OFFSET", given.letters.offsets, "Which of them");
    CLI::Option& replay =
        *command.add_flag("--replay", given.is_replayed, "Delivers them once more");
    command.add_flag("--discard", given.is_discarded, "Throws them away")->excludes(&replay);
    command.add_flag("--all", given.is_all, "All of them");
}

}  // namespace

void add_subscription_commands(CommandTree& tree, GivenToSubscriptions& given) {
    CLI::App& command =
        tree.add_remote(tree.root(),
                        {"subscriptions",
                         "Show subscriptions to events, and change them",
                         "Events",
                         {{"skald subscriptions", "all, with their lag and dead letters"},
                          {"skald subscriptions mail", ""},
                          {"skald subscriptions put mail mail.json", ""},
                          {"skald subscriptions fetch mail --ack", ""}},
                         {{Exit::Done, "done"}, kSubscriptionFailed},
                         {}},
                        [&given](Console& console, ServerClient& server) {
                            return show_subscriptions(console, server, given.shown);
                        });
    not_empty(*command.add_option("NAME", given.shown, "Only this one, whole"));
    add_put(tree, command, given);
    add_delete(tree, command, given);
    add_fetch(tree, command, given);
    add_replay_of_events(tree, command, given);
    add_dead_letters(tree, command, given);
}

}  // namespace skald::cli
