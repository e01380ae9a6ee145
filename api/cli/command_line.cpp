#include "api/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "api/cli/serve_flags.h"
#include "sagas/did_you_mean.h"
#include "sagas/time.h"

namespace skald::cli {
namespace {

constexpr const char* kAbout =
    "Skald runs sagas: sequences of HTTP calls that are undone, in reverse, when one fails.";
constexpr const char* kExamples =
    "Examples:\n"
    "  skald serve                                    a server on http://127.0.0.1:8080\n"
    "  skald apply examples/order/order.json          register a definition\n"
    "  skald start order --input order-1.json --wait  run it and see what became of it\n"
    "  skald ls --status stuck                        who needs help\n"
    "\n"
    "Exit codes: 0 done; 1 failed, or the wait ran out; 2 bad usage; 3 the saga was undone;\n"
    "4 it is stuck or was abandoned.";

/// Everything that can be given, for all commands.
struct Given {
    std::string server = "http://127.0.0.1:8080";
    std::string output;
    ServeFlags serve;
    std::vector<std::string> files;
    StartOptions start;
    std::string wait;
    std::string id;
    ListOptions list;
    CancelOptions cancel;
};

using Command = std::function<Exit()>;

class CommandLine {
 public:
    explicit CommandLine(const Surroundings& surroundings) : around_(surroundings) {
        if (!around_.server.empty()) given_.server = around_.server;
        app_.require_subcommand(1);
        app_.footer(kExamples);
        app_.set_version_flag("--version", around_.version);
        // Before the command as well as behind it.
        add_server(app_);
        add_output(app_);
        add_serve();
        add_definition_commands();
        add_start();
        add_saga_commands();
        add_version();
    }

    Exit run(int count, const char* const* arguments) {
        try {
            app_.parse(count, arguments);
        } catch (const CLI::ParseError& error) {
            return explain(error, count > 1 ? arguments[1] : "");
        }
        return chosen_();
    }

 private:
    /// Help and version are no errors; of others, CLI11's text becomes one line of ours.
    Exit explain(const CLI::ParseError& error, const std::string& first) {
        if (error.get_exit_code() == 0) {
            app_.exit(error, around_.out, around_.error);
            return Exit::Done;
        }
        const auto commands = app_.get_subcommands();
        if (!commands.empty()) {
            return console().fail(Exit::BadUsage, printable(error.what()) + "; see: skald " +
                                                      commands.front()->get_name() + " --help");
        }
        if (first.empty() || first.starts_with('-')) {
            return console().fail(Exit::BadUsage, printable(error.what()) + "; see: skald --help");
        }
        std::vector<std::string> names;
        for (const CLI::App* each : app_.get_subcommands(nullptr))
            names.push_back(each->get_name());
        const std::string hint = sagas::did_you_mean_hint(first, names);
        return console().fail(Exit::BadUsage,
                              "there is no command \"" + printable(first) + "\"" +
                                  (hint.empty() ? "; see: skald --help" : "; " + hint));
    }

    CLI::App& add(const char* name, const char* about, const char* examples, Command command) {
        CLI::App& sub = *app_.add_subcommand(name, about);
        sub.footer(examples);
        sub.callback([this, command = std::move(command)] { chosen_ = command; });
        return sub;
    }

    /// A command that speaks to a server, with the flags for that.
    CLI::App& add_remote(const char* name, const char* about, const char* examples,
                         std::function<Exit(Console&, ServerClient&)> command) {
        CLI::App& sub = add(name, about, examples, [this, command = std::move(command)] {
            Console out = console();
            auto server = around_.connect(given_.server, around_.token);
            if (!server) return out.fail(Exit::BadUsage, printable(server.error().message));
            return command(out, **server);
        });
        add_server(sub);
        add_output(sub);
        return sub;
    }

    void add_server(CLI::App& sub) {
        sub.add_option("--server", given_.server, "URL of the server; also from SKALD_SERVER")
            ->capture_default_str();
    }

    void add_output(CLI::App& sub) {
        sub.add_option("-o,--output", given_.output,
                       "json or table; default: a table on a terminal, else JSON")
            ->check(CLI::IsMember({"json", "table"}));
    }

    void add_serve() {
        CLI::App& sub =
            add("serve", "Serve the API and run sagas",
                "Examples:\n"
                "  skald serve --db /var/lib/skald/skald.db\n"
                "  skald serve --listen 127.0.0.1:0 --port-file skald.port\n"
                "  SKALD_TOKEN=… skald serve --listen 0.0.0.0:8080 --public-url "
                "https://skald.example\n"
                "  skald serve --retain completed=7d --retain compensated=30d\n"
                "\n"
                "Secrets of definitions ($secrets.NAME) come from the environment: "
                "SKALD_SECRET_NAME.",
                [this] {
                    const auto options = to_options(given_.serve, around_.token);
                    if (!options) {
                        return console().fail(Exit::BadUsage, printable(options.error().message));
                    }
                    return around_.serve(*options);
                });
        add_serve_flags(sub, given_.serve);
    }

