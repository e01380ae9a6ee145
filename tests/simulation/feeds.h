#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/publishers.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// Those who publish what no saga waits for: for subscribers; what triggers sagas, and what looks
/// like it; and what comes in over a bridge, as the bridge publishes it.
class Feeds {
 public:
    /// `pace`: so many times as slowly as they can. `bridges`: over which something may come in.
    Feeds(Timeline& timeline, Publishers& publishers, Random random, Counters& counters,
          const History& history, std::vector<std::string> bridges, std::int64_t pace);

    /// Goes on until `heal`; but each event that is to start a saga is published all the same.
    void begin();
    void heal() { is_over_ = true; }

 private:
    void publish_later();
    void publish_some();
    void publish_bad_trigger();

    Timeline& timeline_;
    Publishers& publishers_;
    Random random_;
    Counters& counters_;
    const History& history_;
    const std::vector<std::string> bridges_;
    const std::int64_t pace_;
    const std::int64_t gap_;  ///< Milliseconds between two posts, at most.
    bool is_over_ = false;
    std::uint64_t last_ = 0;
};

}  // namespace skald::simulation
