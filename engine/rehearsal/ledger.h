#pragma once

#include <cstdint>
#include <vector>

#include "engine/rehearsal/fault.h"

namespace skald::rehearsal {

/// What the participants' books say: one entry for each step. They keep the barrier rule
/// (examples/barrier): a key seen before has no further effect; a compensation of what was never
/// done is remembered and does nothing; an action that comes after its compensation is refused.
class Ledger {
 public:
    explicit Ledger(std::size_t steps) : entries_(steps) {}

    enum class Manner : std::uint8_t { Agrees, Refuses };
    enum class Did : std::uint8_t {
        Effect,
        Remembered,     ///< Its key was seen before.
        NothingToUndo,  ///< The action never came; it will be turned away.
        Refused,        ///< By its business.
        Barred,         ///< Its compensation was here first.
    };
    Did act(StepIndex step, Manner manner);
    Did undo(StepIndex step, Manner manner);

    /// The action took effect, and nothing undid it.
    bool stands(StepIndex step) const;

 private:
    struct Entry {
        bool is_done = false;
        bool is_undone = false;
        bool is_refused = false;
        bool is_barred = false;
    };
    Entry& at(StepIndex step) { return entries_[to_size(step)]; }

    std::vector<Entry> entries_;
};

/// Whether the participant did, or had done, what was asked for.
bool is_agreed(Ledger::Did did);

}  // namespace skald::rehearsal
