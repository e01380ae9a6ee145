#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/story.h"

namespace skald::crash {

/// How a saga ended, by its status.
enum class Ending : std::uint8_t { Completed, Compensated, Abandoned };

/// Whether tries may still come in after they were given up, as from a participant that was asleep.
enum class Stragglers : std::uint8_t { None, MayCome };

/// What the ledgers must hold of a saga. Its actions take effect from the first step on.
struct Expected {
    Ending ending = Ending::Completed;
    std::size_t effects_min = kSteps.size();
    std::size_t effects_max = kSteps.size();
    std::size_t called_max = kSteps.size();  ///< So many steps may be called at all.
    Stragglers stragglers = Stragglers::None;
};
Expected expected_of(Story story);

struct Fault {
    std::string saga;
    std::string text;
};

/// Holds the ledgers against what was asked for: `sagas` has the id of each acknowledged start.
///
/// - Nobody else's saga is in the ledgers.
/// - Each participant saw one key per saga and phase, and what took effect took it once.
/// - Completed: three effects, in order, and no compensation. Compensated: each participant's book
///   is at zero, and compensations came in the reverse order of the actions. Abandoned: what took
///   effect stands, also what did so only after the end.
/// - A call that was settled is not made again once the next one was begun.
std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Expected>& sagas);
/// The same for sagas that nobody meddled with.
std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Story>& sagas);

}  // namespace skald::crash
