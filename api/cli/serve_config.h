#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/document.h"
#include "sagas/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace skald::cli {

/// SKALD_ and the flag's name: "SKALD_CALLS_PER_ORIGIN" of "calls-per-origin".
std::string environment_name(const std::string& flag);

/// The settings of `skald serve`, from its flags, the environment and a file: the first of these
/// that has one wins. (CLI11 would let the file win over the environment, and would read the
/// variables of `serve` for every command.)
class ServeConfig {
 public:
    using Environment = std::function<std::string(const std::string& name)>;

    /// `command`: all flags in it but --help, --output, --config and --print-config are settings.
    /// Both must outlive it.
    ServeConfig(CLI::App& command, const Environment& environment)
        : command_(command), environment_(environment) {}

    /// Gives the settings that were not given as flags their values. `file`: empty: none.
    /// Errors: NotFound, InvalidArgument; the message names the variable, or file, line and key.
    sagas::Result<void> fill(const std::string& file);

    /// `message`, with where the value came from, if it starts with a flag ("--listen: …") that was
    /// not given as such.
    std::string with_source(const std::string& message) const;

    /// What --config reads back to the same settings; where each value came from is a comment.
    /// `token`: of SKALD_TOKEN; not shown.
    std::string to_text(const std::string& token) const;
    /// {"settings": {NAME: {"value", "from"}}, "token": "***" or null}
    api::Document to_document(const std::string& token) const;

 private:
    std::vector<CLI::Option*> settings() const;
    CLI::Option* find(const std::string& key) const;
    sagas::Result<void> fill_from_environment();
    sagas::Result<void> fill_from_file(const std::string& file);
    std::string source_of(const CLI::Option& option) const;

    CLI::App& command_;
    const Environment& environment_;
    std::map<const CLI::Option*, std::string> sources_;  ///< Of what `fill` gave a value.
};

}  // namespace skald::cli
