#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "engine/commands.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/request.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/participants.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

class Process;

/// URLs that say in plain text whom a callback is for: who may send one is not what is played here.
class PlainCallbackUrls : public sagas::CallbackUrls {
 public:
    std::string url(std::string_view saga_id, sagas::StepIndex step,
                    sagas::Phase phase) const override;

    struct Target {
        std::string saga;
        sagas::StepIndex step;
        sagas::Phase phase;
    };
    /// Precondition: `url` made it.
    static Target target(const std::string& url);
};

/// The way back from participants that answered 202: they decide at once, later or never, and send
/// what came of it until somebody took it. Callbacks are lost, late, doubled and repeated.
class Callbacks {
 public:
    using See = std::function<void(decltype(Seen::what))>;
    /// Whether a try of the call is out, of which the 202 was not told yet.
    using IsOut = std::function<bool(const CallName&)>;

    Callbacks(Timeline& timeline, Participants& participants, Random random, Counters& counters,
              See see, IsOut is_out);

    void begin_process(Process& process) { process_ = &process; }
    void end_process() { process_ = nullptr; }
    /// From now on nothing goes wrong on the way.
    void heal() { is_healed_ = true; }
    /// Nothing is to be decided or sent any more.
    bool is_quiet() const { return undecided_ == 0 && letters_.empty(); }

    /// `request` was answered with 202, and carried `url`.
    void put_off(ParticipantRequest request, const std::string& url);

 private:
    /// One thing that a participant wants to say, until it is taken or given up.
    struct Letter {
        CallName call;
        PlainCallbackUrls::Target target;
        Word word;
        Time decided_at;
        std::uint32_t posts = 0;
        bool is_taken = false;
        bool is_repeated = false;  ///< It was taken, and is sent once more.
    };

    struct Post {
        std::uint64_t number;
        CallName call;
    };

    void decide(const ParticipantRequest& request, const PlainCallbackUrls::Target& target);
    void post_soon(std::uint64_t number, Time delay);
    void post(std::uint64_t number);
    void deliver(std::uint64_t number, const Letter& letter);
    void look_after(std::uint64_t number);
    void answered(std::uint64_t number, const Post& post, const engine::CallBack::Result& result);
    void count(CallbackAnswered::How how, const CallName& call);
    Time way();
    bool goes_wrong(std::uint64_t percent) { return !is_healed_ && random_.chance(percent); }

    Timeline& timeline_;
    Participants& participants_;
    Random random_;
    Counters& counters_;
    const See see_;
    const IsOut is_out_;
    Process* process_ = nullptr;
    bool is_healed_ = false;
    std::size_t undecided_ = 0;
    std::map<std::uint64_t, Letter> letters_;
    std::uint64_t last_letter_ = 0;
    std::uint64_t last_post_ = 0;
};

}  // namespace skald::simulation
