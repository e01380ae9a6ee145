#include "engine/clock.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "engine/mutex.h"

namespace skald::engine {
namespace {

using sagas::Milliseconds;
using sagas::Timestamp;

constexpr Milliseconds kJumpMin{1'000};         // Smaller differences are followed at once.
constexpr Milliseconds kJumpStandsFor{60'000};  // A jump is believed after it.
constexpr Milliseconds kAheadMax{60 * 60'000};  // At start, without --accept-clock.

Milliseconds read_clock(clockid_t id) {
    std::timespec time{};
    // Cannot fail: both clocks exist since Linux 2.6.39.
    ::clock_gettime(id, &time);
    return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                    std::chrono::nanoseconds(time.tv_nsec));
}

class LinuxTime final : public SystemTime {
 public:
    Timestamp wall() const override { return Timestamp(read_clock(CLOCK_REALTIME)); }
    Milliseconds since_boot() const override { return read_clock(CLOCK_BOOTTIME); }
};

class EngineClock final : public Clock {
 public:
    EngineClock(const SystemTime& system, Timestamp start)
        : system_(system), now_(start), at_boot_(system.since_boot()) {}

    Timestamp now() const override SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        const Milliseconds boot = std::max(system_.since_boot(), at_boot_);
        const Milliseconds elapsed = boot - at_boot_;
        const Timestamp wall = system_.wall();
        const Milliseconds jump = wall - (now_ + elapsed);
        at_boot_ = boot;
        if (std::chrono::abs(jump) < kJumpMin) {
            jump_.reset();
            now_ = std::max(now_, wall);
        } else if (!stands(jump, boot)) {
            now_ += elapsed;
        } else if (jump > Milliseconds::zero()) {
            spdlog::warn(
                "engine clock: the system clock stands {} ms ahead since a minute; it is "
                "followed now, to {}",
                jump.count(), sagas::to_rfc3339(wall));
            jump_.reset();
            now_ = wall;
        } else {
            if (!jump_->is_warned) {
                spdlog::warn(
                    "engine clock: the system clock stands {} ms behind since a minute; "
                    "engine time goes at half speed until they meet",
                    -jump.count());
                jump_->is_warned = true;
            }
            slow_down(elapsed);
        }
        return now_;
    }

 private:
    struct Jump {
        Milliseconds size;
        Milliseconds since;  // Boot time.
        bool is_warned = false;
    };

    /// Whether a jump of this size has been there for long enough to be believed. One that shrinks
    /// because we slow down for it is still the same.
    bool stands(Milliseconds size, Milliseconds boot) const SKALD_REQUIRES(mutex_) {
        if (!jump_ || std::chrono::abs(size - jump_->size) >= kJumpMin) {
            jump_ = Jump{size, boot};
            half_ = Milliseconds::zero();
        }
        return boot - jump_->since >= kJumpStandsFor;
    }

    void slow_down(Milliseconds elapsed) const SKALD_REQUIRES(mutex_) {
        half_ += elapsed;
        const Milliseconds step = half_ / 2;
        now_ += step;
        half_ -= 2 * step;
        jump_->size += elapsed - step;
    }

    // Constant after construction.
    const SystemTime& system_;

    mutable Mutex mutex_;
    mutable Timestamp now_ SKALD_GUARDED_BY(mutex_);
    mutable Milliseconds at_boot_ SKALD_GUARDED_BY(mutex_);
    mutable std::optional<Jump> jump_ SKALD_GUARDED_BY(mutex_);
    mutable Milliseconds half_ SKALD_GUARDED_BY(mutex_){0};  // Elapsed and not yet counted.
};

}  // namespace

const SystemTime& system_time() {
    static const LinuxTime time;
    return time;
}

Instant steady_now() { return std::chrono::steady_clock::now(); }

sagas::Result<std::unique_ptr<Clock>> make_engine_clock(const SystemTime& system,
                                                        std::optional<Timestamp> last,
                                                        AcceptClock accept) {
    const Timestamp wall = system.wall();
    if (last && *last - wall > kAheadMax && accept == AcceptClock::No) {
        return sagas::fail(
            sagas::ErrorCode::Unavailable,
            "start the clock: the system says " + sagas::to_rfc3339(wall) +
                ", but the last thing in the journal happened at " + sagas::to_rfc3339(*last) +
                "; set the system's clock right, or, if it is, start with --accept-clock: engine "
                "time then goes on from the journal's, at half speed");
    }
    return std::make_unique<EngineClock>(system, last ? std::max(*last, wall) : wall);
}

}  // namespace skald::engine
