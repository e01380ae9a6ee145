#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

class Process;

/// Those who fetch events. They acknowledge them, all at once or one by one; say that they failed,
/// ask for more time, forget them until their lease is over, die with them and come again; answer
/// what is not theirs any more, also to a process that never gave it to them; and do not get what
/// was given to them, or no answer, and say it again.
class Subscribers {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    /// `names`: of the subscriptions, whether they are there (and pulled) or not.
    Subscribers(Timeline& timeline, Random random, Counters& counters, See see,
                const std::vector<std::string>& names);

    void begin_process(Process& process);
    void end_process();
    /// From now on they acknowledge all that they get.
    void heal() { is_healed_ = true; }

 private:
    using As = engine::AnswerLeases::As;
    /// Several share a subscription.
    struct Worker {
        std::string subscription;
        std::deque<engine::Lease> held = {};  ///< The last ones, whatever was said of them.
        std::uint64_t life = 0;               ///< What it had in mind before it died is void.
    };

    void fetch_soon(std::size_t index, Time delay);
    void fetch(std::size_t index);
    void given(std::size_t index, const engine::Fetch::Result& result);
    void keep(Worker& worker, const engine::Lease& lease);
    void deal(std::size_t index, std::vector<engine::Lease> leases);
    void deal_badly(std::size_t index, const std::vector<engine::Lease>& leases);
    void say_soon(std::size_t index, std::vector<engine::Lease> leases, As as, Time delay);
    void say(const std::string& subscription, const std::vector<engine::Lease>& leases, As as);
    void answered(std::uint64_t number, const engine::AnswerLeases::Result& result);
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const See see_;
    Process* process_ = nullptr;
    bool is_healed_ = false;
    std::vector<Worker> workers_;
    std::uint64_t last_ = 0;
};

}  // namespace skald::simulation
