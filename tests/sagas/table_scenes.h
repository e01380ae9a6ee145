#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sagas/machine.h"

/// What the golden table of the machine tells events to.
namespace skald::sagas {

/// A saga with one step, or element, in a given state, and all others as they then must be.
struct Scene {
    std::string title;  ///< "calling 1"
    std::shared_ptr<const Definition> definition;
    Saga saga;
    StepIndex watched;
};
struct Section {
    std::string title;
    std::vector<Scene> scenes;
};
std::vector<Section> table_sections();

/// Each event that there is, aimed at `step`, with what it can hold that matters.
using NamedEvent = std::pair<std::string, Event>;
std::vector<NamedEvent> table_events(StepIndex step);

}  // namespace skald::sagas
