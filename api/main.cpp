#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "api/cli/command_line.h"
#include "api/serve.h"
#include "api/server_client.h"
#include "engine/clock.h"

namespace {

using skald::cli::Screen;
using skald::cli::Surroundings;
using skald::cli::Terminal;

std::string environment(const std::string& name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables.
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

Terminal is_terminal(int descriptor) {
    return isatty(descriptor) == 1 ? Terminal::Yes : Terminal::No;
}

Screen screen() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return {};
    }
    return {size.ws_col, size.ws_row};
}

}  // namespace

int main(int count, char** arguments) {
    const Surroundings surroundings{std::cin,
                                    std::cout,
                                    std::cerr,
                                    is_terminal(STDOUT_FILENO),
                                    is_terminal(STDERR_FILENO),
                                    screen,
                                    environment,
                                    [] { return skald::engine::system_time().wall(); },
                                    "skald " SKALD_VERSION,
                                    [](const skald::api::ServeOptions& options) {
                                        return skald::api::serve(options, SKALD_VERSION);
                                    },
                                    skald::api::make_server_client};
    const auto exit = skald::cli::run_command_line(count, arguments, surroundings);
    std::cout.flush();
    return static_cast<int>(exit);
}
