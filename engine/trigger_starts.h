#pragma once

#include <string>

#include "engine/commands.h"
#include "sagas/result.h"
#include "store/store.h"

namespace skald::engine {

/// An event that starts a saga.
struct TriggerOrder {
    std::string definition;
    std::string topic;
    std::string event;  ///< The CloudEvent in its JSON format.
};

/// Makes the start of a saga of an event.
///
/// Threads: the loader's.
class TriggerStarts {
 public:
    virtual ~TriggerStarts() = default;
    /// Of the definition's latest version; its request key is made of the definition, and the
    /// event's source and id, and no client can send it. `done` is left to the caller.
    ///
    /// Errors: Unavailable: nothing is wrong, ask again later. NotFound, InvalidArgument: why it
    /// can't be started, for people. Corruption.
    virtual sagas::Result<Start> make_start(const TriggerOrder& order) const = 0;
};

/// Where no definition has triggers.
class NoTriggers final : public TriggerStarts {
 public:
    sagas::Result<Start> make_start(const TriggerOrder& order) const override {
        return sagas::fail(sagas::ErrorCode::NotFound,
                           "definition " + order.definition + " has no triggers here");
    }
};

}  // namespace skald::engine
