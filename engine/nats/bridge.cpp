#include "engine/nats/bridge.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/nats/jet_stream.h"

namespace skald::engine {
namespace {

namespace asio = boost::asio;

/// How exactly answers that don't come are noticed, and what waits is looked at again.
constexpr std::chrono::milliseconds kTickEvery{100};

NatsEvent event_of(NatsConsumer::Outcome outcome) {
    switch (outcome) {
        case NatsConsumer::Outcome::Received:
            return NatsEvent::Received;
        case NatsConsumer::Outcome::Repeated:
            return NatsEvent::Repeated;
        case NatsConsumer::Outcome::Refused:
            break;
    }
    return NatsEvent::Refused;
}

/// The next number in an ending such as "a.2.17"; takes it away with the dot behind it.
std::optional<std::uint64_t> take_number(std::string_view& ending) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(ending.data(), ending.data() + ending.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    ending.remove_prefix(static_cast<std::size_t>(read.ptr - ending.data()));
    if (ending.starts_with('.')) ending.remove_prefix(1);
    return number;
}

/// Of a complaint: with the first tokens of the subject that it is about.
std::string beginning_of(const std::string& complaint) {
    std::size_t end = 0;
    for (int dots = 0; dots < 3 && end != std::string::npos; ++dots) {
        end = complaint.find('.', end == 0 ? 0 : end + 1);
    }
    return complaint.substr(0, end);
}

std::string consumer_key(std::string_view stream, std::string_view consumer) {
    return std::string(stream) + '.' + std::string(consumer);
}

}  // namespace

/// Calls the bridge again and again, as long as it lives.
class NatsBridge::Ticker {
 public:
    Ticker(Loop& loop, NatsBridge& bridge)
        : bridge_(bridge), timer_(*static_cast<asio::io_context*>(loop.native())) {
        wait();
    }

 private:
    void wait() {
        timer_.expires_after(kTickEvery);
        timer_.async_wait([this, alive = std::weak_ptr<int>(bridge_.alive_)](
                              const boost::system::error_code& error) {
            if (error || alive.expired()) return;
            wait();
            bridge_.tick();
        });
    }