    void add_definition_commands() {
        CLI::App& apply_command = add_remote(
            "apply", "Register definitions",
            "Examples:\n  skald apply order.json payment.json\n  generate | skald apply -",
            [this](Console& out, ServerClient& server) {
                return apply(out, server, given_.files);
            });
        apply_command.add_option("file", given_.files, "JSON files; - is standard input")
            ->required();
        CLI::App& lint_command =
            add("lint", "Check definitions, without a server",
                "Examples:\n  skald lint order.json\n  skald lint -o json *.json", [this] {
                    Console out = console();
                    return lint(out, given_.files);
                });
        lint_command.add_option("file", given_.files, "JSON files; - is standard input")
            ->required();
        add_output(lint_command);
    }

    void add_start() {
        CLI::App& sub = add_remote(
            "start", "Start a saga",
            "Examples:\n"
            "  skald start order --input order-1.json --wait\n"
            "  echo '{\"order_id\": \"o-1\"}' | skald start order --input - --wait 30s\n"
            "  skald start order --input o.json --id order-1 --label tenant=acme\n"
            "\n"
            "With --wait, exits with 0 when it completed, 3 when it was undone, 4 when it is "
            "stuck\n"
            "or was abandoned, and 1 when the wait ran out.",
            [this](Console& out, ServerClient& server) { return run_start(out, server); });
        sub.add_option("definition", given_.start.definition, "Name of the definition")->required();
        sub.add_option("--input", given_.start.input,
                       "JSON file with the input; - is standard input")
            ->required();
        sub.add_option("--id", given_.start.id, "The saga's id; default: a new UUID");
        sub.add_option("--key", given_.start.key, "Idempotency-Key; default: a random one");
        sub.add_option("--version", given_.start.version, "Of the definition; default: the latest")
            ->check(CLI::Range(1u, 1u << 30));
        sub.add_option("--label", given_.start.labels, "KEY=VALUE; repeatable")
            ->allow_extra_args(false);
        sub.add_option("--wait", given_.wait,
                       "Wait until it ends or is stuck; with a duration (30s), at most so long")
            ->expected(0, 1)
            ->type_name("[DURATION]");
    }

    Exit run_start(Console& out, ServerClient& server) {
        const bool is_waited = app_.get_subcommand("start")->count("--wait") > 0;
        if (is_waited && given_.wait.empty()) given_.start.wait = StartOptions::Wait::UntilRest;
        if (is_waited && !given_.wait.empty()) {
            const auto duration = sagas::parse_duration(given_.wait);
            if (!duration) {
                return out.fail(Exit::BadUsage, "--wait: " + printable(duration.error().message));
            }
            given_.start.wait = StartOptions::Wait::UntilTime;
            given_.start.wait_time = *duration;
        }
        return start(out, server, given_.start);
    }

    void add_saga_commands() {
        CLI::App& show_command = add_remote(
            "show", "Show a saga as a timeline", "Example:\n  skald show order-1",
            [this](Console& out, ServerClient& server) { return show(out, server, given_.id); });
        show_command.add_option("id", given_.id, "The saga's id")->required();
        CLI::App& history_command = add_remote(
            "history", "Show a saga's journal", "Example:\n  skald history order-1",
            [this](Console& out, ServerClient& server) { return history(out, server, given_.id); });
        history_command.add_option("id", given_.id, "The saga's id")->required();

        CLI::App& list_command = add_remote(
            "ls", "List sagas, newest first",
            "Examples:\n  skald ls --status stuck\n  skald ls --definition order --limit 200",
            [this](Console& out, ServerClient& server) { return list(out, server, given_.list); });
        list_command
            .add_option("--status", given_.list.statuses,
                        "running, compensating, stuck, completed, compensated or abandoned; "
                        "repeatable")
            ->delimiter(',')
            ->allow_extra_args(false);
        list_command.add_option("--definition", given_.list.definition, "Only of this definition");
        list_command.add_option("--limit", given_.list.limit, "At most so many")
            ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
            ->capture_default_str();

        CLI::App& cancel_command =
            add_remote("cancel", "Turn a saga back: undo what it did",
                       "Example:\n  skald cancel order-1 --reason 'customer called'",
                       [this](Console& out, ServerClient& server) {
                           return cancel(out, server, given_.cancel);
                       });
        cancel_command.add_option("id", given_.cancel.id, "The saga's id")->required();
        cancel_command.add_option("--reason", given_.cancel.reason, "Why; goes into the journal");
        cancel_command.add_option("--key", given_.cancel.key, "Idempotency-Key");
    }

    void add_version() {
        add("version", "Print the version", "", [this] {
            around_.out << around_.version << '\n';
            return Exit::Done;
        });
    }

    Console console() const {
        const bool is_terminal = around_.out_is_terminal == Surroundings::Terminal::Yes;
        const bool is_table = given_.output.empty() ? is_terminal : given_.output == "table";
        return {around_.in, around_.out, around_.error, is_table ? Output::Table : Output::Json,
                is_terminal ? around_.colour_when_terminal : Colour::Off};
    }

    const Surroundings& around_;
    Given given_;
    CLI::App app_{kAbout, "skald"};
    Command chosen_;
};

}  // namespace

Exit run_command_line(int count, const char* const* arguments, const Surroundings& surroundings) {
    return CommandLine(surroundings).run(count, arguments);
}

}  // namespace skald::cli
