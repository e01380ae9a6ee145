#include "tests/simulation/process.h"

#include <algorithm>
#include <utility>

#include "store/sqlite/sqlite_store.h"
#include "tests/simulation/delivery_plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr sagas::Timestamp kBeginning{Time{1'700'000'000'000}};
constexpr std::uint64_t kFreeBytesMin = 256u << 10;

/// What else is left to chance comes of the seed too.
engine::CoordinatorOptions seeded_options(Random random) {
    engine::CoordinatorOptions options;
    options.leases_behind = random.next() >> 2u;
    return options;
}

}  // namespace

sagas::Timestamp SystemClock::wall() const { return kBeginning + timeline_.now() + offset_; }

// ---- The pieces that are not the engine's
// --------------------------------------------------------

/// Writes batches as the writer's thread does, each with housekeeping behind it; but in between
/// other things happen, and any moment may be the last.
class Process::Committing : public engine::Committer {
 public:
    Committing(Process& process, Random random)
        : process_(process), random_(random), longest_(random_.one_in(4) ? 600 : 3) {}

    void commit(std::shared_ptr<store::Batch> batch, React react, Done done) override {
        held_ = std::move(batch);
        react_ = std::move(react);
        done_ = std::move(done);
        is_of_subscriptions_ = !held_->subscriptions.empty() || !held_->definitions.empty();
        process_.world_.timeline.after(Time{random_.between(0, longest_)}, Owner::Process,
                                       [this] { write(); });
    }

 private:
    void write() {
        result_ = engine::write_growing(process_.store_->writer(), *held_, react_);
        if (process_.world_.disk.is_down()) {
            process_.world_.counters.count("a crash within a commit");
            return;  // It is dead.
        }
        if (*result_) note_durable(**result_);
        const Time wait{random_.one_in(8) ? random_.between(1, 40 + longest_) : 0};
        process_.world_.timeline.after(wait, Owner::Process, [this] { finish(); });
    }

    void note_durable(const store::Committed& committed) {
        process_.world_.follower.read(process_.store_->reader());
        if (is_of_subscriptions_) process_.world_.onlooker.look(process_.store_->reader());
        for (const store::EventHit& hit : committed.event_hits) {
            if (hit.is_told) {
                process_.world_.counters.count("a saga went on in the commit of its event");
            } else {
                process_.loader_.note_hit(hit.saga);
            }
        }
    }

    void finish() {
        if (*result_ && (*result_)->space == store::Space::Low) {
            process_.world_.counters.count("space ran low");
        }
        // The next commit may be handed over from within.
        auto result = *std::exchange(result_, std::nullopt);
        held_.reset();
        if (result && is_of_subscriptions_) process_.world_.follower.told();
        std::exchange(done_, nullptr)(std::move(result));
        if (!process_.failure_ && !process_.world_.disk.is_down()) keep_house();
    }

    void keep_house() {
        const auto more = process_.store_->writer().maintain(process_.clock_->now());
        if (process_.world_.disk.is_down()) {
            process_.world_.counters.count("a crash within a checkpoint");
            return;
        }
        if (!more && more.error().code == sagas::ErrorCode::Corruption) {
            process_.failure_ = more.error();
        }
    }

    Process& process_;
    Random random_;
    const std::int64_t longest_;  ///< Milliseconds of a sync: some disks are slow.
    std::shared_ptr<store::Batch> held_;
    React react_;
    bool is_of_subscriptions_ = false;
    Done done_;
    std::optional<sagas::Result<store::Committed>> result_;
};

class Process::Telemetry : public engine::Telemetry {
 public:
    explicit Telemetry(Counters& counters) : counters_(counters) {}
    void saga_started(std::string_view) override { counters_.count("sagas started"); }
    void saga_ended(std::string_view, sagas::Status status) override {
        counters_.count("sagas " + std::string(sagas::to_text(status)));
    }
    void attempt_ended(std::string_view, std::string_view, sagas::Phase, sagas::Outcome outcome,
                       double) override {
        counters_.count("tries: " + std::string(sagas::to_text(outcome)));
    }
    void committed(std::size_t, double) override {}
    void timer_fired(double) override { counters_.count("timers fired"); }

 private:
    Counters& counters_;
};

class Process::TwoSecrets : public sagas::Secrets {
 public:
    std::optional<std::string> find(std::string_view name) const override {
        if (name == "RIGHT") return kRightSecret;
        return name == "WRONG" ? std::optional<std::string>(kWrongSecret) : std::nullopt;
    }
};

