#include "tests/crash/oracle.h"

#include <algorithm>
#include <utility>

namespace skald::crash {
namespace {

/// Of a step, or of an element of one.
using Key = std::pair<std::size_t, std::optional<std::size_t>>;
using Calls = std::map<Key, const LedgerEntry*>;

/// What the ledgers hold of one saga.
struct Books {
    Calls actions;
    Calls compensations;
    std::vector<const LedgerEntry*> all;
};

Key key(const LedgerEntry& entry) { return {entry.participant, entry.item}; }
Key key(const Place& place) { return {place.step, place.item}; }

/// Null: there is none.
const LedgerEntry* find(const Calls& calls, const Place& place) {
    const auto found = calls.find(key(place));
    return found == calls.end() ? nullptr : found->second;
}

bool took_effect(const LedgerEntry* entry) { return entry != nullptr && entry->took_effect; }

std::string name_of(const Place& place) {
    const std::string step(kSteps[place.step]);
    return place.item ? step + '/' + std::to_string(*place.item) : step;
}

std::string child_of(const std::string& saga, const Place& place) {
    const std::string id = saga + '.' + std::string(kSteps[place.step]);
    return place.item ? id + '.' + std::to_string(*place.item) : id;
}

std::string range(std::uint64_t first, std::uint64_t last) {
    return "(calls " + std::to_string(first) + " to " + std::to_string(last) + ')';
}

class Oracle {
 public:
    Oracle(const std::vector<LedgerEntry>& ledger, const std::map<std::string, Expected>& sagas)
        : sagas_(sagas) {
        for (const LedgerEntry& entry : ledger) {
            Books& of_saga = books_[entry.saga];
            Calls& calls = entry.phase == Phase::Action ? of_saga.actions : of_saga.compensations;
            calls.try_emplace(key(entry), &entry);
            of_saga.all.push_back(&entry);
        }
    }

    std::vector<Fault> judge() {
        for (const auto& [saga, of_saga] : books_) {
            if (!sagas_.contains(saga)) fault(saga, "nobody asked for this saga");
        }
        for (const auto& [saga, expected] : sagas_) {
            check_keys(saga);
            check_effects(saga, expected);
            if (expected.stragglers == Stragglers::None) check_order(saga);
        }
        return std::move(faults_);
    }

 private:
    void fault(const std::string& saga, const std::string& text) {
        faults_.push_back({saga, text});
    }

    void check_keys(const std::string& saga) {
        const Books& books = books_[saga];
        for (const LedgerEntry* entry : books.all) {
            const Calls& calls =
                entry->phase == Phase::Action ? books.actions : books.compensations;
            if (const LedgerEntry* first = calls.at(key(*entry)); first != entry) {
                fault(saga, "two keys for one call: " + entry->key + " and " + first->key);
            }
        }
    }

    void check_effects(const std::string& saga, const Expected& expected) {
        Books& books = books_[saga];
        std::size_t known = 0;
        for (std::size_t i = 0; i < expected.places.size(); ++i) {
            const Place& place = expected.places[i];
            if (place.does == Place::Does::Child) {
                if (!sagas_.contains(child_of(saga, place))) {
                    fault(saga, "nobody said what becomes of its child " + child_of(saga, place));
                }
                continue;
            }
            known += books.actions.count(key(place)) + books.compensations.count(key(place));
            check_effect(saga, expected, i);
        }
        if (known != books.actions.size() + books.compensations.size()) {
            fault(saga, "it made calls that are none of its definition");
        }
    }

    void check_effect(const std::string& saga, const Expected& expected, std::size_t i) {
        const Place& place = expected.places[i];
        const LedgerEntry* action = find(books_[saga].actions, place);
        const LedgerEntry* compensation = find(books_[saga].compensations, place);
        const std::string name = name_of(place);
        const bool has_effect = took_effect(action);
        const bool is_undone = took_effect(compensation);
        if (has_effect ? i >= expected.effects_max : i < expected.effects_min) {
            fault(saga, name + (has_effect ? " took effect" : " never took effect"));
        }
        if (expected.ending != Ending::Compensated && compensation != nullptr) {
            fault(saga, name + " was compensated");
        }
        if (expected.ending == Ending::Compensated && has_effect != is_undone) {
            fault(saga, name + (has_effect ? " was not undone" : " was undone without an effect"));
        }
        if (i >= expected.called_max && (action != nullptr || compensation != nullptr)) {
            fault(saga, name + " was called after a step in doubt");
        }
    }

