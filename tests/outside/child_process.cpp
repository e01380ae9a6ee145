#include "tests/outside/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace skald::outside {
namespace {

constexpr std::size_t kTailBytes = 2000;

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, const std::filesystem::path& log) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& word : command) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const Descriptor output(require(
        ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), "open a log file"));
    const pid_t parent = ::getpid();
    pid_ = require(::fork(), "fork");
    if (pid_ == 0) {
        // Only calls that are safe after a fork of a process with threads.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent || ::dup2(output.value(), STDOUT_FILENO) < 0 ||
            ::dup2(output.value(), STDERR_FILENO) < 0) {
            ::_exit(126);
        }
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    // The wrapper came with glibc 2.36.
    end_ = Descriptor(require(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"));
}

ChildProcess::~ChildProcess() { kill(); }

bool ChildProcess::ends_within(std::chrono::milliseconds time) const {
    return is_reaped_ || await_socket(end_, POLLIN, std::chrono::steady_clock::now() + time);
}

int ChildProcess::reap() {
    while (!is_reaped_) {
        is_reaped_ = ::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR;
    }
    return status_;
}

void ChildProcess::kill() {
    if (!is_reaped_) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

std::optional<int> ChildProcess::stop(std::chrono::milliseconds time) {
    if (!is_reaped_) {
        ::kill(pid_, SIGTERM);
    }
    if (!ends_within(time)) {
        kill();
        return std::nullopt;
    }
    reap();
    return WIFEXITED(status_) ? std::optional<int>(WEXITSTATUS(status_)) : std::nullopt;
}

std::string tail_of(const std::filesystem::path& log) {
    std::ifstream stream(log);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    return text.size() > kTailBytes ? text.substr(text.size() - kTailBytes) : text;
}

}  // namespace skald::outside
