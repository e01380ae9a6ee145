#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/broker.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// The broker that bridges lead to, and the way there. It stores a message once, by its id, for
/// ever. For stretches it is away; it stores a message and its answer is lost, or comes late; and
/// messages are under way for long, also past the end of the process that sent them.
class Brokers : public engine::Broker {
 public:
    using See = std::function<void(decltype(Seen::what))>;
    using Answered = engine::Caller::Answered;

    Brokers(Timeline& timeline, Random random, Counters& counters, See see);

    void begin_process(Answered answered);
    void end_process();
    /// It is there from now on, and answers.
    void heal() { is_healed_ = true; }
    /// Nothing is under way to it.
    bool is_quiet() const { return under_way_ == 0; }

    void publish(engine::CallId id, engine::BrokerMessage message) override;

 private:
    struct Asker {
        std::uint64_t process;
        engine::CallId id;
    };

    void leave(Asker asker, const engine::BrokerMessage& message);
    void arrive(Asker asker, const engine::BrokerMessage& message);
    void store(const engine::BrokerMessage& message);
    void tell(Asker asker, sagas::Answer answer);
    bool is_away();
    Time way();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const See see_;
    Answered answered_;
    bool is_healed_ = false;
    std::map<engine::CallId, std::uint64_t> open_;  ///< The number of each, of all processes.
    std::set<std::pair<std::string, std::string>> stored_;  ///< Bridges, and ids of messages.
    Time away_until_{0};
    std::uint64_t process_ = 0;
    std::uint64_t last_ = 1'000'000'000;  ///< Others count calls from 1 on.
    std::size_t under_way_ = 0;
};

}  // namespace skald::simulation
