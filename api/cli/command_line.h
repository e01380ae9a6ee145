#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "api/cli/commands.h"
#include "api/cli/console.h"
#include "api/serve_options.h"

namespace skald::cli {

/// What the command line works with; main.cpp has the real ones.
struct Surroundings {
    std::istream& in;
    std::ostream& out;
    std::ostream& error;
    enum class Terminal : std::uint8_t { No, Yes } out_is_terminal;
    std::string token;            ///< SKALD_TOKEN; empty: none.
    std::string server;           ///< SKALD_SERVER; empty: none.
    Colour colour_when_terminal;  ///< NO_COLOR (no-color.org) switches it off.
    std::string version;          ///< "skald 0.1.0 (…)"
    std::function<Exit(const api::ServeOptions&)> serve;
    std::function<sagas::Result<std::unique_ptr<ServerClient>>(const std::string& url,
                                                               const std::string& token)>
        connect;
};

/// Parses, and does what it says. `arguments`: as main's, with the program's name first.
Exit run_command_line(int count, const char* const* arguments, const Surroundings& surroundings);

}  // namespace skald::cli
