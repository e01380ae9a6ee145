#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/outside/socket.h"

namespace skald::outside {

struct SkaldOptions {
    std::filesystem::path binary;
    std::filesystem::path database;      ///< Beside it come `.port` and `.log` files.
    std::vector<std::string> arguments;  ///< Further ones for `serve`.
    std::vector<std::string> prefix;     ///< A command that runs it (`strace -D …`), or empty.
};

/// A `skald serve` of ours on a free port, ended by its pid. Dies with the thread that started it.
///
/// Threads: one, but `port` and `pid` never change.
class SkaldProcess {
 public:
    /// Starts it; it isn't ready yet. Throws std::system_error.
    explicit SkaldProcess(const SkaldOptions& options);
    /// Kills it, if it still runs.
    ~SkaldProcess();
    SkaldProcess(const SkaldProcess&) = delete;
    SkaldProcess& operator=(const SkaldProcess&) = delete;

    pid_t pid() const { return pid_; }
    std::chrono::steady_clock::time_point started_at() const { return started_at_; }

    /// Looks every `interval` until it has written its port; 0 when it ended or time is over.
    std::uint16_t await_port(std::chrono::milliseconds time,
                             std::chrono::microseconds interval = std::chrono::milliseconds(1));
    /// The same, and then until `/readyz` answers 200.
    std::uint16_t await_ready(std::chrono::milliseconds time,
                              std::chrono::microseconds interval = std::chrono::milliseconds(1));

    /// Waits for its end; its pid is nobody else's until `reap`.
    void await_end() const;
    /// Waits for its end; gives its wait status.
    int reap();
    /// SIGKILL, and waits for its end.
    void kill();
    /// SIGTERM, and waits for its end; the exit code, or none when a signal ended it or it had to
    /// be killed after `time`.
    std::optional<int> stop(std::chrono::milliseconds time);

 private:
    bool ends_within(std::chrono::microseconds time) const;

    pid_t pid_ = 0;
    Descriptor end_;  ///< Readable once the process has ended.
    bool is_reaped_ = false;
    int status_ = 0;
    std::chrono::steady_clock::time_point started_at_;
    std::filesystem::path port_file_;
};

/// The last lines of the log of the skald that runs or ran on that database.
std::string log_tail(const std::filesystem::path& database);

}  // namespace skald::outside
