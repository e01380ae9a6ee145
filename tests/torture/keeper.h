#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/skald_process.h"
#include "tests/outside/socket.h"

namespace skald::torture {

/// Something that is done to skald.
struct Blow {
    enum class Kind : std::uint8_t {
        Kill,   ///< SIGKILL.
        Chase,  ///< SIGKILL, counted from the start of the skald that the last kill brought up.
        Stop,   ///< SIGSTOP, and SIGCONT a second later.
    };
    Kind kind = Kind::Kill;
    /// Since the beginning; of a chase since that start.
    std::chrono::milliseconds at{0};
};

/// That many kills at random moments of the time, a quarter of them chases, and for every fourth
/// of them a stop; sorted.
std::vector<Blow> plan_blows(std::uint64_t seed, std::size_t kills, std::chrono::milliseconds time);

struct KeeperOptions {
    outside::SkaldOptions skald;
    std::vector<Blow> blows;
    /// Called between two lives of skald.
    std::function<void()> on_killed;
};

struct KeeperFigures {
    std::size_t kills = 0;
    std::size_t kills_in_recovery = 0;  ///< Of those: before skald was ready.
    std::size_t stops = 0;
    std::vector<double> ready_ms;  ///< From each kill until the skald after it was ready.
};

/// Keeps one skald up on one database and one port: strikes it as planned, and starts it again.
///
/// Threads: any.
class Keeper {
 public:
    /// Starts it on a thread of its own.
    explicit Keeper(KeeperOptions options);
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    std::uint16_t port() const { return port_; }
    /// Waits for the first skald that is ready; false when there is none. The blows count from
    /// here.
    bool await_ready();
    /// Waits until all blows have fallen, and skald is ready after them.
    void await_blows();
    /// Waits for that time; false at once when there will be no skald any more.
    bool pause(std::chrono::milliseconds time);
    /// SIGTERM; the exit code, none when it had to be killed or wasn't there.
    std::optional<int> stop();

    KeeperFigures figures() const;
    /// There will be no skald any more.
    bool has_given_up() const;
    /// Why it gave up: skald ended by itself or never got ready. Empty: it did not.
    std::string failure() const;

 private:
    using Clock = std::chrono::steady_clock;

    enum class Turn : std::uint8_t { Blow, Stop, Ended, NeverReady };

    void keep_up();
    bool run_once();
    /// Waits until there is something to do.
    Turn guard(outside::SkaldProcess& process);
    void on_ready();
    bool strike(outside::SkaldProcess& process);
    std::optional<Clock::time_point> next_blow(Clock::time_point started_at) const;
    void give_up(const std::string& reason);

    KeeperOptions options_;
    outside::Descriptor placeholder_;  ///< Holds the port between two lives.
    const std::uint16_t port_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    bool is_ready_ = false;
    bool is_stopping_ = false;
    bool has_ended_ = false;
    std::size_t next_ = 0;  ///< Of options_.blows.
    std::optional<Clock::time_point> begun_at_;
    std::optional<Clock::time_point> killed_at_;
    std::optional<int> exit_code_;
    KeeperFigures figures_;
    std::string failure_;

    std::jthread thread_;
};

}  // namespace skald::torture
