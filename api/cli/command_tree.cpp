#include "api/cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <utility>

#include "api/cli/flag_checks.h"
#include "api/cli/help_text.h"
#include "sagas/did_you_mean.h"

namespace skald::cli {
namespace {

constexpr const char* kDefaultServer = "http://127.0.0.1:8080";

/// The flags that nearly every command has; they are listed last.
bool is_general(const CLI::Option& option) {
    return option.check_lname("help") || option.check_lname("server") || option.check_sname("o");
}

/// "--inptu" of "--inptu=file".
std::string flag_name(const std::string& word) { return word.substr(0, word.find('=')); }

}  // namespace

CommandTree::CommandTree(const Surroundings& around, CommandText root)
    : around_(around),
      server_(around.environment("SKALD_SERVER")),
      root_(std::make_unique<CLI::App>(root.about, root.name)) {
    if (server_.empty()) server_ = kDefaultServer;
    root_->require_subcommand(1);
    root_->set_help_flag("-h,--help", "Print this help");
    root_->set_version_flag("--version", around_.version, "Print the version");
    root_->formatter_fn([this](const CLI::App* command, const std::string& path,
                               CLI::AppFormatMode) { return help_text(model_of(*command, path)); });
    texts_[root_.get()] = std::move(root);
    // Before the command as well as behind it.
    add_server(*root_);
    add_output(*root_);
}

CommandTree::~CommandTree() = default;

CLI::App& CommandTree::add(CLI::App& parent, CommandText text, Run run) {
    CLI::App& command = *parent.add_subcommand(text.name, text.about);
    texts_[&command] = std::move(text);
    runs_[&command] = std::move(run);
    return command;
}

CLI::App& CommandTree::add_remote(CLI::App& parent, CommandText text, RunRemote run,
                                  OutputNames names) {
    CLI::App& command =
        add(parent, std::move(text), [this, run = std::move(run)](Console& console) {
            auto server = around_.connect(server_, around_.environment("SKALD_TOKEN"));
            if (!server) return console.fail(Exit::BadUsage, printable(server.error().message));
            return run(console, **server);
        });
    add_server(command);
    if (names != OutputNames::None) add_output(command, names);
    return command;
}

void CommandTree::add_server(CLI::App& command) {
    CLI::Option& option = *command.add_option("--server", server_, "URL of the server");
    option.type_name("URL")->default_str(kDefaultServer);
    set_environment(option, "SKALD_SERVER");
}

void CommandTree::add_output(CLI::App& command, OutputNames names) {
    CLI::Option& option =
        *command.add_option(names == OutputNames::Both ? "-o,--output" : "-o", output_,
                            "How to print; default: a table on a terminal, else JSON");
    choose(option, {"json", "table"});
}

void CommandTree::set_environment(const CLI::Option& option, std::string name) {
    environment_[&option] = std::move(name);
}

const std::string& CommandTree::environment_of(const CLI::Option& option) const {
    static const std::string kNone;
    const auto found = environment_.find(&option);
    return found == environment_.end() ? kNone : found->second;
}

Exit CommandTree::run(int count, const char* const* arguments) {
    try {
        root_->parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return explain(error);
    }
    Console out = console();
    return runs_.at(&chosen())(out);
}

CommandModel CommandTree::model() const { return model_of(*root_, root_->get_name()); }

Console CommandTree::console() const {
    const bool is_table =
        output_.empty() ? around_.out_is_terminal == Terminal::Yes : output_ == "table";
    return {around_, is_table ? Output::Table : Output::Json};
}

const CLI::App& CommandTree::chosen() const {
    const CLI::App* command = root_.get();
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    return *command;
}

/// Help and version are no errors; of others, CLI11's text becomes one line of ours.
Exit CommandTree::explain(const CLI::Error& error) {
    if (error.get_exit_code() == 0) {
        root_->exit(error, around_.out, around_.error);
        return Exit::Done;
    }
    const CLI::App& command = chosen();
    std::string path = command.get_name();
    for (const CLI::App* parent = command.get_parent(); parent != nullptr;
         parent = parent->get_parent()) {
        path.insert(0, parent->get_name() + " ");
    }
    const std::vector<std::string> unknown = command.remaining();
    const auto word = std::find_if(unknown.begin(), unknown.end(),
                                   [](const std::string& each) { return each != "--"; });
    const std::string why = word == unknown.end() ? error.what() : explain_unknown(command, *word);
    const bool is_hinted = why.find("did you mean") != std::string::npos;
    return console().fail(Exit::BadUsage,
                          printable(why) + (is_hinted ? "" : "; see: " + path + " --help"));
}

std::string CommandTree::explain_unknown(const CLI::App& command, const std::string& word) const {
    const CommandModel model = model_of(command, "");
    const bool is_flag = word.starts_with('-');
    std::vector<std::string> names;
    for (const FlagModel& flag : model.flags) {
        if (is_flag) names.insert(names.end(), flag.names.begin(), flag.names.end());
    }
    for (const CommandModel& each : model.commands) {
        if (!is_flag) names.push_back(each.text.name);
    }
    const std::string name = is_flag ? flag_name(word) : word;
    std::string why = "\"" + name + "\" is too much";
    if (is_flag) why = "there is no flag \"" + name + "\"";
    if (!is_flag && !names.empty()) why = "there is no command \"" + name + "\"";
    const std::string hint = sagas::did_you_mean_hint(name, names);
    return hint.empty() ? why : why + "; " + hint;
}

FlagModel CommandTree::model_of(const CLI::Option& option) const {
    FlagModel flag;
    if (option.get_positional()) flag.names.push_back(option.get_name(true, false));
    for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
    if (option.get_expected_max() > 0) {
        const std::string value = option.get_type_name();
        // An argument's name says what it is, but for its choices.
        if (!option.get_positional() || !choices_of(value).empty()) flag.value = value;
        flag.is_value_optional = option.get_expected_min() == 0;
        flag.is_repeatable = option.get_expected_max() > 1;
        flag.default_text = option.get_default_str();
    }
    flag.about = option.get_description();
    flag.environment = environment_of(option);
    flag.is_required = option.get_required();
    return flag;
}

CommandModel CommandTree::model_of(const CLI::App& command, const std::string& path) const {
    CommandModel model;
    model.path = path;
    model.text = texts_.at(&command);
    model.needs_command = !runs_.contains(&command);
    std::vector<const CLI::Option*> options = command.get_options();
    std::stable_partition(options.begin(), options.end(),
                          [](const CLI::Option* option) { return !is_general(*option); });
    for (const CLI::Option* option : options) {
        (option->get_positional() ? model.arguments : model.flags).push_back(model_of(*option));
    }
    for (const CLI::App* each : command.get_subcommands(nullptr)) {
        model.commands.push_back(model_of(*each, path + " " + each->get_name()));
    }
    return model;
}

}  // namespace skald::cli
