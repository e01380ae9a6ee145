#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>

#include "api/route.h"
#include "api/stream_ear.h"
#include "engine/clock.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api {

/// What a stream of events reads, a page at a time. It remembers where it stands.
class EventReading {
 public:
    virtual ~EventReading() = default;

    struct Page {
        std::string text;  ///< Events; empty: none that the reader wants.
        enum class Then : std::uint8_t { More, CaughtUp, Over } then = Then::More;
    };
    /// What comes next. Errors: Unavailable (nothing was skipped: try again),
    /// Corruption.
    virtual sagas::Result<Page> read() = 0;

    /// What tells that the connection is alive; none: nothing can come any more.
    virtual std::optional<std::string> ping() = 0;
};

/// Lets few streams read at a time: many readers of a busy journal would else take the processors
/// from the work that they follow. Who gets no turn falls behind, which is his own matter.
///
/// Threads: any.
class ReadingTurns {
 public:
    /// Turns for a quarter of the processors, and for one at least.
    explicit ReadingTurns(unsigned processors)
        : free_(std::max(1, static_cast<int>(processors / 4))) {}

    /// A turn, where one is free; taken while this lives.
    class Turn {
     public:
        explicit Turn(ReadingTurns& turns) : free_(turns.free_), is_taken_(free_.try_acquire()) {}
        ~Turn() {
            if (is_taken_) free_.release();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        bool is_taken() const { return is_taken_; }

     private:
        std::counting_semaphore<>& free_;
        const bool is_taken_;
    };

 private:
    std::counting_semaphore<> free_;
};

/// When a stream reads, rests and listens: it begins with a ping, reads until it has caught up,
/// rests for kRest so that a busy bell wakes it 20 times a second and not 5,000 times, then waits
/// for that. After kPingEvery without an event it pings.
///
/// Threads: one. Ownership: borrows what `With` names.
class EventPace {
 public:
    struct With {
        const engine::Clock& clock;
        ReadingTurns& turns;
    };
    EventPace(const With& with, std::unique_ptr<StreamEar> ear,
              std::unique_ptr<EventReading> reading)
        : with_(with), ear_(std::move(ear)), reading_(std::move(reading)) {}

    Stream::Next next();

    static constexpr sagas::Milliseconds kRest{50};
    static constexpr sagas::Milliseconds kPingEvery{15'000};
    static constexpr sagas::Milliseconds kReadAgainAfter{1'000};
    static constexpr sagas::Milliseconds kTurnAgainAfter{5};

 private:
    Stream::Next ping();
    Stream::Next read();
    Stream::Next listen();

    const With with_;
    const std::unique_ptr<StreamEar> ear_;
    const std::unique_ptr<EventReading> reading_;
    enum class Phase : std::uint8_t { Beginning, Reading, Resting, Listening, Over } phase_{};
    std::uint64_t heard_ = 0;  ///< By the ear, before the last read.
    sagas::Timestamp ping_at_{};
};

/// The answer that sends what `reading` gives.
Stream event_stream(const EventPace::With& with, std::unique_ptr<StreamEar> ear,
                    std::unique_ptr<EventReading> reading);

}  // namespace skald::api
