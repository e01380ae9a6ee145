#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

/// A committer whose syncs end when the test says so, with the result that it says.
class HeldCommitter : public Committer {
 public:
    explicit HeldCommitter(store::Writer& writer) : writer_(writer) {}

    void commit(std::unique_ptr<store::Batch> batch, Done done) override {
        held_.emplace(Held{std::move(batch), std::move(done)});
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
        std::unique_ptr<store::Batch> batch;
        Done done;
    };
    store::Writer& writer_;
    std::optional<Held> held_;
};

/// Reads within the call; the answers wait in `answers`. Some reads fail when the test says so.
class ScriptedLoader : public Loader {
 public:
    ScriptedLoader(const store::Reader& reader, Catalog& catalog);

    void load(Name name, std::function<void(sagas::Result<Loaded>)> done) override;
    void load_parked(sagas::Timestamp until, std::uint32_t limit,
                     std::function<void(sagas::Result<std::vector<store::Park>>)> done) override;
    void prepare(ChildOrder order, std::function<void(sagas::Result<ChildReady>)> done) override;

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
    HeldCommitter committer;
    NoTelemetry telemetry;
    Catalog catalog;
    Watchers watchers;
    JournalBell bell;
    EventBell event_bell;
    std::optional<sagas::Error> fatal;
    ScriptedLoader loader;
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
    class NoSecrets : public sagas::Secrets {
     public:
        std::optional<std::string> find(std::string_view) const override { return std::nullopt; }
    };
    store::Store& store_;
    NoSecrets secrets_;
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
