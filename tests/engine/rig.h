#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/coordinator.h"
#include "store/store.h"

namespace skald::engine {

/// Engine time that stands still until a test moves it.
class ManualClock : public Clock {
 public:
    sagas::Timestamp now() const override { return now_; }
    void advance(sagas::Milliseconds time) { now_ += time; }

 private:
    sagas::Timestamp now_{sagas::Milliseconds{1'700'000'000'000}};
};

/// Keeps the calls that were made until the test answers them.
class ScriptedCaller : public Caller {
 public:
    struct Made {
        CallId id;
        sagas::Request request;
        std::uint32_t attempt;
    };
    void call(CallId id, sagas::Request request, std::uint32_t attempt) override {
        open.push_back({id, std::move(request), attempt});
    }
    void recall(CallId id) override { recalled.push_back(id); }
    CallerStats stats() const override { return {open.size(), 0}; }

    std::deque<Made> open;
    std::vector<CallId> recalled;
};

/// Keeps what was published until the test answers it.
class ScriptedBroker : public Broker {
 public:
    struct Published {
        CallId id;
        BrokerMessage message;
    };
    void publish(CallId id, BrokerMessage message) override {
        open.push_back({id, std::move(message)});
    }
    std::deque<Published> open;
};

/// The topics of the store, and the journal as the topic of sagas.
class RigEvents : public EventLog {
 public:
    explicit RigEvents(const store::Reader& reader) : reader_(reader) {}
    sagas::Result<store::EventPage> events(const std::string& topic, store::Offset after,
                                           std::uint32_t limit) const override;

    store::Offset gone{0};  ///< Of every topic of the store, nothing up to it is there any more.
    std::set<store::Offset> unseen;  ///< Rows of the journal that are not there.
    mutable int reads = 0;

 private:
    const store::Reader& reader_;
};

/// Each event starts a saga of its definition, whose id is "by-" and the event's; without input.
class RigTriggers : public TriggerStarts {
 public:
    explicit RigTriggers(Catalog& catalog) : catalog_(catalog) {}
    sagas::Result<Start> make_start(const TriggerOrder& order) const override;

    std::optional<sagas::Error> error;  ///< What is said instead.
    mutable int asked = 0;

 private:
    Catalog& catalog_;
};

/// A committer whose syncs end when the test says so, with the result that it says.
class HeldCommitter : public Committer {
 public:
    explicit HeldCommitter(store::Writer& writer) : writer_(writer) {}

    void commit(std::shared_ptr<store::Batch> batch, React react, Done done) override {
        held_.emplace(Held{std::move(batch), std::move(react), std::move(done)});
    }
    bool is_syncing() const { return held_.has_value(); }
    /// Ends the sync in hand: writes it, or gives `error` without writing.
    void finish(std::optional<sagas::Error> error = std::nullopt);
    /// Writes it, and tells nobody: skald dies just then.
    void finish_unheard();

    /// What every commit says of the disk from now on.
    store::Space space = store::Space::Plenty;

 private:
    struct Held {
        std::shared_ptr<store::Batch> batch;
        React react;
        Done done;
    };
    store::Writer& writer_;
    std::optional<Held> held_;
};

/// Reads within the call; the answers wait in `answers`. Some reads fail when the test says so.
class ScriptedLoader : public Loader {
 public:
    ScriptedLoader(const store::Reader& reader, Catalog& catalog, const EventLog& events,
                   const TriggerStarts& starts);

    void load(Name name, std::function<void(sagas::Result<Loaded>)> done) override;
    void load_parked(sagas::Timestamp until, std::uint32_t limit,
                     std::function<void(sagas::Result<std::vector<store::Park>>)> done) override;
    void prepare(ChildOrder order, std::function<void(sagas::Result<ChildReady>)> done) override;
    void load_events(std::string topic, store::Offset after, std::uint32_t limit,
                     std::function<void(sagas::Result<store::EventPage>)> done) override;
    void prepare_trigger(TriggerOrder order,
                         std::function<void(sagas::Result<Start>)> done) override;

    std::deque<std::function<void()>> answers;
    int failures = 0;  ///< So many reads fail with `failure`.
    sagas::Error failure{sagas::ErrorCode::Unavailable, "read: busy"};
    int loads = 0;  ///< How many sagas were read.

 private:
    template <typename Found>
    bool fails(const std::function<void(sagas::Result<Found>)>& done);
    const std::unique_ptr<Loader> inner_;
};

class NoTelemetry : public Telemetry {
 public:
    void saga_started(std::string_view) override { ++started; }
    void saga_ended(std::string_view, sagas::Status) override { ++ended; }
    void attempt_ended(std::string_view, std::string_view, sagas::Phase, sagas::Outcome,
                       double) override {}
    void committed(std::size_t, double) override {}
    void timer_fired(double lag_seconds) override { max_lag = std::max(max_lag, lag_seconds); }
    void event_delivered(std::string_view, Delivery outcome) override { ++deliveries[outcome]; }
    void events_missed(std::string_view, std::uint64_t count) override { missed += count; }
    std::map<Delivery, int> deliveries;
    std::uint64_t missed = 0;
    int started = 0;
    int ended = 0;
    double max_lag = 0;
};

/// Tells where and for what, so that a test sees it in the request.
class PlainCallbackUrls : public sagas::CallbackUrls {
 public:
    std::string url(std::string_view saga_id, sagas::StepIndex step,
                    sagas::Phase phase) const override;
};

/// The real coordinator on a store, with time, calls, loads and syncs in the test's hands; one
/// thread.
class Rig {
 public:
    /// What else a start says.
    struct Wanted {
        sagas::Json input = sagas::Json::object();
        std::optional<std::string> lock;
        sagas::Pins pins;
        std::optional<sagas::RequestKey> request;
    };
    template <typename Result>
    using Later = std::shared_ptr<std::optional<Result>>;

