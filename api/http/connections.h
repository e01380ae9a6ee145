#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "api/http/wakeup.h"
#include "engine/mutex.h"

namespace skald::api::http {

/// Who is connected and what each of them is doing, so that some can be told to go: the idle when
/// too many are waiting or when all threads are taken, all when the server stops.
///
/// Threads: free; what concerns one connection, by that connection's thread. What every request
/// does here takes no lock.
class Connections {
    using Clock = std::chrono::steady_clock;

    enum class Phase : std::uint8_t {
        Fresh,      ///< Nothing has come from it yet.
        Idle,       ///< Between two requests. Counted in idle_.
        Receiving,  ///< A part of a request is there, the rest is waited for.
        Working,    ///< A request is answered.
        Waiting,    ///< In a Later::Long or a Stream. Counted in waiting_.
        Leaving,    ///< Told to go: its socket gives no more bytes than those already there.
    };

 public:
    /// How long a thread that others wait for may be held by a connection that doesn't get on with
    /// its request.
    static constexpr std::chrono::milliseconds kSlowTime{1000};

    /// `waiting_max`: in Later::Long, in Stream and idle together; `long_max`: without the idle;
    /// `streams_max`: in Stream alone.
    Connections(std::size_t waiting_max, std::size_t long_max, std::size_t streams_max)
        : waiting_max_(waiting_max), long_max_(long_max), streams_max_(streams_max) {}

    /// One connection, for as long as its socket is open. Starts as Fresh.
    class Member {
     public:
        Member(Connections& all, int socket);
        ~Member();
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;

        /// The answer to the last request is sent. May tell the connection that is idle longest to
        /// go. False: this one shall go.
        bool begin_idle();
        /// Bytes of a request have come: it will be answered even when the connection has been told
        /// to go.
        void begin_work();
        /// Work can't go on, for bytes of the request are missing.
        void begin_receiving();

        /// False: too many wait already, or the server stops; `end_waiting` is not to be called.
        bool begin_waiting();
        void end_waiting();
        /// The same for a stream, from its head to its end.
        bool begin_streaming();
        void end_streaming();

        /// True once it was told to go.
        bool is_leaving() const;
        Wakeup& wakeup() { return *wakeup_; }

     private:
        friend class Connections;

        Connections& all_;
        const int socket_;
        const std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
        std::atomic<Phase> phase_{Phase::Fresh};
        std::atomic<Clock::rep> since_;  ///< When the phase began (Idle, Receiving, Fresh).
        std::list<Member*>::iterator place_;
    };

    /// Frees one thread, if it can: the connection that is idle longest is told to go, or else the
    /// slowest of those that are over kSlowTime late with their request.
    void free_one();

    /// From now on nobody idles or waits; who does is told to go, or finished.
    void begin_stop();
    /// Closes all, whatever they do. Waits (of any kind) end at once, also later ones.
    void close_all();

    bool is_stopping() const { return is_stopping_.load(); }

 private:
    bool evict_oldest(Phase phase, Clock::time_point since_max) SKALD_REQUIRES(mutex_);
    bool evict(Member& member, Phase expected) SKALD_REQUIRES(mutex_);

    const std::size_t waiting_max_;
    const std::size_t long_max_;
    const std::size_t streams_max_;
    std::atomic<std::size_t> idle_{0};
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::size_t> streams_{0};  ///< Counted in waiting_, too.
    std::atomic<bool> is_stopping_{false};

    engine::Mutex mutex_;
    std::list<Member*> members_ SKALD_GUARDED_BY(mutex_);
    bool is_closing_ SKALD_GUARDED_BY(mutex_) = false;
};

}  // namespace skald::api::http
