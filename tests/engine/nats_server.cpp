#include "tests/engine/nats_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace skald::testing_nats {
namespace {

constexpr std::string_view kListens = "Listening for client connections on 127.0.0.1:";
constexpr std::string_view kReady = "Server is ready";

std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "skald-nats-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    return name;
}

/// Reads until the server is ready; its port. 0: it ended before, and the log is the failure.
std::uint16_t await_ready(int log) {
    std::string text;
    std::array<char, 4096> chunk;
    while (text.find(kReady) == std::string::npos) {
        const ssize_t count = ::read(log, chunk.data(), chunk.size());
        if (count <= 0) {
            ADD_FAILURE() << "nats-server did not start: " << text;
            return 0;
        }
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    const std::size_t at = text.find(kListens);
    return at == std::string::npos
               ? std::uint16_t{0}
               : static_cast<std::uint16_t>(std::stoi(text.substr(at + kListens.size(), 5)));
}

}  // namespace

RunningNats::RunningNats(std::string config) : folder_(make_folder()), config_(std::move(config)) {
    start();
}

RunningNats::~RunningNats() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void RunningNats::start() {
    const std::string config = (folder_ / "nats.conf").string();
    // -1: a free port.
    std::ofstream(config) << "listen: \"127.0.0.1:"
                          << (port_ == 0 ? std::string("-1") : std::to_string(port_)) << "\"\n"
                          << "jetstream { store_dir: \"" << (folder_ / "js").string() << "\" }\n"
                          << config_ << '\n';
    std::array<int, 2> log{};
    ASSERT_EQ(::pipe(log.data()), 0);
    process_ = ::fork();
    ASSERT_GE(process_, 0);
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(log[1], STDERR_FILENO);
        ::close(log[0]);
        ::close(log[1]);
        ::execl(SKALD_NATS_SERVER, SKALD_NATS_SERVER, "-c", config.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(log[1]);
    port_ = await_ready(log[0]);
    reader_ = std::thread([from = log[0]] {
        std::array<char, 4096> chunk;
        while (::read(from, chunk.data(), chunk.size()) > 0) {
        }
        ::close(from);
    });
}

void RunningNats::kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
    reader_.join();
}

}  // namespace skald::testing_nats
