#pragma once

#include "api/document.h"
#include "api/saga_surroundings.h"
#include "sagas/saga.h"

namespace skald::api {

/// What `saga` waits for, for the person on call, as an array of texts: its lock, timers, callbacks
/// and children, but not the tries of calls. Of many, kWaitingForMax and a text that counts the
/// rest. Empty: nothing.
Document waiting_for(const sagas::Definition& definition, const sagas::Saga& saga,
                     const SagaSurroundings& around);

inline constexpr std::size_t kWaitingForMax = 20;

}  // namespace skald::api
