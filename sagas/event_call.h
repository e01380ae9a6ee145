#pragma once

#include <cstdint>
#include <string>

#include "sagas/definition.h"
#include "sagas/result.h"
#include "sagas/saga.h"

namespace skald::sagas {

/// What `sagastep` says: "reserve"; of an element "reserve/3".
std::string event_step(const Definition& definition, StepIndex step);

/// A CloudEvent.
struct RenderedEvent {
    std::string text;  ///< In the JSON format of CloudEvents 1.0: that of Json::dump.
    // Of it:
    std::string type;
    std::string source;
    std::string id;
    std::string subject;  ///< Empty: it has none.

    Json json() const { return Json::parse(text); }
};

/// The event that the try `attempt` of `phase` of `step` is. Pure: every
/// try of one phase gives the same one but for `id` and `time`. Precondition: its call is an event.
/// Errors: InvalidArgument (an expression error; a subject without a character; a text that is not
/// UTF-8; over kEventBytesMax).
Result<RenderedEvent> render_event(const Definition& definition, const Saga& saga, StepIndex step,
                                   Phase phase, std::uint32_t attempt, Timestamp now);

}  // namespace skald::sagas