/// To those who are pushed events, and to all others.
class Process::Calls : public engine::Caller {
 public:
    Calls(Network& network, Receivers& receivers) : network_(network), receivers_(receivers) {}

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override {
        if (request.host == Receivers::kHost) {
            receivers_.call(id, std::move(request), attempt);
        } else {
            network_.call(id, std::move(request), attempt);
        }
    }
    void recall(engine::CallId id) override {
        network_.recall(id);
        receivers_.recall(id);
    }
    engine::CallerStats stats() const override {
        return {network_.stats().in_flight + receivers_.stats().in_flight, 0};
    }

 private:
    Network& network_;
    Receivers& receivers_;
};

// ---- A life
// --------------------------------------------------------------------------------------

sagas::Result<std::unique_ptr<Process>> Process::start(const World& world, Random random,
                                                       engine::AcceptClock accept) {
    store::SqliteOptions options;
    options.path = world.path;
    options.vfs = world.disk.name();
    options.readers = 1;
    options.wal_bytes_max = 64u << 10;  // So that the log is recycled often.
    options.lock_wait = sagas::Milliseconds{0};
    options.free_bytes_min = kFreeBytesMin;
    options.free_bytes = [&disk = world.disk] { return disk.free_bytes(); };
    auto store = store::open_sqlite_store(options);
    if (!store) return tl::unexpected(store.error());
    const auto last = (*store)->recovery().last_keys();
    if (!last) return tl::unexpected(last.error());
    auto clock = engine::make_engine_clock(world.system, last->at, accept);
    if (!clock) return tl::unexpected(clock.error());

    std::unique_ptr<Process> process(
        new Process(world, random, std::move(*store), std::move(*clock)));
    world.onlooker.look(process->reader());
    if (auto taken_up = process->recover(); !taken_up) return tl::unexpected(taken_up.error());
    world.follower.read(process->reader());
    return process;
}

Process::Process(const World& world, Random random, std::unique_ptr<store::Store> store,
                 std::unique_ptr<engine::Clock> clock)
    : world_(world),
      store_(std::move(store)),
      clock_(std::move(clock)),
      catalog_(store_->reader()),
      topics_(store_->reader(), catalog_),
      starts_(catalog_, *clock_, world.name_start),
      telemetry_(std::make_unique<Telemetry>(world.counters)),
      secrets_(std::make_unique<TwoSecrets>()),
      calls_(std::make_unique<Calls>(world.network, world.receivers)),
      loader_({world_.timeline, world_.disk, world_.counters, store_->reader(), catalog_, topics_,
               starts_},
              random.fork()),
      committer_(std::make_unique<Committing>(*this, random)) {
    coordinator_ = std::make_unique<engine::Coordinator>(
        engine::Coordinator::Parts{*committer_, *calls_, *clock_, catalog_, watchers_, bell_,
                                   event_bell_, *telemetry_, *secrets_, world_.callbacks, loader_,
                                   world_.brokers, [this] { wake(); },
                                   [this](sagas::Milliseconds delay) { wake_after(delay); },
                                   [this](const sagas::Error& error) { failure_ = error; }},
        seeded_options(random));
    const auto answered = [this](engine::CallId id, sagas::Answer answer) {
        coordinator_->answered(id, std::move(answer));
    };
    world_.network.begin_process(answered);
    world_.receivers.begin_process(answered);
    world_.brokers.begin_process(answered);
}

Process::~Process() {
    world_.network.end_process();
    world_.receivers.end_process();
    world_.brokers.end_process();
    world_.timeline.end_process();
}

sagas::Result<std::size_t> Process::recover() { return coordinator_->recover(store_->recovery()); }

std::optional<store::Offset> Process::last_offset(const std::string& topic) const {
    const auto last = topics_.last(topic);
    if (last) return *last;
    const bool is_none = last.error().code == sagas::ErrorCode::NotFound;
    return is_none ? std::optional(store::Offset{0}) : std::nullopt;
}

void Process::wake() {
    world_.timeline.after(Time{0}, Owner::Process, [this] { coordinator_->turn(); });
}

void Process::wake_after(sagas::Milliseconds delay) {
    world_.timeline.after(delay, Owner::Process, [this, alarm = ++alarm_] {
        if (alarm == alarm_) coordinator_->turn();
    });
}

}  // namespace skald::simulation
