#include "engine/rehearsal/ledger.h"

namespace skald::rehearsal {

Ledger::Did Ledger::act(StepIndex step, Manner manner) {
    Entry& entry = at(step);
    if (entry.is_done) return Did::Remembered;
    if (entry.is_barred) return Did::Barred;
    if (entry.is_refused || manner == Manner::Refuses) {
        entry.is_refused = true;
        return Did::Refused;
    }
    entry.is_done = true;
    return Did::Effect;
}

Ledger::Did Ledger::undo(StepIndex step, Manner manner) {
    Entry& entry = at(step);
    if (manner == Manner::Refuses) return Did::Refused;
    if (entry.is_undone || entry.is_barred) return Did::Remembered;
    if (!entry.is_done) {
        entry.is_barred = true;
        return Did::NothingToUndo;
    }
    entry.is_undone = true;
    return Did::Effect;
}

bool Ledger::stands(StepIndex step) const {
    const Entry& entry = entries_[to_size(step)];
    return entry.is_done && !entry.is_undone;
}

bool is_agreed(Ledger::Did did) {
    return did != Ledger::Did::Refused && did != Ledger::Did::Barred;
}

}  // namespace skald::rehearsal
