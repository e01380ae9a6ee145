#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/cli/command_model.h"
#include "api/cli/console.h"
#include "api/server_client.h"

namespace CLI {
class App;
class Error;
class Option;
}  // namespace CLI

namespace skald::cli {

using api::ServerClient;

/// The commands, with their flags, texts and what they do. CLI11 parses; one text serves --help,
/// completion and the man page.
class CommandTree {
 public:
    using Run = std::function<Exit(Console& console)>;
    using RunRemote = std::function<Exit(Console& console, ServerClient& server)>;
    /// ShortOnly: -o, where --output means something else. None: what is printed has one form.
    enum class OutputNames : std::uint8_t { Both, ShortOnly, None };

    /// `around` must outlive it.
    CommandTree(const Surroundings& around, CommandText root);
    ~CommandTree();
    CommandTree(const CommandTree&) = delete;
    CommandTree& operator=(const CommandTree&) = delete;

    CLI::App& root() { return *root_; }
    const Surroundings& around() const { return around_; }

    /// A command that works here.
    CLI::App& add(CLI::App& parent, CommandText text, Run run);
    /// A command that speaks to a server, with the flags for that.
    CLI::App& add_remote(CLI::App& parent, CommandText text, RunRemote run,
                         OutputNames names = OutputNames::Both);
    /// The flag for how the command prints.
    void add_output(CLI::App& command, OutputNames names = OutputNames::Both);
    /// Says which variable of the environment also gives `option`. Who reads it is another matter.
    void set_environment(const CLI::Option& option, std::string name);
    const std::string& environment_of(const CLI::Option& option) const;

    /// Whether -o was given, and with which value; "": it wasn't.
    const std::string& given_output() const { return output_; }

    /// Parses, and does what was asked for.
    Exit run(int count, const char* const* arguments);

    CommandModel model() const;

 private:
    void add_server(CLI::App& command);
    Console console() const;
    const CLI::App& chosen() const;
    Exit explain(const CLI::Error& error);
    /// What is wrong with a word that `command` doesn't know.
    std::string explain_unknown(const CLI::App& command, const std::string& word) const;
    FlagModel model_of(const CLI::Option& option) const;
    CommandModel model_of(const CLI::App& command, const std::string& path) const;

    const Surroundings& around_;
    std::string server_;
    std::string output_;
    std::unique_ptr<CLI::App> root_;
    std::map<const CLI::App*, CommandText> texts_;
    std::map<const CLI::App*, Run> runs_;
    std::map<const CLI::Option*, std::string> environment_;
};

}  // namespace skald::cli
