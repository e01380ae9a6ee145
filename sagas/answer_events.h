#pragma once

#include "sagas/draft.h"
#include "sagas/event.h"

/// What participants and children say. Internal to the machine.
namespace skald::sagas {

void on(Draft& draft, const Answered& event);
void on(Draft& draft, const CalledBack& event);

}  // namespace skald::sagas
