#include "tests/crash/oracle.h"

#include <algorithm>
#include <array>
#include <optional>

namespace skald::crash {
namespace {

/// What the ledgers hold of one saga.
struct Books {
    std::array<const LedgerEntry*, kSteps.size()> actions{};
    std::array<const LedgerEntry*, kSteps.size()> compensations{};
    std::vector<const LedgerEntry*> all;
};

class SagaOracle {
 public:
    SagaOracle(std::string saga, Expected expected, const Books& books, std::vector<Fault>& faults)
        : saga_(std::move(saga)), expected_(expected), books_(books), faults_(faults) {}

    void check() {
        check_keys();
        check_effects();
        if (expected_.stragglers == Stragglers::None) {
            check_order();
        }
    }

 private:
    void fault(const std::string& text) { faults_.push_back({saga_, text}); }

    static bool took_effect(const LedgerEntry* entry) {
        return entry != nullptr && entry->took_effect;
    }

    void check_keys() {
        for (const LedgerEntry* entry : books_.all) {
            const auto& phase =
                entry->phase == Phase::Action ? books_.actions : books_.compensations;
            if (phase.at(entry->participant) != entry) {
                fault("two keys for one call: " + entry->key + " and " +
                      phase.at(entry->participant)->key);
            }
        }
    }

    void check_effects() {
        for (std::size_t step = 0; step < kSteps.size(); ++step) {
            const std::string name(kSteps[step]);
            const bool has_effect = took_effect(books_.actions[step]);
            const bool is_undone = took_effect(books_.compensations[step]);
            if (has_effect ? step >= expected_.effects_max : step < expected_.effects_min) {
                fault(name + (has_effect ? " took effect" : " never took effect"));
            }
            if (expected_.ending != Ending::Compensated && books_.compensations[step] != nullptr) {
                fault(name + " was compensated");
            }
            if (expected_.ending == Ending::Compensated && has_effect != is_undone) {
                fault(name + (has_effect ? " was not undone" : " was undone without an effect"));
            }
            if (step >= expected_.called_max &&
                (books_.actions[step] != nullptr || books_.compensations[step] != nullptr)) {
                fault(name + " was called after a step in doubt");
            }
        }
    }

    /// Actions one after the other, then compensations one after the other from the last to the
    /// first; a call's last try comes before the next call's first.
    void check_order() {
        std::vector<const LedgerEntry*> expected(books_.actions.begin(), books_.actions.end());
        expected.insert(expected.end(), books_.compensations.rbegin(), books_.compensations.rend());
        std::erase(expected, nullptr);
        for (std::size_t i = 1; i < expected.size(); ++i) {
            if (expected[i - 1]->last_call >= expected[i]->first_call) {
                fault(expected[i]->key + " (calls " + range(*expected[i]) + ") came before " +
                      expected[i - 1]->key + " (calls " + range(*expected[i - 1]) +
                      ") was settled");
            }
        }
    }

    static std::string range(const LedgerEntry& entry) {
        return std::to_string(entry.first_call) + " to " + std::to_string(entry.last_call);
    }

    const std::string saga_;
    const Expected expected_;
    const Books& books_;
    std::vector<Fault>& faults_;
};

}  // namespace

Expected expected_of(Story story) {
    switch (story) {
        case Story::Completed:
            return {};
        case Story::Refused:
            return {.ending = Ending::Compensated, .effects_min = 2, .effects_max = 2};
        case Story::Silent:
        case Story::Broken:
        case Story::Parked:
            // In doubt, the action's effect may come after its compensation, and is then refused.
            return {
                .ending = Ending::Compensated, .effects_min = 1, .effects_max = 2, .called_max = 2};
        case Story::Held:
            return {
                .ending = Ending::Compensated, .effects_min = 0, .effects_max = 1, .called_max = 2};
    }
    return {};
}

std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Story>& sagas) {
    std::map<std::string, Expected> expected;
    for (const auto& [saga, story] : sagas) {
        expected.emplace(saga, expected_of(story));
    }
    return find_faults(ledger, expected);
}

std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Expected>& sagas) {
    std::map<std::string, Books> books;
    for (const LedgerEntry& entry : ledger) {
        Books& of_saga = books[entry.saga];
        const LedgerEntry*& place =
            (entry.phase == Phase::Action ? of_saga.actions : of_saga.compensations)
                .at(entry.participant);
        place = place == nullptr ? &entry : place;
        of_saga.all.push_back(&entry);
    }
    std::vector<Fault> faults;
    for (const auto& [saga, of_saga] : books) {
        if (!sagas.contains(saga)) {
            faults.push_back({saga, "nobody asked for this saga"});
        }
    }
    for (const auto& [saga, expected] : sagas) {
        SagaOracle(saga, expected, books[saga], faults).check();
    }
    return faults;
}

}  // namespace skald::crash
