#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "engine/caller.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// Those who are pushed events, and the way to them, as the coordinator's Caller for requests to
/// kReceiver. They refuse what is not signed with their secret; else they take it, fail, answer
/// late or never; requests and replies are lost, late and doubled.
class Receivers : public engine::Caller {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    static constexpr const char* kHost = "receiver";

    Receivers(Timeline& timeline, Random random, Counters& counters, See see);

    /// Who is told the answers of the present process.
    void begin_process(Answered answered);
    void end_process();
    /// From now on they take all that is signed, at once.
    void heal() { is_healed_ = true; }

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override;
    void recall(engine::CallId id) override;
    engine::CallerStats stats() const override { return {open_.size(), 0}; }

 private:
    struct Open {
        std::uint64_t number;  ///< Of all calls of all processes.
        bool is_queued = true;
        bool is_recalled = false;
    };

    void leave(engine::CallId id, const sagas::Request& request);
    void arrive(std::uint64_t process, engine::CallId id, const sagas::Request& request);
    int decide(const sagas::Request& request);
    void tell(engine::CallId id, sagas::Answer answer);
    Time way();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const See see_;
    Answered answered_;
    bool is_healed_ = false;
    std::map<engine::CallId, Open> open_;
    std::map<std::string, Time> down_until_;  ///< By target: nobody is there.
    std::uint64_t process_ = 0;
    std::uint64_t last_ = 0;
};

}  // namespace skald::simulation
