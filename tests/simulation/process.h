#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/topic_log.h"
#include "engine/coordinator.h"
#include "engine/rehearsal/timeline.h"
#include "store/store.h"
#include "tests/simulation/brokers.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/follower.h"
#include "tests/simulation/network.h"
#include "tests/simulation/onlooker.h"
#include "tests/simulation/random.h"
#include "tests/simulation/receivers.h"
#include "tests/simulation/slow_loader.h"
#include "tests/simulation/trigger_names.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// What the simulated machine says of the time: jumps are made here.
class SystemClock : public engine::SystemTime {
 public:
    explicit SystemClock(const Timeline& timeline) : timeline_(timeline) {}
    sagas::Timestamp wall() const override;
    sagas::Milliseconds since_boot() const override { return timeline_.now(); }
    void jump(Time by) { offset_ += by; }
    /// As long ago as it would be right.
    void set_right() { offset_ = Time{0}; }

 private:
    const Timeline& timeline_;
    Time offset_{0};
};

/// One life of skald: the real coordinator, machine and SQLite store on virtual time, in the
/// simulation's thread. Destroying it is its death: nothing is ended in order, and the disk must be
/// down (or everything at rest).
class Process {
 public:
    struct World {
        Timeline& timeline;
        Disk& disk;
        Network& network;
        Receivers& receivers;
        Brokers& brokers;
        SystemClock& system;
        Counters& counters;
        const sagas::CallbackUrls& callbacks;
        Follower& follower;
        Onlooker& onlooker;
        NamedStarts::Name name_start;
        std::string path;  ///< Of the database.
    };

    /// Opens the store and takes up what is there. Errors: of either; the process is dead then.
    static sagas::Result<std::unique_ptr<Process>> start(const World& world, Random random,
                                                         engine::AcceptClock accept);
    ~Process();

    engine::Coordinator& coordinator() { return *coordinator_; }
    engine::Catalog& catalog() { return catalog_; }
    engine::Watchers& watchers() { return watchers_; }
    engine::EventBell& event_bell() { return event_bell_; }
    const store::Reader& reader() const { return store_->reader(); }
    const store::Recovery& recovery() const { return store_->recovery(); }
    const engine::Clock& clock() const { return *clock_; }
    /// All topics, also those that are views.
    const api::TopicLog& topics() const { return topics_; }
    /// Of the topic's last event; 0: there is none. None: it can't be read now.
    std::optional<store::Offset> last_offset(const std::string& topic) const;
    bool is_loading() const { return loader_.is_busy(); }
    /// Somebody is about to say something to the saga with that id.
    void note_said(const std::string& saga, SlowLoader::Cause cause) {
        loader_.note_said(saga, cause);
    }
    /// What it reads now is not to be trusted.
    bool is_dying() const { return world_.disk.is_down() || failure_; }
    /// It ended itself, for this.
    const std::optional<sagas::Error>& failure() const { return failure_; }

 private:
    class Committing;
    class Telemetry;
    class Calls;
    class TwoSecrets;

    Process(const World& world, Random random, std::unique_ptr<store::Store> store,
            std::unique_ptr<engine::Clock> clock);
    sagas::Result<std::size_t> recover();
    void wake();
    void wake_after(sagas::Milliseconds delay);

    const World world_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<engine::Clock> clock_;
    engine::Catalog catalog_;
    const api::TopicLog topics_;
    const NamedStarts starts_;
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    std::unique_ptr<engine::Telemetry> telemetry_;
    std::unique_ptr<sagas::Secrets> secrets_;
    std::unique_ptr<engine::Caller> calls_;
    SlowLoader loader_;
    std::unique_ptr<engine::Committer> committer_;
    std::unique_ptr<engine::Coordinator> coordinator_;
    std::optional<sagas::Error> failure_;
    std::uint64_t alarm_ = 0;  ///< The last one that was set; those before it are void.
};

}  // namespace skald::simulation
