#include "engine/nats/consumer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace skald::engine {
namespace {

using sagas::Milliseconds;

constexpr Milliseconds kLookMax{5'000};  ///< For an answer of JetStream's API.
constexpr Milliseconds kFirstLookAgain{500};
constexpr Milliseconds kLastLookAgain{10'000};
constexpr Milliseconds kExpires{30'000};  ///< Of a request for messages.
constexpr Milliseconds kHeartbeat{5'000};
constexpr Milliseconds kSilenceMax{12'000};  ///< Two heartbeats missed: the request is gone.
constexpr Milliseconds kQuick{
    100};  ///< A request that ends sooner, in vain, is not repeated at once.
constexpr Milliseconds kLogEvery{10'000};  ///< Of refusals.
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLastPause{5'000};
constexpr std::size_t kBytesMax = 4u << 20;  ///< Of one request; one message is let through.
constexpr std::size_t kHeaderBytesMax = 64u << 10;

// What a message is answered with.
constexpr std::string_view kStored = "+ACK";
constexpr std::string_view kNever = "+TERM";
constexpr std::string_view kAgain = "-NAK";
constexpr std::string_view kInWork = "+WPI";

/// Longer than a consumer waits for an acknowledgement, by so much as it may be late.
constexpr Milliseconds kLate{500};
constexpr Milliseconds kSettleMax{60'000};

Milliseconds doubled(Milliseconds wait, Milliseconds first, Milliseconds last) {
    return std::clamp(wait * 2, first, last);
}

}  // namespace

NatsConsumer::NatsConsumer(Parts parts)
    : parts_(std::move(parts)),
      name_(consumer_name(parts_.bridge, parts_.identity, parts_.inbound)) {
    const MutexLock lock(mutex_);
    state_.consumer = name_;
}

NatsInState NatsConsumer::state() const {
    const MutexLock lock(mutex_);
    return state_;
}

// ---- Until messages come -----------------------------------------------------------------------

void NatsConsumer::connected(std::size_t payload_max) {
    bytes_max_ = std::max(kBytesMax, payload_max + kHeaderBytesMax);
    is_blocked_ = false;
    wait_ = {};
    said_in_work_ = steady_now();
    if (!is_draining_) look();
}

void NatsConsumer::disconnected() {
    phase_ = Phase::Away;
    expected_ = 0;
}

void NatsConsumer::ask(Phase phase, const std::string& operation, std::string body) {
    phase_ = phase;
    until_ = steady_now() + kLookMax;
    const std::string ending =
        std::string(kAnswerEnding) + std::to_string(parts_.place) + '.' + std::to_string(++number_);
    parts_.connection.send({parts_.api + operation + parts_.inbound.stream + '.' + name_,
                            parts_.connection.inbox(ending),
                            {},
                            std::move(body)});
}

void NatsConsumer::look() { ask(Phase::Looking, "CONSUMER.INFO.", {}); }

void NatsConsumer::make() {
    ask(Phase::Making, "CONSUMER.DURABLE.CREATE.",
        consumer_config(parts_.inbound, name_, parts_.ack_wait));
}

void NatsConsumer::take_answer(std::uint64_t number, const NatsMessage& answer) {
    if (number != number_ || (phase_ != Phase::Looking && phase_ != Phase::Making)) return;
    const auto consumer = read_consumer(answer, parts_.inbound);
    if (consumer) return begin(*consumer);
    const JetStreamError& error = consumer.error();
    if (error.kind == JetStreamError::Kind::NoConsumer && phase_ == Phase::Looking) return make();
    wait(error.kind == JetStreamError::Kind::NoStream
             ? "there is no stream " + parts_.inbound.stream
             : error.text);
}

void NatsConsumer::begin(const ConsumerState& consumer) {
    set_error({});
    wait_ = {};
    {
        const MutexLock lock(mutex_);
        state_.pending = consumer.pending;
    }
    if (consumer.ack_pending <= in_work()) return pull_on();
    // Some were lost on their way, or with an earlier process. New ones must not overtake them.
    phase_ = Phase::Settling;
    expected_ = 0;
    until_ = steady_now() + std::min(consumer.ack_wait + kLate, kSettleMax);
}

void NatsConsumer::pull_on() {
    phase_ = Phase::Pulling;
    expected_ = 0;
    pull();
}

void NatsConsumer::wait(const std::string& why) {
    set_error(why);
    phase_ = Phase::Waiting;
    expected_ = 0;
    wait_ = doubled(wait_, kFirstLookAgain, kLastLookAgain);
    until_ = steady_now() + wait_;
}

void NatsConsumer::set_error(const std::string& why) {
    {
        const MutexLock lock(mutex_);
        if (state_.error == why) return;
        state_.error = why;
    }
    if (why.empty()) {
        spdlog::info("bridge {}: messages of stream {} come in again, or would", parts_.bridge,
                     parts_.inbound.stream);
    } else {
        spdlog::warn("bridge {}: nothing comes in from stream {}: {}", parts_.bridge,
                     parts_.inbound.stream, why);
    }
}

void NatsConsumer::tick(Instant now) {
    switch (phase_) {
        case Phase::Away:
            break;
        case Phase::Looking:
        case Phase::Making:
            if (now >= until_) {
                const std::string complaint = parts_.connection.last_complaint();
                wait("JetStream did not answer" + (complaint.empty() ? "" : "; " + complaint));
            }
            break;
        case Phase::Waiting:
            if (now >= until_ && !is_draining_) look();
            break;
        case Phase::Settling:
            if (now >= until_) pull_on();
            break;
        case Phase::Pulling:
            if (expected_ > 0 && now - heard_ >= kSilenceMax) {
                look();
            } else {
                pull();
            }
            break;
    }
    say_in_work(now);
    write();
}

// ---- Messages ----------------------------------------------------------------------------------

void NatsConsumer::pull() {
    const bool has_room = in_work() + kBatchMax <= kInWorkMax;
    if (phase_ != Phase::Pulling || expected_ > 0 || !has_room || is_draining_) return;
    if (steady_now() < paused_until_) return;
    if (is_blocked_) {
        ask_for(1, 0);
    } else {
        ask_for(kBatchMax, bytes_max_);
    }
}

void NatsConsumer::ask_for(std::size_t messages, std::size_t bytes_max) {
    asked_ = expected_ = messages;
    asked_at_ = heard_ = steady_now();
    const std::string ending =
        std::string(kStatusEnding) + std::to_string(parts_.place) + '.' + std::to_string(++number_);
    parts_.connection.send({parts_.api + "CONSUMER.MSG.NEXT." + parts_.inbound.stream + '.' + name_,
                            parts_.connection.inbox(ending),
                            {},
                            pull_request({messages, bytes_max, kExpires, kHeartbeat})});
}

void NatsConsumer::take_status(std::uint64_t number, const NatsMessage& status) {
    if (number != number_ || phase_ != Phase::Pulling) return;
    heard_ = steady_now();
    if (status.status == 100) return;  // A heartbeat.
    const bool was_in_vain = std::exchange(expected_, 0) == asked_;
    const bool is_too_large = status.description.find("MaxBytes") != std::string::npos;
    const bool is_over = status.status == 404 || status.status == 408 || is_too_large;
    const bool is_storm = was_in_vain && steady_now() - asked_at_ < kQuick;
    if (is_too_large && was_in_vain && !is_blocked_) {
        is_blocked_ = true;  // It came when the server took larger ones. The intake refuses it.
        pull();
    } else if (is_over && !is_storm) {
        pull();
    } else {
        wait(status.status == 503 ? "its consumer is gone"
                                  : "the server said: " + status.description);
    }
}

void NatsConsumer::arrived(const NatsMessage& message) {
    heard_ = steady_now();
    is_blocked_ = false;
    if (expected_ > 0) --expected_;
    const auto delivered = read_delivered(message.reply);
    if (!delivered) return;
    const MutexLock lock(mutex_);
    state_.pending = delivered->pending;
}

void NatsConsumer::take_own(const NatsMessage& message) {
    arrived(message);
    {
        const MutexLock lock(mutex_);
        ++state_.repeated;
    }
    parts_.counted(Outcome::Repeated, 1);
    say(message, kStored);
    pull();
}

void NatsConsumer::take(NatsMessage message, NatsIntake::Taken taken) {
    arrived(message);
    if (is_draining_) {
        say(message, kAgain);
        return;
    }
    if (auto* const refused = std::get_if<NatsIntake::Refused>(&taken)) {
        refuse(message, std::move(refused->why));
    } else if (auto* const event = std::get_if<Publish::Event>(&taken)) {
        held_.push_back({std::move(message), std::move(*event)});
    } else {
        held_.push_back({std::move(message), std::nullopt});
    }
    write();
    pull();
}

void NatsConsumer::refuse(const NatsMessage& message, std::string why) {
    const auto delivered = read_delivered(message.reply);
    NatsRefusal refusal{delivered ? delivered->sequence : 0, message.subject, std::move(why),
                        parts_.clock.now()};
    log_refusal(refusal);
    {
        const MutexLock lock(mutex_);
        ++state_.refused;
        state_.refusals.push_back(std::move(refusal));
        if (state_.refusals.size() > kRefusalsMax) state_.refusals.pop_front();
    }
    parts_.counted(Outcome::Refused, 1);
    say(message, kNever);
}

/// The first one of some seconds: a stream may be full of what is no event.
void NatsConsumer::log_refusal(const NatsRefusal& refusal) {
    const Instant now = steady_now();
    ++not_logged_;
    if (logged_at_ && now - *logged_at_ < kLogEvery) return;
    logged_at_ = now;
    const std::size_t others = std::exchange(not_logged_, 0) - 1;
    spdlog::warn("bridge {}: message {} of stream {}, subject {}, was refused: {}{}", parts_.bridge,
                 refusal.sequence, parts_.inbound.stream, refusal.subject, refusal.why,
                 others == 0 ? "" : "; and so were " + std::to_string(others) + " before it");
}

void NatsConsumer::say(const NatsMessage& to, std::string_view word) {
    parts_.connection.send({to.reply, {}, {}, std::string(word)});
}

/// So that the consumer does not deliver it again meanwhile.
void NatsConsumer::say_in_work(Instant now) {
    if (in_work() > 0 && now - said_in_work_ < parts_.ack_wait / 3) return;
    said_in_work_ = now;
    for (const Held& each : writing_) say(each.message, kInWork);
    for (const Held& each : held_) say(each.message, kInWork);
}

// ---- What is written ---------------------------------------------------------------------------

/// Whether there is an event, or never will be (then it is refused already): not that it can't be
/// said now.
bool NatsConsumer::make_event(Held& held) {
    if (held.event) return true;
    NatsIntake::Taken taken = parts_.intake.take(parts_.inbound.topic, held.message);
    if (auto* const not_now = std::get_if<NatsIntake::NotNow>(&taken)) {
        pause(not_now->why);
        return false;
    }
    if (auto* const refused = std::get_if<NatsIntake::Refused>(&taken)) {
        refuse(held.message, std::move(refused->why));
    } else {
        held.event = std::get<Publish::Event>(std::move(taken));
    }
    return true;
}

void NatsConsumer::write() {
    if (!writing_.empty() || held_.empty() || is_draining_ || steady_now() < paused_until_) return;
    Publish publish;
    publish.topic = parts_.inbound.topic;
    while (!held_.empty() && writing_.size() < kBatchMax) {
        Held& next = held_.front();
        if (!make_event(next)) break;
        if (next.event) {
            publish.events.push_back(std::move(*next.event));
            writing_.push_back({std::move(next.message), std::nullopt});
        }
        held_.pop_front();
    }
    if (writing_.empty()) {
        if (held_.empty()) end_pause();
        return;
    }
    publish.done = [this, alive = std::weak_ptr<int>(alive_)](const Publish::Result& result) {
        if (!alive.expired()) written(result);
    };
    parts_.post(std::move(publish));
}

void NatsConsumer::written(const Publish::Result& result) {
    if (const auto* const busy = std::get_if<Busy>(&result)) {
        std::move(writing_.rbegin(), writing_.rend(), std::front_inserter(held_));
        writing_.clear();
        pause(busy->detail);
        if (is_draining_) drain();
        return;
    }
    const auto& events = std::get<std::vector<store::EventWritten>>(result);
    const auto repeated = static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [](const store::EventWritten& each) { return each.is_repeat; }));
    {
        const MutexLock lock(mutex_);
        state_.repeated += repeated;
        state_.received += events.size() - repeated;
    }
    if (repeated > 0) parts_.counted(Outcome::Repeated, repeated);
    if (events.size() > repeated) parts_.counted(Outcome::Received, events.size() - repeated);
    end_pause();
    for (const Held& each : std::exchange(writing_, {})) say(each.message, kStored);
    write();
    pull();
}

void NatsConsumer::pause(const std::string& why) {
    pause_ = doubled(pause_, kFirstPause, kLastPause);
    paused_until_ = steady_now() + pause_;
    set_error(why);
}

void NatsConsumer::end_pause() {
    if (std::exchange(pause_, {}).count() == 0) return;
    const bool may_come = phase_ == Phase::Pulling || phase_ == Phase::Settling;
    if (may_come) set_error({});
}

void NatsConsumer::drain() {
    is_draining_ = true;
    for (const Held& each : std::exchange(held_, {})) say(each.message, kAgain);
}

void NatsConsumer::delete_consumer() {
    drain();
    ask(Phase::Away, "CONSUMER.DELETE.", {});
}

}  // namespace skald::engine
