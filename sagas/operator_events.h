#pragma once

#include "sagas/draft.h"
#include "sagas/event.h"

/// What operators ask of a saga (docs/definitions.md, "Stuck"). Internal to the machine.
namespace skald::sagas {

void on(Draft& draft, const Cancel& event);
void on(Draft& draft, const Retry& event);
void on(Draft& draft, const Resolve& event);
void on(Draft& draft, const Abandon& event);
void on(Draft& draft, const Suspend& event);
void on(Draft& draft, const Resume& event);

}  // namespace skald::sagas
