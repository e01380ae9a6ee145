#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

struct SimulateOptions {
    /// The definition, and then those of its children: each a name, or a file: what holds a "." or
    /// "/", and "-". Not empty.
    std::vector<std::string> subjects;
    std::string input;    ///< A file; empty: an input is made up.
    std::string replies;  ///< A file; empty: replies are made up.
    std::vector<std::string> reads;
    std::size_t schedules_max = 20'000;
    bool is_singles = false;
    bool is_strict = false;
    bool tells_stories = false;
};

/// Runs a definition through every fault here, and says what can become of its sagas. The server is
/// only asked for definitions that are given by their names, and where the first one is, for the
/// children that it calls.
Exit simulate(Console& console, ServerClient& server, const Surroundings& around,
              const SimulateOptions& options);

}  // namespace skald::cli
