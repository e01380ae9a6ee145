#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "api/cli/command_line.h"
#include "api/serve.h"
#include "api/server_client.h"

namespace {

using skald::cli::Colour;
using skald::cli::Surroundings;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

Colour colour() {
    const bool is_off = !environment("NO_COLOR").empty() || environment("TERM") == "dumb";
    return is_off ? Colour::Off : Colour::On;
}

}  // namespace

int main(int count, char** arguments) {
    const Surroundings surroundings{
        std::cin,
        std::cout,
        std::cerr,
        isatty(STDOUT_FILENO) == 1 ? Surroundings::Terminal::Yes : Surroundings::Terminal::No,
        environment("SKALD_TOKEN"),
        environment("SKALD_SERVER"),
        colour(),
        "skald " SKALD_VERSION,
        [](const skald::api::ServeOptions& options) {
            return skald::api::serve(options, SKALD_VERSION);
        },
        skald::api::make_server_client};
    const auto exit = skald::cli::run_command_line(count, arguments, surroundings);
    std::cout.flush();
    return static_cast<int>(exit);
}
