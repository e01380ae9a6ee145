#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/event_bell.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/json.h"
#include "store/store.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/participants.h"
#include "tests/simulation/publishers.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// Participants that speak events. They follow the log from outside, as a client does by HTTP: they
/// read behind what they have read, and wait for the bell where there is nothing more. What they
/// read is dealt with after a while, so in any order, and now and then twice; what comes of it they
/// publish: at once, later or never, once more under another id, wrongly beside it.
class Services {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    Services(Timeline& timeline, Participants& participants, Publishers& publishers, Random random,
             Counters& counters, See see);

    /// They follow this topic.
    void follow(const std::string& topic);

    void begin_process(Process& process);
    void end_process();
    /// From now on each event is answered, soon and once.
    void heal() { is_healed_ = true; }
    /// All that is in the log was read, and dealt with.
    bool is_quiet() const;

 private:
    struct Topic {
        std::int64_t cursor = 0;  ///< The offset of the last event that was read.
        std::unique_ptr<engine::EventBell::Listener> listener = nullptr;
    };

    void read_soon(const std::string& topic, Time delay);
    void read(const std::string& topic);
    void take(const std::string& topic, const store::EventRow& row);
    void deal_soon(const std::string& topic, sagas::Json event);
    void deal(const std::string& topic, const sagas::Json& event);
    void answer(const std::string& topic, const sagas::Json& command, Word word);
    sagas::Json reply(const sagas::Json& command, const sagas::Json& types);
    void address(const sagas::Json& command, sagas::Json& reply);
    sagas::Json misdirected(sagas::Json reply);
    Time patience();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Participants& participants_;
    Publishers& publishers_;
    Random random_;
    Counters& counters_;
    const See see_;
    Process* process_ = nullptr;
    bool is_healed_ = false;
    std::map<std::string, Topic> topics_;
    std::size_t undealt_ = 0;
    std::uint64_t last_reply_ = 0;
};

}  // namespace skald::simulation
