#include "engine/rehearsal/ledger.h"

namespace skald::rehearsal {

Ledger::Did Ledger::act(Spot spot, Manner manner) {
    Entry& entry = entries_[spot];
    if (entry.is_done) return Did::Remembered;
    if (entry.is_barred) return Did::Barred;
    if (entry.is_refused || manner == Manner::Refuses) {
        entry.is_refused = true;
        return Did::Refused;
    }
    entry.is_done = true;
    return Did::Effect;
}

Ledger::Did Ledger::undo(Spot spot, Manner manner) {
    Entry& entry = entries_[spot];
    if (manner == Manner::Refuses) return Did::Refused;
    if (entry.is_undone || entry.is_barred) return Did::Remembered;
    if (!entry.is_done) {
        entry.is_barred = true;
        return Did::NothingToUndo;
    }
    entry.is_undone = true;
    return Did::Effect;
}

const Ledger::Entry* Ledger::find(Spot spot) const {
    const auto found = entries_.find(spot);
    return found == entries_.end() ? nullptr : &found->second;
}

bool Ledger::stands(Spot spot) const {
    const Entry* entry = find(spot);
    return entry != nullptr && entry->is_done && !entry->is_undone;
}

bool Ledger::is_undone(Spot spot) const {
    const Entry* entry = find(spot);
    return entry != nullptr && entry->is_undone;
}

bool is_agreed(Ledger::Did did) {
    return did != Ledger::Did::Refused && did != Ledger::Did::Barred;
}

const char* text_of(Ledger::Did did, Phase phase) {
    switch (did) {
        case Ledger::Did::Effect:
            return phase == Phase::Action ? "done" : "undone";
        case Ledger::Did::Remembered:
            return "knows the key, and does nothing more";
        case Ledger::Did::NothingToUndo:
            return "there is nothing to undo, and it will turn the action away";
        case Ledger::Did::Refused:
            return "refuses";
        case Ledger::Did::Barred:
            return "refuses, for its compensation was here first";
    }
    return "";
}

}  // namespace skald::rehearsal