    NatsBridge& bridge_;
    asio::steady_timer timer_;
};

NatsBridge::NatsBridge(NatsBridgePlan plan, Parts parts)
    : plan_(std::move(plan)),
      identity_(bridge_identity(plan_.name, plan_.created_at)),
      parts_(std::move(parts)) {
    NatsConnection::Events events;
    events.connected = [this](const std::string& server, std::size_t payload_max) {
        connected(server, payload_max);
    };
    events.disconnected = [this](const std::string& why) { disconnected(why); };
    events.unsent = [this](std::uint64_t number, const std::string& why) {
        publisher_->unsent(number, why);
    };
    events.received = [this](NatsMessage message) { return receive(std::move(message)); };
    // What its threads need is there already; they tell the loop, which is this thread.
    connection_ = std::make_unique<NatsConnection>(parts_.loop, plan_.server,
                                                   "skald bridge " + plan_.name, std::move(events));
    publisher_ = std::make_unique<NatsPublisher>(
        *connection_, identity_,
        [this](CallId id, sagas::Answer said) { answer(id, std::move(said)); }, parts_.answer_max);
    for (const NatsInbound& inbound : plan_.in) {
        consumers_.push_back(std::make_unique<NatsConsumer>(NatsConsumer::Parts{
            *connection_, parts_.clock, plan_.name, identity_, consumers_.size(), *parts_.intake,
            inbound, api_prefix(plan_.server.domain), parts_.ack_wait, parts_.post,
            [this](NatsConsumer::Outcome outcome, std::size_t count) {
                parts_.counted(event_of(outcome), count);
            }}));
    }
    ticker_ = std::make_unique<Ticker>(parts_.loop, *this);
}

NatsBridge::~NatsBridge() {
    ticker_.reset();
    connection_.reset();  // First: its threads use the consumers.
}

// ---- Out ---------------------------------------------------------------------------------------

void NatsBridge::publish(CallId id, BrokerMessage message) {
    if (!is_there_ || is_ending_) {
        std::string why = "bridge " + plan_.name + " is not connected";
        {
            const MutexLock lock(mutex_);
            if (!last_error_.empty()) why += ": " + last_error_;
        }
        parts_.loop.post([this, alive = std::weak_ptr<int>(alive_), id, why = std::move(why)] {
            if (!alive.expired()) answer(id, sagas::NotSent{why});
        });
        return;
    }
    publisher_->publish(id, std::move(message));
    const MutexLock lock(mutex_);
    in_flight_ = publisher_->in_flight();
}

void NatsBridge::answer(CallId id, sagas::Answer answer) {
    const bool is_stored = std::holds_alternative<sagas::Reply>(answer);
    parts_.counted(is_stored ? NatsEvent::Published : NatsEvent::NotPublished, 1);
    {
        const MutexLock lock(mutex_);
        in_flight_ = publisher_->in_flight();
    }
    parts_.answered(id, std::move(answer));
}

// ---- The connection ----------------------------------------------------------------------------

void NatsBridge::connected(const std::string& server, std::size_t payload_max) {
    spdlog::info("bridge {}: connected to {}", plan_.name, server);
    is_there_ = true;
    {
        const MutexLock lock(mutex_);
        is_connected_ = true;
        server_ = server;
        last_error_.clear();
    }
    complaint_.clear();
    complaints_.clear();
    if (!is_retired_) parts_.connected(true);
    for (const auto& consumer : consumers_) consumer->connected(payload_max);
}

void NatsBridge::disconnected(const std::string& why) {
    bool is_news = is_there_;
    is_there_ = false;
    {
        const MutexLock lock(mutex_);
        is_news |= last_error_ != why;
        is_connected_ = false;
        server_.clear();
        last_error_ = why;
    }
    if (is_news && !is_ending_) {
        spdlog::warn("bridge {}: not connected, and tried again: {}", plan_.name, why);
    }
    if (!is_retired_) parts_.connected(false);  // Another has its name by now.
    for (const auto& consumer : consumers_) consumer->disconnected();
    publisher_->disconnected(why);
}

// ---- In ----------------------------------------------------------------------------------------

/// On a thread of the library's: reading and checking an event takes longer than all the rest.
std::function<void()> NatsBridge::receive(NatsMessage message) {
    const auto delivered = read_delivered(message.reply);
    if (!delivered) {
        return [this, message = std::move(message)] { take(message); };
    }
    for (const auto& consumer : consumers_) {
        const bool is_its = consumer->name() == delivered->consumer &&
                            consumer->inbound().stream == delivered->stream;
        if (!is_its) continue;
        if (is_from(identity_, consumer->inbound().topic, message)) {
            return [to = consumer.get(), message = std::move(message)] { to->take_own(message); };
        }
        // A std::function must be copyable, and what it carries here is not cheap to copy.
        struct Arrived {
            NatsMessage message;
            NatsIntake::Taken taken;
        };
        auto arrived = std::make_shared<Arrived>();
        arrived->taken = parts_.intake->take(consumer->inbound().topic, message);
        arrived->message = std::move(message);
        return [to = consumer.get(), arrived] {
            to->take(std::move(arrived->message), std::move(arrived->taken));
        };
    }
    return nullptr;
}

void NatsBridge::take(const NatsMessage& message) {
    std::string_view ending = connection_->ending_of(message);
    if (ending.size() < 2) return;  // Of an inbox that was.
    const std::string_view kind = ending.substr(0, 2);
    ending.remove_prefix(2);
    const auto first = take_number(ending);
    if (!first) return;
    if (kind == NatsPublisher::kEnding) return publisher_->take(*first, message);
    const auto number = take_number(ending);
    if (!number || *first >= consumers_.size()) return;
    NatsConsumer& consumer = *consumers_[*first];
    if (kind == NatsConsumer::kAnswerEnding) consumer.take_answer(*number, message);
    if (kind == NatsConsumer::kStatusEnding) consumer.take_status(*number, message);
}

// ---- Time, and the end -------------------------------------------------------------------------

void NatsBridge::tick() {
    const Instant now = steady_now();
    publisher_->tick(now);
    for (const auto& consumer : consumers_) consumer->tick(now);
    show_complaint();
    end_if_retired();
    if (!has_ended() || std::exchange(is_over_, true)) return;
    if (parts_.over) parts_.loop.post(parts_.over);
}

/// Nobody else hears that the server does not permit something: acknowledgements have no answer.
void NatsBridge::show_complaint() {
    if (!is_there_) return;
    std::string now = connection_->last_complaint();
    if (now.empty() || now == complaint_) return;
    complaint_ = now;
    // Each message has a subject of its own to be acknowledged by.
    if (complaints_.insert(beginning_of(now)).second) {
        spdlog::warn("bridge {}: the server said: {}", plan_.name, now);
    }
    const MutexLock lock(mutex_);
    last_error_ = "the server said: " + std::move(now);
}

std::set<std::string> NatsBridge::consumers() const {
    std::set<std::string> keys;
    for (const auto& consumer : consumers_) {
        keys.insert(consumer_key(consumer->inbound().stream, consumer->name()));
    }
    return keys;
}

void NatsBridge::drain() {
    for (const auto& consumer : consumers_) consumer->drain();
}

void NatsBridge::retire(std::set<std::string> kept) {
    is_retired_ = true;
    kept_ = std::move(kept);
    drain();
    end_if_retired();
}

void NatsBridge::end_if_retired() {
    if (!is_retired_ || is_ending_ || !publisher_->is_idle()) return;
    for (const auto& consumer : consumers_) {
        if (!consumer->is_idle()) return;
    }
    for (const auto& consumer : consumers_) {
        if (kept_.contains(consumer_key(consumer->inbound().stream, consumer->name()))) continue;
        if (is_there_) {
            consumer->delete_consumer();
        } else {
            spdlog::warn("bridge {}: consumer {} of stream {} stays there: it is not connected",
                         plan_.name, consumer->name(), consumer->inbound().stream);
        }
    }
    end();
}

void NatsBridge::end() {
    is_ending_ = true;
    connection_->end();
}

bool NatsBridge::has_ended() const { return is_retired_ && connection_->has_ended(); }

NatsBridgeState NatsBridge::state() const {
    NatsBridgeState state;
    {
        const MutexLock lock(mutex_);
        state.is_connected = is_connected_;
        state.server = server_;
        state.last_error = last_error_;
        state.in_flight = in_flight_;
    }
    for (const auto& consumer : consumers_) state.in.push_back(consumer->state());
    return state;
}

}  // namespace skald::engine
