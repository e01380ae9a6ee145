#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/services.h"
#include "sagas/definition.h"
#include "sagas/saga.h"

/// What is shown of a saga and its own journal does not tell: its parent, its children, and who is
/// before it in the queue for its lock.
namespace skald::api {

/// A child that a step, or an element, has called.
struct ChildCalled {
    std::string id;
    std::string definition;
};
/// None: that phase of `place` has called no child yet.
std::optional<ChildCalled> child_of(const sagas::Definition& definition, const sagas::Saga& saga,
                                    sagas::StepIndex place, sagas::Phase phase);

struct SagaSurroundings {
    std::map<std::string, sagas::Status> children;  ///< By id; see kChildrenLookedAtMax.
    /// The parent's step, and element, that it runs for; none: it has no parent, or a deleted one.
    std::optional<std::string> parent_step;
    std::optional<store::LockPlace> lock;  ///< While it waits for its lock.
    /// The id of the saga that replays it; empty: there is none, or it was not asked for.
    std::string replayed_as;
};

/// Of the children of elements, those that are not settled are looked at first.
inline constexpr std::size_t kChildrenLookedAtMax = 200;

/// Reads it. What can't be read is left out: it stands beside what was asked for.
SagaSurroundings look_around(const Services& services, const engine::Version& version,
                             const sagas::Saga& saga);

}  // namespace skald::api
