#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/json.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

class Process;

/// The way of events into the log: whoever publishes some goes on, with the same sources and ids,
/// until he is answered; and some do so once more, for the answer may have been lost.
class Publishers {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    Publishers(Timeline& timeline, Random random, Counters& counters, See see);

    void begin_process(Process& process) { process_ = &process; }
    void end_process() { process_ = nullptr; }
    /// From now on nothing goes wrong on the way.
    void heal() { is_healed_ = true; }
    /// Nothing is to be published any more.
    bool is_quiet() const { return letters_.empty(); }

    /// CloudEvents without "specversion", in one request.
    void publish(std::string topic, std::vector<sagas::Json> events);

 private:
    struct Letter {
        std::string topic;
        std::vector<sagas::Json> events;
        bool is_answered = false;
        bool is_repeated = false;  ///< It was answered, and is sent once more.
    };

    void post_soon(std::uint64_t number, Time delay);
    void post(std::uint64_t number);
    void deliver(std::uint64_t number, const Letter& letter);
    void look_after(std::uint64_t number);
    void answered(std::uint64_t number, std::uint64_t post, const engine::Publish::Result& result);
    Time way();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const See see_;
    Process* process_ = nullptr;
    bool is_healed_ = false;
    std::map<std::uint64_t, Letter> letters_;
    std::uint64_t last_letter_ = 0;
    std::uint64_t last_post_ = 0;
};

}  // namespace skald::simulation
