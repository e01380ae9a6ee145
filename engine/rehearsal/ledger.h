#pragma once

#include <cstdint>
#include <map>

#include "engine/rehearsal/cast.h"

namespace skald::rehearsal {

/// What the participants' books say: one entry for each spot. They keep the barrier rule
/// (examples/barrier): a key seen before has no further effect; a compensation of what was never
/// done is remembered and does nothing; an action that comes after its compensation is refused.
///
/// A step that runs a child has an entry too: done when the child is durably completed.
class Ledger {
 public:
    enum class Manner : std::uint8_t { Agrees, Refuses };
    enum class Did : std::uint8_t {
        Effect,
        Remembered,     ///< Its key was seen before.
        NothingToUndo,  ///< The action never came; it will be turned away.
        Refused,        ///< By its business.
        Barred,         ///< Its compensation was here first.
    };
    Did act(Spot spot, Manner manner);
    Did undo(Spot spot, Manner manner);

    /// The action took effect, and nothing undid it.
    bool stands(Spot spot) const;
    bool is_undone(Spot spot) const;

 private:
    struct Entry {
        bool is_done = false;
        bool is_undone = false;
        bool is_refused = false;
        bool is_barred = false;
    };
    const Entry* find(Spot spot) const;

    std::map<Spot, Entry> entries_;
};

/// Whether the participant did, or had done, what was asked for.
bool is_agreed(Ledger::Did did);

/// "done", "refuses".
const char* text_of(Ledger::Did did, Phase phase);

}  // namespace skald::rehearsal
