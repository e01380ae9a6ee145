#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/cli/command_model.h"

/// Scripts that make a shell complete commands, flags, and the values of those with choices or
/// files. They ask nothing of a server.
namespace skald::cli {

/// `shell`: bash, zsh or fish.
std::string completion(const CommandModel& root, const std::string& shell);

std::string bash_completion(const CommandModel& root);
std::string zsh_completion(const CommandModel& root);
std::string fish_completion(const CommandModel& root);

/// `root` and all below it, each before its own commands.
std::vector<const CommandModel*> all_commands(const CommandModel& root);

/// `text` as one word of a shell, in single quotes.
std::string shell_word(const std::string& text);

/// What completes a value.
enum class Completes : std::uint8_t { Nothing, Choices, Files, Folders };
Completes completes(const FlagModel& flag);

}  // namespace skald::cli
