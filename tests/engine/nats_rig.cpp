#include "tests/engine/nats_rig.h"

#include "sagas/json.h"

namespace skald::engine {

NatsIntake::Taken PlainIntake::take(const std::string& /*topic*/,
                                    const NatsMessage& message) const {
    if (undecided > 0) {
        --undecided;
        return NotNow{"the test does not know"};
    }
    auto json = sagas::parse_json(message.data);
    if (!json) return Refused{json.error().message};
    if (!json->is_object() || !json->contains("id")) return Refused{"it has no id"};
    std::string id = json->at("id").get<std::string>();
    return Publish::Event{"/peer", std::move(id), std::move(*json)};
}

NatsServer nats_at(std::uint16_t port) {
    NatsServer server;
    server.urls.push_back({NatsUrl::Security::Plain, "127.0.0.1", port});
    server.login = [] { return NatsLogin{}; };
    return server;
}

NatsRig::NatsRig(NatsBridgePlan plan, sagas::Milliseconds ack_wait,
                 sagas::Milliseconds answer_max) {
    const auto answered = [this](CallId id, const sagas::Answer& answer) {
        std::string said = "stored";
        if (const auto* unsent = std::get_if<sagas::NotSent>(&answer)) {
            said = "not sent: " + unsent->reason;
        } else if (const auto* lost = std::get_if<sagas::Lost>(&answer)) {
            said = "lost: " + lost->reason;
        }
        const MutexLock lock(mutex_);
        EXPECT_TRUE(answers_.emplace(id, said).second) << said;
        answered_.notify_all();
    };
    const auto connected = [this](bool is_connected) {
        const MutexLock lock(mutex_);
        said_of_connection_.push_back(is_connected);
    };
    bridge_ = std::make_unique<NatsBridge>(
        std::move(plan),
        NatsBridge::Parts{*loop_, clock_, intake_,
                          [this](Publish publish) { write(std::move(publish)); }, answered,
                          [](NatsEvent, std::size_t) {}, connected, nullptr, answer_max, ack_wait});
    thread_ = std::jthread([this] { loop_->run(); });
}

NatsRig::~NatsRig() {
    loop_->stop();
    thread_.join();
}

void NatsRig::on_loop(const std::function<void()>& work) {
    Collected<int> done;
    loop_->post([&] {
        work();
        done.add(0);
    });
    done.wait_for(1);
}

void NatsRig::settle() {
    on_loop([] {});
}

CallId NatsRig::publish(const std::string& subject, const std::string& id,
                        const std::string& event) {
    const CallId call{++last_id_};
    loop_->post([this, call, subject, id, event] {
        bridge_->publish(call, {"test", "orders", subject, id, event});
    });
    return call;
}

std::string NatsRig::answer(CallId id) {
    const auto until = std::chrono::steady_clock::now() + kGuard;
    const MutexLock lock(mutex_);
    while (!answers_.contains(id)) {
        if (answered_.wait_until(mutex_, until) == ConditionVariable::Woken::TimedOut) {
            return "the test gave up waiting";
        }
    }
    return answers_.at(id);
}

/// Events are written in the order of their commands, once for each source and id, and the command
/// is answered on the loop's thread, not from within: as the coordinator does it.
void NatsRig::write(Publish publish) {
    {
        const MutexLock lock(mutex_);
        if (busy_ > 0) {
            --busy_;
            publish.done(Busy{Busy::Why::TooMuch, "the test is busy"});
            return;
        }
        if (holds_) {
            waiting_.push_back(std::move(publish));
            held_.add(0);
            return;
        }
    }
    std::vector<store::EventWritten> written;
    for (const Publish::Event& event : publish.events) {
        bool is_new = false;
        {
            const MutexLock lock(mutex_);
            is_new = known_.insert(event.source + ' ' + event.id).second;
            if (!is_new) ++repeated_;
        }
        if (is_new) events_.add(publish.topic + ' ' + event.id);
        written.push_back({store::Offset{1}, !is_new});
    }
    loop_->post([done = std::move(publish.done), written] { done(written); });
}

std::size_t NatsRig::repeated() const {
    const MutexLock lock(mutex_);
    return repeated_;
}

void NatsRig::hold_commits() {
    const MutexLock lock(mutex_);
    holds_ = true;
}

void NatsRig::release_commits() {
    std::vector<Publish> waiting;
    {
        const MutexLock lock(mutex_);
        holds_ = false;
        waiting.swap(waiting_);
    }
    for (Publish& each : waiting) write(std::move(each));
}

void NatsRig::be_busy(std::size_t times) {
    const MutexLock lock(mutex_);
    busy_ = times;
}

NatsBridgeState NatsRig::await(const std::function<bool(const NatsBridgeState&)>& is_so) {
    const auto until = std::chrono::steady_clock::now() + kGuard;
    while (true) {
        NatsBridgeState now = state();
        if (is_so(now)) return now;
        if (std::chrono::steady_clock::now() > until) {
            ADD_FAILURE() << "it did not come to that; the last error: " << now.last_error;
            return now;
        }
        settle();
    }
}

void NatsRig::await_connected() {
    await([](const NatsBridgeState& state) { return state.is_connected; });
}

std::vector<bool> NatsRig::said_of_connection() const {
    const MutexLock lock(mutex_);
    return said_of_connection_;
}

void NatsRig::begin_to_retire(std::set<std::string> kept) {
    on_loop([&] { bridge_->retire(std::move(kept)); });
}

void NatsRig::retire(std::set<std::string> kept) {
    begin_to_retire(std::move(kept));
    const auto until = std::chrono::steady_clock::now() + kGuard;
    bool has_ended = false;
    while (!has_ended && std::chrono::steady_clock::now() < until) {
        on_loop([&] { has_ended = bridge_->has_ended(); });
    }
    EXPECT_TRUE(has_ended);
}

void NatsRig::destroy() {
    on_loop([this] { bridge_.reset(); });
}

}  // namespace skald::engine
