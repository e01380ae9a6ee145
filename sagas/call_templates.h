#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sagas/definition.h"

namespace skald::sagas {

/// The part of an action or compensation that a template makes.
enum class CallPart : std::uint8_t {
    Url,      ///< Path and query of the URL, without scheme and host.
    Query,    ///< One parameter.
    Headers,  ///< One header; those of `defaults` among them.
    Body,
    Until,    ///< Of a wait.
    Input,    ///< Of a child.
    Subject,  ///< Of an event.
    Data,     ///< Of an event.
    Match,    ///< What an event that is awaited is found by.
};

struct CallTemplate {
    CallPart part;
    std::string pointer;  ///< Below `action` or `compensation`: "/http/query/page".
    Template text;
};

/// Every template of what a step does, or of what undoes it, in the order above.
std::vector<CallTemplate> templates_of(const Action& action);
std::vector<CallTemplate> templates_of(const Compensation& compensation);

/// Whether a saga that turns back may have something to do for `step`: a compensation, or, of a
/// child without one, to turn that.
bool can_be_undone(const Step& step);

}  // namespace skald::sagas
