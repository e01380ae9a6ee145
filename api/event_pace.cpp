#include "api/event_pace.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace skald::api {

Stream::Next EventPace::next() {
    switch (phase_) {
        case Phase::Beginning:
            phase_ = Phase::Reading;
            return ping();
        case Phase::Reading:
            return read();
        case Phase::Resting:
            phase_ = Phase::Listening;
            return Stream::Wait{kRest, nullptr};
        case Phase::Listening:
            return listen();
        case Phase::Over:
            break;
    }
    return Stream::Over{};
}

Stream::Next EventPace::ping() {
    auto text = reading_->ping();
    if (!text) return Stream::Over{};
    ping_at_ = with_.clock.now() + kPingEvery;
    return std::move(*text);
}

Stream::Next EventPace::read() {
    const ReadingTurns::Turn turn(with_.turns);
    if (!turn.is_taken()) {
        phase_ = Phase::Reading;
        return Stream::Wait{kTurnAgainAfter, nullptr};  // The thread is for others meanwhile.
    }
    heard_ = ear_->heard();
    auto page = reading_->read();
    if (!page && page.error().code == sagas::ErrorCode::Unavailable) {
        phase_ = Phase::Reading;
        return Stream::Wait{kReadAgainAfter, nullptr};
    }
    if (!page) {
        spdlog::error("read for a stream of events: {}", page.error().message);
        return Stream::Over{};
    }
    switch (page->then) {
        case EventReading::Page::Then::More:
            phase_ = Phase::Reading;
            break;
        case EventReading::Page::Then::CaughtUp:
            phase_ = Phase::Resting;
            break;
        case EventReading::Page::Then::Over:
            phase_ = Phase::Over;
            break;
    }
    if (!page->text.empty()) ping_at_ = with_.clock.now() + kPingEvery;
    return std::move(page->text);
}

Stream::Next EventPace::listen() {
    const sagas::Timestamp now = with_.clock.now();
    if (now >= ping_at_) return ping();
    if (ear_->heard() > heard_) return read();
    return Stream::Wait{ping_at_ - now, [this](std::function<void()> ready) {
                            ear_->when_beyond(heard_, std::move(ready));
                        }};
}

Stream event_stream(const EventPace::With& with, std::unique_ptr<StreamEar> ear,
                    std::unique_ptr<EventReading> reading) {
    Stream stream;
    stream.content_type = "text/event-stream";
    stream.headers = {{"X-Accel-Buffering", "no"}};  // To nginx, which would keep events back.
    // Shared, for a std::function must be copyable.
    stream.next = [pace = std::make_shared<EventPace>(with, std::move(ear), std::move(reading))] {
        return pace->next();
    };
    return stream;
}

}  // namespace skald::api
