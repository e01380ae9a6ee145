#pragma once

#include "sagas/draft.h"
#include "sagas/event.h"

/// What participants and children say. Internal to the machine.
namespace skald::sagas {

void on(Draft& draft, const Answered& event);

/// By the URL, or by an event that was waited for (callback_events.cpp).
void on(Draft& draft, const CalledBack& event);

/// Whether the participant that `phase` calls may call back by the URL.
bool may_call_back(const Step& step, Phase phase);

}  // namespace skald::sagas
