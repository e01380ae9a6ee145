#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/skald_process.h"

namespace skald::crash {

/// The numbers of calls at which skald is to be killed: sorted, within [1, calls], some close
/// together, so that a recovery is struck too.
std::vector<std::uint64_t> plan_kills(std::uint64_t seed, std::size_t kills, std::uint64_t calls);

/// Keeps one skald up on one database: kills it as planned, by the progress that the participants
/// see, and starts it again.
///
/// Threads: any.
class Supervisor {
 public:
    /// Starts it on a thread of its own.
    Supervisor(outside::SkaldOptions options, const std::vector<std::uint64_t>& kill_at);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Kills skald when that many calls were planned to be its last.
    void on_call(std::uint64_t call);

    /// Waits until a skald is ready; its port, or 0 when the supervisor gave up or stopped.
    std::uint16_t await_port();
    /// Waits for that time, or until the supervisor gives up.
    void pause(std::chrono::milliseconds time);

    /// SIGTERM; the exit code, none when it had to be killed or wasn't there.
    std::optional<int> stop();

    std::size_t kills() const;
    /// Why it gave up: skald ended by itself or never got ready. Empty: it did not.
    std::string failure() const;

 private:
    void keep_up();
    /// One life of skald; false when there is to be no other.
    bool run_once();
    void give_up(const std::string& reason);

    const outside::SkaldOptions options_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    std::deque<std::uint64_t> kill_at_;
    pid_t pid_ = 0;  ///< 0: none, or it may be reaped at any moment.
    std::uint16_t port_ = 0;
    bool is_struck_ = false;
    bool is_stopping_ = false;
    bool has_ended_ = false;
    std::size_t kills_ = 0;
    std::optional<int> exit_code_;
    std::string failure_;

    std::jthread thread_;
};

}  // namespace skald::crash
