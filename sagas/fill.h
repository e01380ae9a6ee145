#pragma once

#include "sagas/parsed_definition.h"
#include "sagas/step_graph.h"

namespace skald::sagas {

/// The document with every default written out: `after`, timeouts, retry policies, headers merged
/// from `defaults` (which is gone), flags. Filling it again changes nothing.
/// Precondition: no check found an error.
Json fill_definition(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph);

}  // namespace skald::sagas
