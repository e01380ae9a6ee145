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

/// All services that sagas call, with their books. They outlive every process of skald, and keep
/// the barrier rule that docs/participants.md asks for: a key seen before has no further effect; a
/// compensation of what was never done is remembered and does nothing; an action that comes after
/// its compensation is refused. Within that rule they behave as badly as services do.
class Participants {
 public:
    Participants(Random random, Counters& counters) : random_(random), counters_(counters) {}

    struct Dealt {
        Handled::Did did;
        ParticipantReply reply;
    };
    /// A request has arrived. `is_delete`: a 404 means that there was nothing to undo.
    Dealt handle(const CallName& call, bool is_delete);

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
    };
    struct Book {
        Manner manner;
        std::uint32_t requests = 0;
        bool has_effect = false;
        bool is_refused = false;
        bool is_barred = false;  ///< Of an action: its compensation was here first.
    };
    using Key = std::tuple<std::string, std::size_t, Phase>;

    Book& book(const CallName& call, Phase phase);
    Manner make_manner(Phase phase);
    ParticipantReply bad_reply();
    Dealt decide_action(Book& book);
    Dealt decide_undo(const CallName& call, Book& book, bool is_delete);

    Random random_;
    Counters& counters_;
    bool is_healed_ = false;
    std::map<Key, Book> books_;
};

}  // namespace skald::simulation
