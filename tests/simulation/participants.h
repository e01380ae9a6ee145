#pragma once

#include <map>
#include <string>
#include <tuple>

#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

/// What a participant answers; status 0: nothing, it only keeps silent.
struct ParticipantReply {
    int status;
    std::optional<std::chrono::milliseconds> retry_after;
};

/// A request as a participant sees it.
struct ParticipantRequest {
    CallName call;
    bool is_delete = false;    ///< A 404 means that there was nothing to undo.
    bool is_of_child = false;  ///< Undoes what others did: there is no action of its own to undo.
    bool may_call_back = false;
};

/// All services that sagas call, with their books. They outlive every process of skald, and keep
/// the barrier rule that docs/participants.md asks for: a key seen before has no further effect; a
/// compensation of what was never done is remembered and does nothing; an action that comes after
/// its compensation is refused. Within that rule they behave as badly as services do.
///
/// Where they may call back, they may answer 202 and decide later; what they say then is as true as
/// an answer: a failure for good, "retry" when nothing was done so far.
class Participants {
 public:
    Participants(Random random, Counters& counters) : random_(random), counters_(counters) {}

    struct Dealt {
        Handled::Did did;
        ParticipantReply reply;
        bool is_put_off = false;  ///< `decide` is to be asked for later.
    };
    /// A request has arrived.
    Dealt handle(const ParticipantRequest& request);

    struct Decided {
        Handled::Did did;
        std::optional<Word> word;  ///< None: it keeps silent.
    };
    /// What comes of a request that was put off.
    Decided decide(const ParticipantRequest& request);
    /// An event has arrived that asks for something; what comes of that.
    Decided receive(const ParticipantRequest& request);

    /// From now on every request gets a plain answer at once.
    void heal() { is_healed_ = true; }

 private:
    /// What the business behind one call is like, drawn when it is first seen.
    struct Manner {
        enum class Kind : std::uint8_t { Agrees, Refuses } kind = Kind::Agrees;
        int refusal = 409;
        std::uint32_t bad_tries = 0;  ///< So many requests end badly before it comes to a decision.
        bool hides_effect = false;    ///< Takes effect, then answers 500 or nothing, once.
        bool dislikes_repeats = false;  ///< Answers 409 to what it has done before.
        bool puts_off = false;          ///< Answers 202 where it may.
    };
    struct Book {
        Manner manner;
        std::uint32_t requests = 0;
        bool has_effect = false;
        bool is_refused = false;
        bool is_barred = false;  ///< Of an action: its compensation was here first.
    };
    using Key = std::tuple<std::string, Place, Phase>;

    Book& book(const CallName& call, Phase phase);
    Manner make_manner(Phase phase);
    ParticipantReply bad_reply();
    Dealt deal(const ParticipantRequest& request, Book& book);
    Dealt decide_action(Book& book);
    Dealt decide_undo(const ParticipantRequest& request, Book& book);

    Random random_;
    Counters& counters_;
    bool is_healed_ = false;
    std::map<Key, Book> books_;
};

}  // namespace skald::simulation
