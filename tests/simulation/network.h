#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/caller.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/callbacks.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/participants.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// The way between skald and its participants, as the coordinator's Caller. Requests are held in
/// the queue, refused, lost, late, doubled and out of order; so are replies. What is under way when
/// a process ends arrives all the same, and may come after what the next one sends.
class Network : public engine::Caller {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    Network(Timeline& timeline, Participants& participants, Callbacks& callbacks, Random random,
            Counters& counters, See see);

    /// Who is told the answers of the present process.
    void begin_process(Answered answered);
    /// Its connections break; nobody is told.
    void end_process();
    /// From now on nothing goes wrong on the way.
    void heal() { is_healed_ = true; }

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override;
    void recall(engine::CallId id) override;
    engine::CallerStats stats() const override { return {open_.size(), 0}; }
    /// A try of it has left, and is not answered yet.
    bool is_out(const CallName& call) const;

 private:
    struct Open {
        ParticipantRequest request;
        std::string key;
        std::string callback;  ///< Empty: none.
        Time timeout;
        bool is_queued = true;
        bool is_recalled = false;
    };

    void leave(engine::CallId id);
    /// Whom a reply is for; none: a copy that nobody listens to.
    struct Asker {
        std::uint64_t process;
        engine::CallId id;
    };
    void arrive(const ParticipantRequest& request, const std::string& callback,
                std::optional<Asker> asker);
    void bring(Asker asker, const sagas::Reply& reply);
    void tell(engine::CallId id, sagas::Answer answer);
    /// How long something is under way: a moment, now and then longer than any time-out.
    Time way();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Participants& participants_;
    Callbacks& callbacks_;
    Random random_;
    Counters& counters_;
    const See see_;
    Answered answered_;
    bool is_healed_ = false;
    std::map<engine::CallId, Open> open_;
    std::uint64_t process_ = 0;  ///< The present one; the next gives the same ids anew.
    Time unreachable_until_{0};
};

}  // namespace skald::simulation
