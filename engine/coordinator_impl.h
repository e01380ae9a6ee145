#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/coordinator.h"
#include "engine/gathering.h"
#include "engine/idle_queue.h"
#include "engine/live_saga.h"
#include "engine/loads.h"
#include "engine/mailbox.h"
#include "engine/subscriptions.h"
#include "engine/timers.h"

namespace skald::engine {

/// The coordinator's state. Its work is cut along the life of a batch: coordinator.cpp fills it
/// with what happened, coordinator_commands.cpp with what was asked for; coordinator_commit.cpp
/// hands it over, and releases what waited for it; coordinator_effects.cpp does what sagas owe by
/// it, coordinator_children.cpp what they want of their children, coordinator_events.cpp what has
/// to do with the event log, coordinator_subscriptions.cpp with those who subscribe to it (the rest
/// is in subscriptions.h). coordinator_park.cpp and coordinator_load.cpp let sagas leave memory and
/// bring them back; coordinator_recover.cpp begins with what an earlier process left.
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
        std::optional<CallId> call = std::nullopt;  ///< That this answers.
        bool is_for_parked = false;                 ///< A parked saga is loaded for it.
    };
    /// What makes a start the start of a child.
    struct Parentage {
        store::SagaKey key;
        sagas::Parent parent;
    };

    // Filling a batch: what happened.
    sagas::Transition tell(LiveSaga& live, const sagas::Event& event, sagas::Timestamp now);
    void apply(LiveSaga& live, const Said& said);
    void tell_attempt(const LiveSaga& live, const OpenCall& call, const sagas::Answered& answered,
                      const sagas::Transition& transition, sagas::Timestamp now);
    void owe(LiveSaga& live, const sagas::Effect& effect);
    void journal(LiveSaga& live, sagas::Record&& record);
    void note_summary(LiveSaga& live);
    void fire_timers();
    bool is_full() const { return gathering_.rows() >= options_.batch_rows_max; }

    // Filling a batch: what was asked for.
    void take(Start command);
    void take(StartMany command);
    void take(Operate command);
    void take(CallBack command);
    void take(ChangeDefinition command);
    void take(Publish command);
    void take(ChangeTopic command);
    void take(ChangeSubscription command);
    void take(Fetch command);
    void take(AnswerLeases command);
    void take(Rewind command);
    void take(SettleDeadLetters command);
    void take(ChangeBridge command);
    std::optional<Busy> refuses_writes() const;
    std::optional<Busy> refuses_starts() const;
    void begin(Start command, std::optional<Parentage> parentage);
    template <typename AnyCommand>
    void await_command(AnyCommand command);
    void operate(LiveSaga& live, Operate command);
    void call_back(LiveSaga& live, CallBack command);

    // Events of the log.
    void publish(const LiveSaga& live, sagas::Transition& transition);
    void know(const std::vector<sagas::MatchPath>& paths);
    sagas::EventKeys keys_of(const std::string& topic, const sagas::Json& event) const;
    std::vector<sagas::MatchPath> paths_of(const std::string& topic, const std::string& type) const;
    void answer_publishes(Gathering& done, const store::Committed& committed);
    void reach_late(Gathering& done, const store::Committed& committed);
    store::Batch react(const std::vector<store::EventHit>& hits);
    void react(LiveSaga& live, const store::EventHit& hit, const store::Batch& whole);
    bool can_go_on_in(std::uint64_t batch, const LiveSaga& live) const;
    void reach(store::EventHit hit);
    void deliver(LiveSaga& live, const store::EventHit& hit);
    void deliver(LiveSaga& live, const DeliverLate& late);
    struct ParsedEvent {
        sagas::Json event;
        sagas::EventKeys keys;
    };
    std::optional<ParsedEvent> parse_event(const std::string& topic, const std::string& text) const;
    /// An event as it is held against what steps wait for; borrowed.
    struct HeardEvent {
        const sagas::Json& event;
        const sagas::EventKeys& keys;
        sagas::EventRef ref;
    };
    void deliver(LiveSaga& live, const HeardEvent& heard, sagas::StepIndex place,
                 sagas::Phase phase);
    void hear(LiveSaga& live, sagas::CalledBack reply);
    void write_told(const store::EventHit& hit);

    void expect_again(const LiveSaga& live);

    // Subscriptions to it.
    Subscriptions::Parts parts_of_subscriptions();
    template <typename AnyCommand>
    void pass_on(AnyCommand command);
    void answer_subscriptions(Gathering& done, const store::Committed& committed);
    void tell_subscriptions(const Gathering& done, const store::Committed& committed);

    // Handing it over, and what follows.
    void hand_over();
    void add_deliveries();
    bool is_look_due() const;
    void submit();
    void write();
    void write_again_if_due();
    void on_committed(sagas::Result<store::Committed> result);
    void release(Gathering done, store::Committed committed);
    void answer_starts(Gathering& done, const store::Committed& committed);
    void answer_definitions(Gathering& done, const store::Committed& committed);
    void come_to_rest(store::SagaKey key, std::uint64_t batch);
    void forget_if_over(store::SagaKey key);
    bool is_forgettable(const LiveSaga& live) const;
    LiveSaga take_out(LiveSaga& live);
    void tell_rest(VersionPtr version, sagas::Saga saga, store::Labels labels);

    // What sagas owe.
    void perform(store::SagaKey key, const sagas::Effect& effect);
    void perform(LiveSaga& live, const sagas::Call& call);
    void perform(LiveSaga& live, const sagas::Settle& settle);
    void perform(LiveSaga& live, const sagas::WakeStep& wake);
    void perform(LiveSaga& live, const sagas::WakeDeadline& wake);
    void perform(LiveSaga& live, const sagas::HoldLock& lock);
    void perform(LiveSaga& live, const sagas::Child& wish);
    bool is_not_out_yet(const LiveSaga& live, const sagas::Call& call) const;
    void say_unsent(const LiveSaga& live, const sagas::Call& call);
    void hold_back(LiveSaga& live, const sagas::Call& call);
    void recall(store::SagaKey key);

    // Children.
    LiveSaga* find_seeker(const Meet& meet);
    void link(LiveSaga& parent, const sagas::Child& wish, ChildLink::State state);
    void unlink(LiveSaga& parent, const sagas::Child& wish);
    void unlink_answered(LiveSaga& parent, const sagas::Event& event);
    void answer_wish(const LiveSaga& parent, const sagas::Child& wish, sagas::Answer answer);
    void refuse_wish(const LiveSaga& parent, const sagas::Child& wish, const std::string& why);
    void order_child(LiveSaga& parent, const sagas::Child& wish);
    void prepare_child(const Meet& meet, Loader::ChildOrder order);
    void start_child(const Meet& meet, sagas::Value input, sagas::Result<Loader::ChildReady> ready);
    void child_started(const Meet& meet, const std::string& id, const Start::Result& result);
    void tell_parent(const LiveSaga& child, sagas::Phase phase);
    void hold_parent(const LiveSaga& child);
    void refuse_turn(const LiveSaga& child);

    // Leaving memory.
    void may_wait(LiveSaga& live);
    void consider(store::SagaKey key, bool is_idle = false);
    void park(LiveSaga& live, std::optional<sagas::Timestamp> wake_at);
    void stay(LiveSaga& live);
    void give_up(const store::Park& park, std::uint64_t batch);
    void park_the_idle();
    bool is_crowded() const { return live_.size() - parking_ > options_.park_at_once_above; }

    // Coming back.
    void await(const Loader::Name& name, Errand errand);
    void load(const Loads::Ticket& ticket);
    void arrive(const Loads::Ticket& ticket, sagas::Result<Loader::Loaded> result);
    void redirect(const LiveSaga& live);
    void serve(Loader::Loaded loaded);
    void serve(LiveSaga& live, Errand errand);
    LiveSaga& take_up(Loader::Loaded loaded);
    LiveSaga& bring_back(Loader::Loaded loaded);
    // An errand whose saga is in memory;
    void run(LiveSaga& live, Tell errand);
    void run(LiveSaga& live, WakeUp errand);
    void run(LiveSaga& live, Meet errand);
    void run(LiveSaga& live, Operate errand);
    void run(LiveSaga& live, CallBack errand);
    void run(LiveSaga& live, const Deliver& errand);
    void run(LiveSaga& live, const DeliverLate& errand);
    // only in the store;
    void run(Loader::Loaded& loaded, Tell errand);
    void run(Loader::Loaded& loaded, WakeUp errand);
    void run(Loader::Loaded& loaded, Meet errand);
    void run(Loader::Loaded& loaded, Operate errand);
    void run(Loader::Loaded& loaded, CallBack errand);
    void run(Loader::Loaded& loaded, const Deliver& errand);
    void run(Loader::Loaded& loaded, const DeliverLate& errand);
    // nowhere.
    void run(const Loader::Name& missing, Tell errand);
    void run(const Loader::Name& missing, WakeUp errand);
    void run(const Loader::Name& missing, Meet errand);
    void run(const Loader::Name& missing, Operate errand);
    void run(const Loader::Name& missing, CallBack errand);
    void run(const Loader::Name& missing, const Deliver& errand);
    void run(const Loader::Name& missing, const DeliverLate& errand);
    std::optional<sagas::Timestamp> next_look() const;
    void look_for_due();
    void take_due(const std::vector<store::Park>& parks);
    void wake_is_done();
    void lower_wake(sagas::Timestamp at);
    void try_later(std::function<void()> work);
    void try_again_if_due();

    LiveSaga* find(store::SagaKey key);
    void say(Said said);
    /// To a saga that is in memory or not.
    void reach(store::SagaKey key, sagas::Event event);
    /// Runs `work` in the next turn whose batch is not full.
    void in_turn(std::function<void()> work);
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
    std::deque<std::function<void()>> in_turn_;
    std::deque<Command> commands_;  ///< Taken from the mailbox and not yet applied.
    Timers timers_;
    /// By which events may find a step that waits: of every definition that ever was.
    std::set<sagas::MatchPath> match_paths_;
    Gathering gathering_;
    std::optional<Gathering> syncing_;
    Subscriptions subscriptions_;
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

    // Of it, for what leaves memory and comes back.
    IdleQueue idle_;
    std::size_t parking_ = 0;  ///< Sagas in memory whose Park is being written.
    Loads loads_;
    std::vector<std::function<void()>> again_;  ///< What the loader could not do just then.
    std::optional<sagas::Timestamp> again_at_;
    /// The earliest time of all parked sagas; none: no parked saga has one. The first look finds
    /// it.
    std::optional<sagas::Timestamp> next_wake_ = sagas::Timestamp{};
    bool is_looking_ = false;      ///< For parked sagas whose time comes.
    std::size_t due_loads_ = 0;    ///< Those that are being loaded for that.
    std::uint64_t due_batch_ = 0;  ///< The batch that unparks the last one of them.
};

}  // namespace skald::engine
