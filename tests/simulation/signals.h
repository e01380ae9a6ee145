#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/process.h"
#include "tests/simulation/publishers.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// Those who publish what nobody asked for, and some sagas wait for: at any time, so also before
/// the saga starts, twice, and when it has given up; of several sagas at once, where they belong to
/// a group; and of types that say nothing.
class Signals {
 public:
    /// `pace`: so many times as slowly as they can.
    Signals(Timeline& timeline, Publishers& publishers, Random random, Counters& counters,
            const History& history, std::int64_t pace);

    /// Goes on until `heal`. They need no process: what they want to say waits for one.
    void begin();
    void heal() { is_over_ = true; }
    void begin_process(Process& process) { process_ = &process; }
    void end_process() { process_ = nullptr; }

 private:
    /// A step that waits for an event.
    struct Target {
        const DefinitionPlan* plan;
        const StepPlan* step;
    };

    void signal_later();
    void signal();
    /// Ids that may be somebody's: of sagas that run, and of those that clients are about to start.
    std::vector<std::string> sagas_of(const DefinitionPlan& plan) const;
    std::string draw_type(const AwaitedPlan& awaited);

    Timeline& timeline_;
    Publishers& publishers_;
    Random random_;
    Counters& counters_;
    const History& history_;
    const std::int64_t pace_;
    std::vector<Target> targets_;
    Process* process_ = nullptr;
    bool is_over_ = false;
    std::uint64_t last_ = 0;
};

}  // namespace skald::simulation
