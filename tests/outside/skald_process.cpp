#include "tests/outside/skald_process.h"

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

#include "tests/outside/http_client.h"
#include "tests/outside/socket.h"

namespace skald::outside {
namespace {

constexpr std::size_t kLogTailBytes = 4000;

std::filesystem::path beside(const std::filesystem::path& database, const char* suffix) {
    return database.string() + suffix;
}

std::vector<std::string> command_line(const SkaldOptions& options,
                                      const std::filesystem::path& port_file) {
    std::vector<std::string> words = options.prefix;
    words.insert(words.end(), {options.binary.string(), "serve", "--db", options.database.string(),
                               "--listen", "127.0.0.1:0", "--port-file", port_file.string()});
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    return words;
}

/// The number in a file that ends in a newline, or 0 when it isn't there or not whole.
std::uint16_t read_port(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (text.empty() || text.back() != '\n') {
        return 0;
    }
    return static_cast<std::uint16_t>(std::stoul(text));
}

}  // namespace

SkaldProcess::SkaldProcess(const SkaldOptions& options)
    : port_file_(beside(options.database, ".port")) {
    std::filesystem::remove(port_file_);
    std::vector<std::string> words = command_line(options, port_file_);
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const Descriptor log(require(::open(beside(options.database, ".log").c_str(),
                                        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644),
                                 "open the log file"));
    const pid_t parent = ::getpid();
    started_at_ = std::chrono::steady_clock::now();
    pid_ = require(::fork(), "fork");
    if (pid_ == 0) {
        // Only calls that are safe after a fork of a process with threads.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent || ::dup2(log.value(), STDOUT_FILENO) < 0 ||
            ::dup2(log.value(), STDERR_FILENO) < 0) {
            ::_exit(126);
        }
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    // The wrapper came with glibc 2.36.
    end_ = Descriptor(require(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"));
}

SkaldProcess::~SkaldProcess() { kill(); }

bool SkaldProcess::ends_within(std::chrono::microseconds time) const {
    pollfd end{end_.value(), POLLIN, 0};
    const timespec most{time.count() / 1'000'000, time.count() % 1'000'000 * 1'000};
    return is_reaped_ || ::ppoll(&end, 1, &most, nullptr) == 1;
}

std::uint16_t SkaldProcess::await_port(std::chrono::milliseconds time,
                                       std::chrono::microseconds interval) {
    const auto until = std::chrono::steady_clock::now() + time;
    do {
        if (const std::uint16_t port = read_port(port_file_); port != 0) {
            return port;
        }
    } while (std::chrono::steady_clock::now() < until && !ends_within(interval));
    return 0;
}

std::uint16_t SkaldProcess::await_ready(std::chrono::milliseconds time,
                                        std::chrono::microseconds interval) {
    const auto until = std::chrono::steady_clock::now() + time;
    const std::uint16_t port = await_port(time, interval);
    if (port == 0) {
        return 0;
    }
    HttpClient client(port);
    do {
        const std::optional<HttpReply> reply =
            client.send("GET", "/readyz", {}, {}, std::chrono::seconds(5));
        if (reply.has_value() && reply->status == 200) {
            return port;
        }
    } while (std::chrono::steady_clock::now() < until && !ends_within(interval));
    return 0;
}

void SkaldProcess::await_end() const {
    siginfo_t info{};
    while (!is_reaped_ && ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
}

int SkaldProcess::reap() {
    while (!is_reaped_) {
        is_reaped_ = ::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR;
    }
    return status_;
}

void SkaldProcess::kill() {
    if (!is_reaped_) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

std::optional<int> SkaldProcess::stop(std::chrono::milliseconds time) {
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

std::string log_tail(const std::filesystem::path& database) {
    std::ifstream stream(beside(database, ".log"));
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    return text.size() > kLogTailBytes ? text.substr(text.size() - kLogTailBytes) : text;
}

}  // namespace skald::outside
