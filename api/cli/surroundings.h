#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "api/cli/exit.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api {
struct ServeOptions;
class ServerClient;
}  // namespace skald::api

namespace skald::cli {

enum class Terminal : std::uint8_t { No, Yes };

/// How much a terminal shows.
struct Screen {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// What the command line works with; main.cpp has the real ones.
struct Surroundings {
    std::istream& in;
    std::ostream& out;
    std::ostream& error;
    Terminal out_is_terminal;
    Terminal error_is_terminal;
    std::function<Screen()> screen;  ///< Of the terminal, as it is now.
    /// A variable of the environment; empty: it isn't set.
    std::function<std::string(const std::string& name)> environment;
    std::function<sagas::Timestamp()> now;  ///< Wall clock.
    std::string version;                    ///< "skald 0.1.0"
    std::function<Exit(const api::ServeOptions&)> serve;
    std::function<sagas::Result<std::unique_ptr<api::ServerClient>>(const std::string& url,
                                                                    const std::string& token)>
        connect;
};

}  // namespace skald::cli
