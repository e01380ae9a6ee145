#include <CLI/CLI.hpp>

#include "api/cli/command_tree.h"
#include "api/cli/flag_checks.h"
#include "api/cli/flags.h"

namespace skald::cli {
namespace {

constexpr const char* kEventGroup = "Events";
const ExitText kEventFailed = {Exit::Failed, "it failed, or was refused"};

void add_topics(CommandTree& tree, GivenToEvents& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"topics",
         "List the topics of the event log, or show one with its contract",
         kEventGroup,
         {{"skald topics", ""},
          {"skald topics orders", ""},
          {"skald topics orders --version 2 -o json", "an older document"}},
         {{Exit::Done, "done"}, kEventFailed},
         {}},
        [&given](Console& console, ServerClient& server) {
            if (given.topics.version && given.topics.name.empty()) {
                return console.fail(Exit::BadUsage, "--version: say of which topic");
            }
            return show_topics(console, server, given.topics);
        });
    not_empty(*command.add_option("NAME", given.topics.name, "Only this one, whole"));
    between(*command.add_option("--version", given.topics.version,
                                "Which document; default: the latest"),
            1, 1u << 30);
}

Exit run_publish(PublishOptions& given, Console& console, ServerClient& server) {
    const bool is_file = given.event || given.batch;
    const bool has_parts = given.type || given.source || given.subject || given.id || given.data ||
                           !given.extensions.empty();
    if (is_file && has_parts) {
        return console.fail(Exit::BadUsage,
                            "--event and --batch hold whole events: no other flag stands beside");
    }
    if (!is_file && !(given.type && given.source)) {
        return console.fail(Exit::BadUsage,
                            "give --type and --source, or a whole event with --event");
    }
    return publish(console, server, given);
}

CommandText publish_text() {
    return {
        "publish",
        "Publish events to a topic",
        kEventGroup,
        {{"skald publish orders --type order.placed --source /shop --data '{\"id\": \"o-1\"}'", ""},
         {"skald publish orders --type order.placed --source /shop --subject o-1 --data "
          "@order.json",
          ""},
         {"skald publish orders --event event.json", "a whole CloudEvent"},
         {"generate-events | skald publish orders --batch -", "an array of them"}},
        {{Exit::Done, "they are durable"}, {Exit::Failed, "it failed, or was refused"}},
        {"An event with the same source and id as one of the last 24 hours is that event: it "
         "is not stored again. Without --id it gets a random one. While the server is away, it "
         "is sent again for a minute."}};
}

void add_publish(CommandTree& tree, GivenToEvents& given) {
    PublishOptions& options = given.publish;
    CLI::App& command = tree.add_remote(tree.root(), publish_text(),
                                        [&options](Console& console, ServerClient& server) {
                                            return run_publish(options, console, server);
                                        });
    CLI::Option& topic = *command.add_option("TOPIC", options.topic, "To which topic");
    topic.required();
    not_empty(topic);
    const auto text = [&command](const char* name, std::optional<std::string>& value,
                                 const char* about, const char* type) {
        CLI::Option& option = *command.add_option(name, value, about);
        option.type_name(type);
        not_empty(option);
        return &option;
    };
    text("--type", options.type, "What happened, as order.placed", "TYPE");
    text("--source", options.source, "Who says so, as /shop", "SOURCE");
    text("--subject", options.subject, "What it is about", "SUBJECT");
    text("--id", options.id, "Its id among those of its source", "ID");
    text("--data", options.data, "JSON; @FILE or - reads it from there", "JSON");
    labels(*command.add_option("--extension", options.extensions,
                               "An attribute of yours, or sagaid and the like"));
    CLI::Option& event =
        *text("--event", options.event, "A whole event; - is standard input", "FILE");
    text("--batch", options.batch, "An array of whole events; - is standard input", "FILE")
        ->excludes(&event);
}

Exit run_tail(GivenToEvents& given, Console& console, ServerClient& server) {
    const auto from = read_from(given.from, console.now());
    if (!from) return console.fail(Exit::BadUsage, "--from: " + printable(from.error().message));
    given.tail.from = *from;
    if (!given.is_json) return tail(console, server, given.tail);
    Console json = console.as_json();
    return tail(json, server, given.tail);
}

void add_tail(CommandTree& tree, GivenToEvents& given) {
    CLI::App& command = tree.add_remote(
        tree.root(),
        {"tail",
         "Print the events of a topic as they come",
         kEventGroup,
         {{"skald tail orders", "what comes from now on"},
          {"skald tail orders --from start --type order.placed", ""},
          {"skald tail skald.sagas --type dev.skald.saga.stuck --json", "sagas that need help"},
          {"skald tail orders --from 2h --limit 10", "of the last two hours the first ten"}},
         {{Exit::Done, "with --limit: so many came"},
          {Exit::Failed, "it was refused, or the server was away for a minute"}},
         {"A line for each event: as text, or as one JSON object with its offset. When the "
          "connection breaks, it goes on behind the last event."}},
        [&given](Console& console, ServerClient& server) {
            return run_tail(given, console, server);
        });
    CLI::Option& topic = *command.add_option("TOPIC", given.tail.topic, "Of which topic");
    topic.required();
    not_empty(topic);
    given.from = "end";
    command
        .add_option("--from", given.from,
                    "From where on: start, end, an offset, a time, or so long ago (2h)")
        ->type_name("FROM")
        ->default_str("end");
    CLI::Option& type = *command.add_option("--type", given.tail.type, "Only events of this type");
    type.type_name("TYPE");
    not_empty(type);
    between(*command.add_option("--limit", given.tail.limit, "Ends after so many"), 1, 1u << 30);
    command.add_flag("--json", given.is_json, "The same as -o json");
}

}  // namespace

void add_event_commands(CommandTree& tree, GivenToEvents& given) {
    add_topics(tree, given);
    add_publish(tree, given);
    add_tail(tree, given);
}

}  // namespace skald::cli
