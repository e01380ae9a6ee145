#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/mutex.h"
#include "engine/nats/bridge.h"
#include "tests/engine/collected.h"

namespace skald::engine {

/// Takes messages that are JSON objects with "id"; their source is "/peer".
class PlainIntake final : public NatsIntake {
 public:
    Taken take(const std::string& topic, const NatsMessage& message) const override;
    mutable std::atomic<int> undecided = 0;  ///< So many messages can't be judged now.
};

/// A bridge on a loop of its own, over an engine that writes events once each, and counts.
class NatsRig {
 public:
    explicit NatsRig(NatsBridgePlan plan, sagas::Milliseconds ack_wait = sagas::Milliseconds{1'000},
                     sagas::Milliseconds answer_max = NatsPublisher::kAnswerMax);
    ~NatsRig();

    // ---- Out
    /// Of the topic "orders".
    CallId publish(const std::string& subject, const std::string& id, const std::string& event);
    /// "stored", "not sent: ..." or "lost: ..."; it came once.
    std::string answer(CallId id) SKALD_EXCLUDES(mutex_);
    std::string ask(const std::string& subject, const std::string& id, const std::string& event) {
        return answer(publish(subject, id, event));
    }

    // ---- In
    /// "TOPIC ID" of each event, in the order of writing, once there are so many.
    std::vector<std::string> await_events(std::size_t count) { return events_.wait_for(count); }
    std::size_t repeated() const SKALD_EXCLUDES(mutex_);
    /// From now on commits wait; `release` lets those that wait, and later ones, go on.
    void hold_commits() SKALD_EXCLUDES(mutex_);
    void release_commits() SKALD_EXCLUDES(mutex_);
    std::size_t await_held(std::size_t count) { return held_.wait_for(count).size(); }
    void be_undecided(int messages) { intake_->undecided = messages; }
    /// So many commands are answered Busy.
    void be_busy(std::size_t times) SKALD_EXCLUDES(mutex_);

    // ---- How it stands
    NatsBridgeState state() const { return bridge_->state(); }
    /// Waits until it is so.
    NatsBridgeState await(const std::function<bool(const NatsBridgeState&)>& is_so);
    void await_connected();
    /// What the bridge said of its connection, each time.
    std::vector<bool> said_of_connection() const SKALD_EXCLUDES(mutex_);
    void begin_to_retire(std::set<std::string> kept);
    /// And waits for its end.
    void retire(std::set<std::string> kept);
    /// Destroys the bridge, as the end of the process would: nothing in flight is answered.
    void destroy();
    /// Waits until the loop has run all that was posted before.
    void settle();

 private:
    class FixedClock final : public Clock {
        sagas::Timestamp now() const override {
            return sagas::Timestamp(sagas::Milliseconds{1'700'000'000'000});
        }
    };
    void write(Publish publish) SKALD_EXCLUDES(mutex_);
    void on_loop(const std::function<void()>& work);

    const FixedClock clock_;
    const std::unique_ptr<Loop> loop_ = make_loop();
    const std::shared_ptr<PlainIntake> intake_ = std::make_shared<PlainIntake>();
    Collected<std::string> events_;
    Collected<int> held_;

    mutable Mutex mutex_;
    ConditionVariable answered_;
    std::map<CallId, std::string> answers_ SKALD_GUARDED_BY(mutex_);
    std::set<std::string> known_ SKALD_GUARDED_BY(mutex_);
    std::size_t repeated_ SKALD_GUARDED_BY(mutex_) = 0;
    std::size_t busy_ SKALD_GUARDED_BY(mutex_) = 0;
    bool holds_ SKALD_GUARDED_BY(mutex_) = false;
    std::vector<Publish> waiting_ SKALD_GUARDED_BY(mutex_);
    std::vector<bool> said_of_connection_ SKALD_GUARDED_BY(mutex_);

    std::uint64_t last_id_ = 0;
    std::unique_ptr<NatsBridge> bridge_;
    std::jthread thread_;
};

/// To a server without login.
NatsServer nats_at(std::uint16_t port);

}  // namespace skald::engine
