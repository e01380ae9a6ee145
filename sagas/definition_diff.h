#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::sagas {

/// One version of a definition.
struct DefinitionVersion {
    Json source;  ///< As it was sent.
    Json filled;  ///< Checked::filled
};

/// A member that is not the same in both versions. A step that only one of them has is one change.
struct DefinitionChange {
    std::string step;            ///< Its name; empty: a member of the definition itself.
    std::string field;           ///< JSON Pointer inside the step or definition; "": all of it.
    std::string pointer;         ///< JSON Pointer into the newer filled document; of what is not
                                 ///< there any more into the older one.
    std::optional<Json> before;  ///< None: it was not there.
    std::optional<Json> after;   ///< None: it is not there any more.
};

struct DefinitionDiff {
    /// The definition's own first, then step by step as in the newer version, then what it lacks.
    std::vector<DefinitionChange> changes;
    std::size_t more_changes = 0;    ///< Over kChangesMax: counted, and not told.
    bool only_text_differs = false;  ///< The documents differ, and what they mean does not.
    /// Why live sagas of the older version could not go on under the newer one, if they were moved
    /// (which they never are): what a saga may have done, decided or be doing by the older version
    /// that the newer one would not undo, would do otherwise or could not read. Empty: they could.
    /// Pointers as in `changes`.
    std::vector<Problem> obstacles;
};

inline constexpr std::size_t kChangesMax = 1'000;

/// What changed from `older` to `newer`. Steps are matched by their names: one that was renamed is
/// one removed and one added; triggers likewise by topic and type. What was filled in is compared,
/// so that a default that was written out is no change; neither is another order of the list where
/// `after` is the same. Pure. Errors: Corruption, when `filled` isn't one of ours.
Result<DefinitionDiff> diff_definitions(const DefinitionVersion& older,
                                        const DefinitionVersion& newer);

}  // namespace skald::sagas
