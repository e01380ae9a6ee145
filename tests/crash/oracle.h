#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/story.h"

namespace skald::crash {

struct Fault {
    std::string saga;
    std::string text;
};

/// Holds the ledgers against what was asked for: `sagas` has the id of each acknowledged start.
///
/// - Nobody else's saga is in the ledgers.
/// - Each participant saw one key per saga and phase, and what took effect took it once.
/// - Completed: three effects, in order, and no compensation. Otherwise each participant's book is
///   at zero, and compensations came in the reverse order of the actions.
/// - A call that was settled is not made again once the next one was begun.
std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Story>& sagas);

}  // namespace skald::crash
