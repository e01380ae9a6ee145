#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/outside/socket.h"

namespace skald::outside {

/// Any process of ours, ended by its pid. Dies with the thread that started it.
///
/// Threads: one.
class ChildProcess {
 public:
    /// Runs the command; what it prints is appended to `log`. Throws std::system_error.
    ChildProcess(std::vector<std::string> command, const std::filesystem::path& log);
    /// Kills it, if it still runs.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    /// Waits so long for its end.
    bool ends_within(std::chrono::milliseconds time) const;
    /// Waits for its end; gives its wait status.
    int reap();
    /// SIGKILL, and waits for its end.
    void kill();
    /// SIGTERM, and waits for its end; the exit code, or none when a signal ended it or it had to
    /// be killed after `time`.
    std::optional<int> stop(std::chrono::milliseconds time);

 private:
    pid_t pid_ = 0;
    Descriptor end_;  ///< Readable once the process has ended.
    bool is_reaped_ = false;
    int status_ = 0;
};

/// The last lines of a log.
std::string tail_of(const std::filesystem::path& log);

}  // namespace skald::outside
