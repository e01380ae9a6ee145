#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

/// Clang's thread safety attributes (-Wthread-safety), nothing with other compilers. libstdc++'s
/// own mutex carries none of them, hence the thin classes below.
#if defined(__clang__)
#define SKALD_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SKALD_THREAD_ATTRIBUTE(x)
#endif

/// On a member: read and written only while `mutex` is held.
#define SKALD_GUARDED_BY(mutex) SKALD_THREAD_ATTRIBUTE(guarded_by(mutex))
/// On a pointer: what it points to is read and written only while `mutex` is held.
#define SKALD_POINTEE_GUARDED_BY(mutex) SKALD_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
/// On a function: its caller holds the mutexes.
#define SKALD_REQUIRES(...) SKALD_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// On a function: its caller doesn't hold them, for it takes them.
#define SKALD_EXCLUDES(...) SKALD_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace skald::engine {

/// A std::mutex that clang can check. Not recursive.
class SKALD_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() SKALD_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
    void unlock() SKALD_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
    friend class ConditionVariable;
    std::mutex mutex_;
};

/// Holds a mutex while it lives.
class SKALD_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
    explicit MutexLock(Mutex& mutex) SKALD_THREAD_ATTRIBUTE(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexLock() SKALD_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

 private:
    Mutex& mutex_;
};

/// Waits for what another thread does under the same mutex. May wake for no reason: wait in a loop.
/// (No predicates: clang can't see in a lambda that the mutex is held.)
class ConditionVariable {
 public:
    enum class Woken : std::uint8_t { Notified, TimedOut };

    void wait(Mutex& mutex) SKALD_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait(lock);
        lock.release();  // It stays locked, for the caller's guard.
    }
    Woken wait_until(Mutex& mutex, std::chrono::steady_clock::time_point until)
        SKALD_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        const std::cv_status status = condition_.wait_until(lock, until);
        lock.release();
        return status == std::cv_status::timeout ? Woken::TimedOut : Woken::Notified;
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

 private:
    std::condition_variable condition_;
};

}  // namespace skald::engine
