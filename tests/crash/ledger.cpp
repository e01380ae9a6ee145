#include "tests/crash/ledger.h"

namespace skald::crash {

Ledger::Verdict Ledger::enter(const LedgerCall& call, Business business) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_first] = entries_.try_emplace({call.participant, call.key});
    LedgerEntry& entry = place->second;
    ++calls_;
    entry.last_call = calls_;
    ++entry.calls;
    if (!is_first) {
        return {calls_, entry.is_refused, is_first};
    }
    entry.participant = call.participant;
    entry.saga = call.saga;
    entry.phase = call.phase;
    entry.key = call.key;
    entry.item = call.item;
    entry.first_call = calls_;
    if (call.phase == Phase::Action) {
        const bool is_undone = compensated_.contains({call.participant, call.key});
        entry.is_refused = is_undone || business == Business::Refuses;
        entry.took_effect = !entry.is_refused;
    } else {
        const bool is_new = compensated_.insert({call.participant, call.action_key}).second;
        const auto action = entries_.find({call.participant, call.action_key});
        entry.took_effect = is_new && action != entries_.end() && action->second.took_effect;
    }
    return {calls_, entry.is_refused, is_first};
}

std::vector<LedgerEntry> Ledger::entries() const {
    const std::lock_guard lock(mutex_);
    std::vector<LedgerEntry> all;
    for (const auto& [key, entry] : entries_) {
        all.push_back(entry);
    }
    return all;
}

}  // namespace skald::crash
