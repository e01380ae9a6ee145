#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>

#include "api/http/poller.h"
#include "engine/mutex.h"

namespace skald::api::http {

/// Who is connected and what each of them is doing, so that some can be told to go: the idle when
/// too many wait or are connected, all when the server stops.
///
/// Threads: free; what concerns one connection, by the thread that has it. What every request does
/// here takes no lock.
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
    /// How long a connection whose place others want may take to get on with its request.
    static constexpr std::chrono::milliseconds kSlowTime{1000};

    /// Of bodies that have not come whole, and replies that were not taken.
    static constexpr std::size_t kBytesMax = 256u << 20;

    struct Limits {
        /// Those who are told to go are gone a little later, so for that long it may be a
        /// sixteenth more.
        std::size_t connections;
        std::size_t waiting;  ///< In Later::Long, in Stream and idle together.
        std::size_t streams;  ///< In Stream alone.
    };
    /// `poller` must outlive it: it has the members while they wait.
    Connections(Poller& poller, Limits limits) : poller_(poller), limits_(limits) {}

    /// One connection, for as long as its socket is open. Starts as Fresh.
    class Member {
     public:
        Member(Connections& all, int socket, Poller::Id id);
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

        /// Counts `bytes` that are kept for a body that has not come whole, or a reply that is not
        /// taken, until they are given back. False: all connections together keep too much.
        bool take_memory(std::size_t bytes);
        void give_back_memory();

        /// True once it was told to go.
        bool is_leaving() const;

     private:
        friend class Connections;

        Connections& all_;
        const int socket_;
        const Poller::Id id_;
        std::atomic<Phase> phase_{Phase::Fresh};
        std::atomic<Clock::rep> since_;  ///< When the phase began (Idle, Receiving, Fresh).
        std::size_t bytes_ = 0;          ///< Counted in all_.bytes_.
        std::list<Member*>::iterator place_;
    };

    /// Whether there is a place for one more. For that the connection that is idle longest may be
    /// told to go, or else the slowest of those that are over kSlowTime late with their request.
    bool make_place();

    /// From now on nobody idles or waits; who does is told to go, or finished.
    void begin_stop();
    /// Closes all, whatever they do. Waits (of any kind) end at once, also later ones.
    void close_all();
    /// Until nobody is connected, or `until`.
    void wait_until_empty(std::chrono::steady_clock::time_point until);

    bool is_stopping() const { return is_stopping_.load(); }

 private:
    bool evict_oldest(Phase phase, Clock::time_point since_max) SKALD_REQUIRES(mutex_);
    bool evict(Member& member, Phase expected) SKALD_REQUIRES(mutex_);

    Poller& poller_;
    const Limits limits_;
    std::atomic<std::size_t> idle_{0};
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::size_t> streams_{0};  ///< Counted in waiting_, too.
    std::atomic<std::size_t> bytes_{0};
    std::atomic<bool> is_stopping_{false};

    engine::Mutex mutex_;
    engine::ConditionVariable emptied_;
    std::list<Member*> members_ SKALD_GUARDED_BY(mutex_);
    bool is_closing_ SKALD_GUARDED_BY(mutex_) = false;
};

}  // namespace skald::api::http
