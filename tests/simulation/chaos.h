#pragma once

#include <functional>

#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/process.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// What goes wrong around the process, at random: it is killed now, or at some operation of the
/// disk (within a commit, a checkpoint or a recovery); syncs fail, the disk fills up, clocks jump.
/// Some seeds have much of it and some have none.
class Chaos {
 public:
    /// `pace`: so many times as slowly as it can.
    Chaos(Timeline& timeline, Disk& disk, SystemClock& system, Random random, Counters& counters,
          std::int64_t pace);

    /// Goes on until `heal`.
    void begin();
    /// All is well from now on.
    void heal();
    /// Before a process starts: it may not get far.
    void before_start();

 private:
    void strike_later();
    void strike();
    void fill_disk(std::uint64_t free);
    void jump();

    Timeline& timeline_;
    Disk& disk_;
    SystemClock& system_;
    Random random_;
    Counters& counters_;
    bool is_over_ = false;
    const bool spares_process_;
    const Time gap_;
};

}  // namespace skald::simulation
