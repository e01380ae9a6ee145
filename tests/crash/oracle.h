#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/story.h"

namespace skald::crash {

/// How a saga ended, by its status.
enum class Ending : std::uint8_t { Completed, Compensated, Abandoned };

/// Whether tries may still come in after they were given up, as from a participant that was asleep.
enum class Stragglers : std::uint8_t { None, MayCome };

/// A place in the order of a saga: a step, or an element of one.
struct Place {
    enum class Does : std::uint8_t {
        Call,      ///< Its participant is called.
        CallBack,  ///< So too, and calls back: that settles it while a try may be on its way.
        Child,     ///< Another saga is: SAGA.STEP. Nobody is called for it.
    };
    std::size_t step = 0;
    std::optional<std::size_t> item = std::nullopt;
    Does does = Does::Call;
};

/// What the ledgers must hold of a saga. Its actions take effect from the first place on.
struct Expected {
    Ending ending = Ending::Completed;
    /// Numbers of places.
    std::size_t effects_min = kSteps.size();
    std::size_t effects_max = kSteps.size();
    std::size_t called_max = kSteps.size();  ///< So many may be called at all.
    Stragglers stragglers = Stragglers::None;
    std::vector<Place> places = {{0}, {1}, {2}};  ///< One after the other.
};
Expected expected_of(Story story);

struct Fault {
    std::string saga;
    std::string text;
};

/// Holds the ledgers against what was asked for: `sagas` has the id of each acknowledged start, and
/// of each child of one.
///
/// - Nobody else's saga is in the ledgers.
/// - Each participant saw one key per saga, place and phase, and what took effect took it once.
/// - Completed: all effects, in order, and no compensation. Compensated: each participant's book is
///   at zero, and compensations came in the reverse order of the actions. Abandoned: what took
///   effect stands, also what did so only after the end.
/// - A call that was settled is not made again once the next one was begun. The calls of a child
///   come where its parent has it.
std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Expected>& sagas);
/// The same for sagas that nobody meddled with.
std::vector<Fault> find_faults(const std::vector<LedgerEntry>& ledger,
                               const std::map<std::string, Story>& sagas);

/// Sagas that queue for one lock, in that order: each was over when the next one's first call came.
std::vector<Fault> find_overlaps(const std::vector<LedgerEntry>& ledger,
                                 const std::vector<std::string>& queue);

}  // namespace skald::crash
