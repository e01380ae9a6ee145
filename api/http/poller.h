#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace skald::api::http {

using Deadline = std::chrono::steady_clock::time_point;

/// What somebody waits for. Time that is over ends any wait.
struct Wait {
    enum class For : std::uint8_t {
        Bytes,   ///< The socket has some, or the peer has sent its last.
        Space,   ///< The socket takes some, or is broken.
        Signal,  ///< A function that Poller::begin_signal gave is called.
    };
    For what;
    Deadline until;
};

/// Keeps what waits for a socket, a signal or a time, and gives each, once its wait is over, to one
/// of the threads that ask for work: so a wait takes memory, and no thread.
///
/// One thread that sleeps is woken for work that comes, and wakes another one if there is more than
/// it takes: of many threads few are in use, and under load they don't sleep at all.
///
/// Threads: free. A waiter is with the poller or with the thread that took it, never with both.
class Poller {
 public:
    using Id = std::uint64_t;

    class Waiter {
     public:
        virtual ~Waiter() = default;
        /// Does what can be done now. The next wait, or none: it is over, and is destroyed. A wait
        /// may end for no reason (but a Signal's doesn't): what was waited for must be looked at.
        virtual std::optional<Wait> go_on() = 0;
    };

    /// Throws std::system_error when the system has no descriptors left.
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// The id of a waiter to come.
    Id next_id();
    /// `waiter` waits for the first time, on `socket`, which it closes when it is destroyed.
    void add(Id id, std::unique_ptr<Waiter> waiter, int socket, Wait wait);

    /// A function that ends the waiter's next (or present) wait for a signal, and no later one,
    /// whenever it is called, also when waiter and poller are gone. By the waiter's thread.
    std::function<void()> begin_signal(Id id);
    /// Ends its next (or present) wait for a signal.
    void signal(Id id);
    /// Whether its last wait for a signal ended by one. By the waiter's thread.
    bool was_signalled(Id id) const;
    /// From now on no wait for a signal lasts.
    void end_signals();

    struct Work {
        Id id;
        std::unique_ptr<Waiter> waiter;
        /// No thread is left to take what comes next.
        bool is_last_thread;
    };
    /// Waits for work; none: there was none for `time`, or `stop` was called.
    std::optional<Work> take(std::chrono::milliseconds time);
    /// Gives back what was taken: it waits again, or is over.
    void give_back(Work work, std::optional<Wait> wait);
    /// `take` gives nothing from now on.
    void stop();
    bool is_stopped() const;
    /// Whether a thread waits for work.
    bool is_awaited() const;

 private:
    struct Room;
    const std::shared_ptr<Room> room_;  ///< Shared with the functions of `begin_signal`.
};

}  // namespace skald::api::http
