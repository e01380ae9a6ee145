#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/coordinator.h"
#include "engine/gathering.h"
#include "engine/live_saga.h"
#include "engine/mailbox.h"
#include "engine/timers.h"

namespace skald::engine {

/// The coordinator's state. Its work is cut along the life of a batch: coordinator.cpp fills it
/// (commands, events), coordinator_commit.cpp does what is due once it is durable,
/// coordinator_recover.cpp begins with what an earlier process left.
class Coordinator::Impl {
 public:
    Impl(Parts parts, CoordinatorOptions options);

    sagas::Result<std::size_t> recover(const store::Recovery& recovery);
    void post(Command command);
    void answered(CallId id, sagas::Answer answer);
    void turn();
    void drain(std::function<void()> done);
    CoordinatorStats stats() const;

 private:
    /// What a saga is to be told.
    struct Said {
        store::SagaKey saga;
        sagas::Event event;
        std::optional<CallId> call;  ///< That this answers.
    };

    // Filling a batch.
    void take(Start command);
    void take(StartMany command);
    void take(Operate command);
    void take(ChangeDefinition command);
    void apply(LiveSaga& live, const Said& said);
    void tell_attempt(const LiveSaga& live, const OpenCall& call, const sagas::Answered& answered,
                      const sagas::Transition& transition);
    void journal(LiveSaga& live, sagas::Record record);
    void note_summary(LiveSaga& live);
    void fire_timers();
    bool is_full() const { return gathering_.rows() >= options_.batch_rows_max; }
    std::optional<Busy> refuses_starts() const;

    // Handing it over, and what follows.
    void hand_over();
    bool is_look_due() const;
    void submit();
    void write();
    void write_again_if_due();
    void on_committed(std::unique_ptr<store::Batch> batch, sagas::Result<store::Committed> result);
    void release(Gathering done, const store::Committed& committed);
    void answer_starts(Gathering& done, const store::Committed& committed);
    void answer_definitions(Gathering& done, const store::Committed& committed);
    void come_to_rest(store::SagaKey key, std::uint64_t batch);
    void perform(store::SagaKey key, const sagas::Effect& effect);
    void perform(LiveSaga& live, const sagas::Call& call);
    void perform(LiveSaga& live, const sagas::Settle& settle);
    bool is_not_out_yet(const LiveSaga& live, const sagas::Call& call) const;
    void say_unsent(const LiveSaga& live, const sagas::Call& call);
    void hold_back(LiveSaga& live, const sagas::Call& call);
    void recall(store::SagaKey key);
    void forget_if_over(store::SagaKey key);

    LiveSaga* find(store::SagaKey key);
    void say(Said said);
    void wake_once();
    void arrange_next_turn();
    void end_drain_if_done();
    void update_stats();

    // Constant after construction.
    const Parts parts_;
    const CoordinatorOptions options_;

    // Synchronised by itself.
    Mailbox mailbox_;
    std::atomic<bool> is_draining_{false};
    std::atomic<std::size_t> live_count_{0};
    std::atomic<std::size_t> failing_count_{0};
    std::atomic<std::size_t> timer_count_{0};
    std::atomic<bool> takes_starts_{true};

    // The loop's thread only.
    std::unordered_map<store::SagaKey, LiveSaga> live_;
    std::unordered_map<std::string, store::SagaKey> by_id_;  ///< Sagas whose start is durable.
    std::unordered_map<CallId, store::SagaKey> open_calls_;
    std::deque<Said> inbox_;
    std::deque<Command> commands_;  ///< Taken from the mailbox and not yet applied.
    Timers timers_;
    Gathering gathering_;
    std::optional<Gathering> syncing_;
    store::SagaKey last_key_{0};
    std::uint64_t last_call_ = 0;
    store::Space space_ = store::Space::Plenty;
    bool is_store_full_ = false;  ///< The batch that is being written is kept, and tried again.
    std::optional<sagas::Timestamp> write_again_at_;
    std::optional<sagas::Timestamp> look_at_space_at_;  ///< While there is little.
    std::uint64_t durable_batch_ = 0;                   ///< The last one.
    bool is_turn_arranged_ = false;
    std::size_t failing_ = 0;
    std::function<void()> drained_;
};

}  // namespace skald::engine
