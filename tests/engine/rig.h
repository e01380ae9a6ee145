#pragma once

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

class NoTelemetry : public Telemetry {
 public:
    void saga_started(std::string_view) override { ++started; }
    void saga_ended(std::string_view, sagas::Status) override { ++ended; }
    void attempt_ended(std::string_view, std::string_view, sagas::Phase, sagas::Outcome,
                       double) override {}
    void committed(std::size_t, double) override {}
    void timer_fired(double) override {}
    int started = 0;
    int ended = 0;
};

/// The real coordinator on a store, with time, calls and syncs in the test's hands; one thread.
class Rig {
 public:
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
    std::optional<sagas::Error> fatal;
    std::unique_ptr<Coordinator> coordinator;

    /// Runs turns as long as one is wanted, without ending any sync.
    void turn();
    /// Runs turns and ends syncs until nothing moves.
    void settle();
    /// Moves the clock to the next timer (at most `most`) and settles.
    void wait(sagas::Milliseconds most);

    void define(std::string_view document);
    /// Starts a saga; the result comes when it is durable.
    std::shared_ptr<std::optional<Start::Result>> start(
        const std::string& definition, const std::string& id,
        std::optional<sagas::RequestKey> request = std::nullopt);
    std::shared_ptr<std::optional<Operate::Result>> cancel(
        const std::string& id, std::optional<sagas::RequestKey> request = std::nullopt);

    /// Answers the oldest open call whose target is `target`, and settles. Fails the test when
    /// there is none.
    void answer(std::string_view target, sagas::Answer answer);
    void answer(std::string_view target, int status);
    /// The targets of the open calls, in order.
    std::vector<std::string> open() const;
    /// What the store says: "compensated".
    std::string status(const std::string& id) const;

 private:
    class NoSecrets : public sagas::Secrets {
     public:
        std::optional<std::string> find(std::string_view) const override { return std::nullopt; }
    };
    store::Store& store_;
    NoSecrets secrets_;
    bool is_wanted_ = false;
    std::optional<sagas::Timestamp> wake_at_;
};

}  // namespace skald::engine
