#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/coordinator.h"
#include "sagas/saga.h"

namespace skald::engine {

/// Definitions of parents and children, each behind those it calls.
extern const std::vector<const char*> kFamilies;
/// The first version of each.
extern const sagas::Pins kFamilyPins;

/// A saga with children, from its start to its end.
struct FamilyStory {
    const char* definition;
    std::map<std::string, int> refusals;  ///< What participants answer instead of 200, by target.
    std::string status;                   ///< Of the topmost saga, "o", in the end.
};

struct FamilyFault {
    int commit;  ///< At which it happens, from 1.
    enum class Kind : std::uint8_t { CrashBefore, CrashAfter, Cancel } kind;
    static constexpr Kind CrashBefore = Kind::CrashBefore, CrashAfter = Kind::CrashAfter,
                          Cancel = Kind::Cancel;
};

/// How it is played.
struct FamilyStage {
    CoordinatorOptions options;
    /// What happens first, where a commit could end and a call could be answered.
    enum class First : std::uint8_t { Commits, Calls } first = First::Commits;
};

struct FamilyEnd {
    std::string status;
    int commits = 0;
    std::string fault;  ///< What is wrong with it; empty: nothing.
};

/// Plays `story` on a store in memory. Clients and operators ask again until they are answered.
///
/// Wrong is: a saga that is not over, or still in memory; one that ended otherwise than its parent;
/// a call with more than one key; an effect of a compensated family that was not undone, and an
/// undone one of a completed family.
FamilyEnd play(const FamilyStory& story, const std::vector<FamilyFault>& faults,
               const FamilyStage& stage);

}  // namespace skald::engine
