#include <CLI/CLI.hpp>
#include <ostream>

#include "api/cli/command_tree.h"
#include "api/cli/flags.h"
#include "api/cli/serve_config.h"

namespace skald::cli {
namespace {

CommandText serve_text() {
    return {"serve",
            "Serve the API and run sagas",
            "Server",
            {{"skald serve --db /var/lib/skald/skald.db", ""},
             {"skald serve --listen 127.0.0.1:0 --port-file skald.port", "on a free port"},
             {"SKALD_TOKEN=s3cret skald serve --listen 0.0.0.0:8080 --public-url "
              "https://skald.example",
              "for other machines"},
             {"skald serve --retain completed=7d --retain compensated=30d",
              "delete sagas some time after their end"},
             {"skald serve --secrets-dir /run/secrets", "$secrets.NAME from the file NAME"},
             {"skald serve --print-config > skald.toml", "a file to begin with"},
             {"skald serve --config skald.toml", ""}},
            {{Exit::Done, "it was told to stop, and did"},
             {Exit::BadUsage,
              "bad usage; a bad setting; the port is in use, or the database can't be opened"}},
            {"Each flag also comes from the environment (SKALD_ and its name in capitals, such as "
             "SKALD_CALLS_PER_ORIGIN) and from the file of --config: lines such as threads = 64 or "
             "retain = [\"completed=7d\"]. Flags win over the environment, that over the file.",
             "$secrets.NAME of definitions is the file NAME of --secrets-dir, else that of "
             "$CREDENTIALS_DIRECTORY (systemd), else the variable SKALD_SECRET_NAME. Files are "
             "read again when they change.",
             "SKALD_TOKEN is what clients must send; it comes from the environment alone.",
             "It exits with 70 when it is not known whether the last commit is durable; start it "
             "again."}};
}

std::string config_file(const CommandTree& tree, const GivenToServe& given) {
    return given.config.empty() ? tree.around().environment("SKALD_CONFIG") : given.config;
}

Exit serve(CommandTree& tree, CLI::App& command, const GivenToServe& given, Console& console) {
    ServeConfig config(command, tree.around().environment);
    const std::string token = tree.around().environment("SKALD_TOKEN");
    if (const auto filled = config.fill(config_file(tree, given)); !filled) {
        return console.fail(Exit::BadUsage, printable(filled.error().message));
    }
    auto options = to_options(given.flags, token);
    if (!options) {
        return console.fail(Exit::BadUsage, printable(config.with_source(options.error().message)));
    }
    options->credentials_dir = tree.around().environment("CREDENTIALS_DIRECTORY");
    if (!given.is_printed) return tree.around().serve(*options);
    if (tree.given_output() == "json") {
        console.print(config.to_document(token));
    } else {
        console.out() << config.to_text(token);
    }
    return Exit::Done;
}

}  // namespace

void add_serve_command(CommandTree& tree, GivenToServe& given) {
    CLI::App& command = tree.add(tree.root(), serve_text(), [&tree, &given](Console& console) {
        return serve(tree, *tree.root().get_subcommand("serve"), given, console);
    });
    add_serve_flags(command, given.flags);
    for (const CLI::Option* option : command.get_options()) {
        if (!option->check_lname("help")) {
            tree.set_environment(*option, environment_name(option->get_lnames().front()));
        }
    }
    CLI::Option& config =
        *command.add_option("--config", given.config, "A file with settings (TOML)");
    config.type_name("FILE");
    tree.set_environment(config, "SKALD_CONFIG");
    command.add_flag("--print-config", given.is_printed,
                     "Prints the settings, with where each comes from, and ends");
    tree.add_output(command);
}

}  // namespace skald::cli