    struct Ordered {
        const LedgerEntry* entry;
        bool is_called_back;
    };

    /// Actions one after the other, then compensations one after the other from the last to the
    /// first; a call's last try comes before the next call's first.
    void check_order(const std::string& saga) {
        std::vector<Ordered> expected;
        append_actions(saga, expected);
        append_compensations(saga, expected);
        for (std::size_t i = 1; i < expected.size(); ++i) {
            const LedgerEntry& before = *expected[i - 1].entry;
            const LedgerEntry& entry = *expected[i].entry;
            const std::uint64_t settled =
                expected[i - 1].is_called_back ? before.first_call : before.last_call;
            if (settled >= entry.first_call) {
                fault(saga, entry.key + ' ' + range(entry.first_call, entry.last_call) +
                                " came before " + before.key + ' ' +
                                range(before.first_call, before.last_call) + " was settled");
            }
        }
    }

    void append_actions(const std::string& saga, std::vector<Ordered>& to) {
        const auto expected = sagas_.find(saga);
        if (expected == sagas_.end()) return;
        for (const Place& place : expected->second.places) {
            if (place.does == Place::Does::Child) {
                append_actions(child_of(saga, place), to);
            } else if (const LedgerEntry* entry = find(books_[saga].actions, place)) {
                to.push_back({entry, place.does == Place::Does::CallBack});
            }
        }
    }

    void append_compensations(const std::string& saga, std::vector<Ordered>& to) {
        const auto expected = sagas_.find(saga);
        if (expected == sagas_.end()) return;
        const std::vector<Place>& places = expected->second.places;
        for (auto place = places.rbegin(); place != places.rend(); ++place) {
            if (place->does == Place::Does::Child) {
                append_compensations(child_of(saga, *place), to);
            } else if (const LedgerEntry* entry = find(books_[saga].compensations, *place)) {
                to.push_back({entry, false});
            }
        }
    }

    const std::map<std::string, Expected>& sagas_;
    std::map<std::string, Books> books_;
    std::vector<Fault> faults_;
};

/// Of stories whose second step is called back.
const std::vector<Place> kCalledBack = {{0}, {1, std::nullopt, Place::Does::CallBack}, {2}};

}  // namespace

Expected expected_of(Story story) {
    switch (story) {
        case Story::Completed:
            return {};
        case Story::Later:
        case Story::Early:
            return {.places = kCalledBack};
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
        case Story::Declined:
            return {.ending = Ending::Compensated,
                    .effects_min = 1,
                    .effects_max = 1,
                    .called_max = 2,
                    .places = kCalledBack};
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
    return Oracle(ledger, sagas).judge();
}

std::vector<Fault> find_overlaps(const std::vector<LedgerEntry>& ledger,
                                 const std::vector<std::string>& queue) {
    struct Calling {
        std::uint64_t first = 0;  ///< 0: never.
        std::uint64_t last = 0;
    };
    std::map<std::string, Calling> callings;
    for (const LedgerEntry& entry : ledger) {
        Calling& calling = callings[entry.saga];
        const bool is_earlier = calling.first == 0 || entry.first_call < calling.first;
        calling.first = is_earlier ? entry.first_call : calling.first;
        calling.last = std::max(calling.last, entry.last_call);
    }
    std::vector<Fault> faults;
    std::string before;
    for (const std::string& saga : queue) {
        const Calling calling = callings[saga];
        if (calling.first == 0) continue;
        const Calling others = callings[before];
        if (calling.first <= others.last) {
            faults.push_back({saga, "it was called " + range(calling.first, calling.last) +
                                        " before " + before + ' ' +
                                        range(others.first, others.last) + " was over"});
        }
        before = saga;
    }
    return faults;
}

}  // namespace skald::crash