    /// `ahead`: how much later than the other rigs its clock begins.
    explicit Rig(store::Store& store, CoordinatorOptions options = {},
                 sagas::Milliseconds ahead = {});

    // The pieces.
    ManualClock clock;
    ScriptedCaller caller;
    ScriptedBroker broker;
    HeldCommitter committer;
    NoTelemetry telemetry;
    Catalog catalog;
    Watchers watchers;
    JournalBell bell;
    EventBell event_bell;
    std::optional<sagas::Error> fatal;
    RigEvents events_read;
    RigTriggers triggers;
    ScriptedLoader loader;
    std::map<std::string, std::string, std::less<>> secrets;
    bool holds_reads = false;  ///< `settle` leaves the loader's answers where they are.
    std::unique_ptr<Coordinator> coordinator;

    /// Runs turns as long as one is wanted, without ending any sync.
    void turn();
    /// Gives the coordinator what was read, or the first or last of it, without a turn.
    void deliver_reads();
    void deliver_first_read();
    void deliver_last_read();
    /// Runs turns, delivers reads and ends syncs until nothing moves.
    void settle();
    /// Moves the clock to the next timer (at most `most`) and settles.
    void wait(sagas::Milliseconds most);
    /// Moves the clock by `time`, from timer to timer, and settles at each.
    void pass(sagas::Milliseconds time);

    void define(std::string_view document);
    /// Starts a saga; the result comes when it is durable.
    Later<Start::Result> start(const std::string& definition, const std::string& id,
                               std::optional<sagas::RequestKey> request = std::nullopt);
    Later<Start::Result> start(const std::string& definition, const std::string& id, Wanted wanted);
    Later<Operate::Result> operate(const std::string& id, decltype(Operate::event) event);
    Later<Operate::Result> cancel(const std::string& id,
                                  std::optional<sagas::RequestKey> request = std::nullopt);
    Later<CallBack::Result> call_back(const std::string& id, sagas::CalledBack event);
    /// CloudEvents, complete.
    Later<Publish::Result> publish(const std::string& topic, std::vector<sagas::Json> events);
    /// All of a topic, in order.
    std::vector<sagas::Json> events(const std::string& topic) const;

    /// As people put it; a new one begins behind `begin`.
    Later<ChangeSubscription::Result> subscribe(const std::string& name,
                                                const sagas::Json& document,
                                                store::Offset begin = store::Offset{0});
    Later<ChangeBridge::Result> put_bridge(const std::string& name,
                                           std::vector<store::OwnedSubscription> subscriptions);
    /// Registers a definition again, with what it has for itself.
    void define(std::string_view document, std::vector<store::OwnedSubscription> subscriptions);
    Later<Fetch::Result> fetch(const std::string& name, std::size_t limit = 100,
                               sagas::Milliseconds wait = {});
    Later<AnswerLeases::Result> answer_leases(const std::string& name, std::vector<Lease> leases,
                                              AnswerLeases::As as, sagas::Milliseconds by = {});
    Later<Rewind::Result> rewind(const std::string& name, store::Offset behind);
    Later<SettleDeadLetters::Result> settle_letters(const std::string& name,
                                                    SettleDeadLetters::How how);
    /// Empty: there is none of that name.
    store::SubscriptionRow subscription(const std::string& name) const;
    std::vector<store::DeadLetter> dead_letters(const std::string& name) const;

    /// Answers the oldest open call whose target is `target`, and settles. Fails the test when
    /// there is none.
    void answer(std::string_view target, sagas::Answer answer);
    void answer(std::string_view target, int status);
    /// The targets of the open calls, in order.
    std::vector<std::string> open() const;
    /// What the store says: "compensated".
    std::string status(const std::string& id) const;
    /// The types of the rows of its journal.
    std::vector<std::string> journal(const std::string& id) const;
    std::size_t live() const { return coordinator->stats().live; }
    /// The sagas that are parked until a time, the earliest first.
    std::vector<std::string> parked() const;

 private:
    class RigSecrets : public sagas::Secrets {
     public:
        explicit RigSecrets(const Rig& rig) : rig_(rig) {}
        std::optional<std::string> find(std::string_view name) const override {
            const auto found = rig_.secrets.find(name);
            return found == rig_.secrets.end() ? std::nullopt : std::optional(found->second);
        }

     private:
        const Rig& rig_;
    };
    store::Store& store_;
    RigSecrets secrets_{*this};
    PlainCallbackUrls callbacks_;
    bool is_wanted_ = false;
    std::optional<sagas::Timestamp> wake_at_;
};

/// What `result` holds, if it came and is that; else null.
template <typename T, typename V>
const T* get(const Rig::Later<V>& result) {
    return *result ? std::get_if<T>(&**result) : nullptr;
}

}  // namespace skald::engine
