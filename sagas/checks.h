#pragma once

#include <optional>

#include "sagas/parsed_definition.h"
#include "sagas/problems.h"
#include "sagas/step_graph.h"

namespace skald::sagas {

/// The checks at registration that look at more than one field.

/// The steps' order: cycles, the pivot and what stands beside it, steps that must not be optional,
/// compensations that are missing.
void check_graph(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems);

/// Every path of every expression: whether its root exists where it stands, whether the step that
/// it names has certainly settled, and whether a value that may be null is looked into.
void check_expressions(const ParsedDefinition& parsed, const StepGraph& graph, Problems& problems);

/// What is legal, and probably not meant. `parsed` was read from `document`.
void find_warnings(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph,
                   Problems& warnings);

/// The part of it that is about single calls: what they send, and what undoes what.
void find_call_warnings(const Json& document, const ParsedDefinition& parsed,
                        const StepGraph& graph, Problems& warnings);

/// The part of it that is about conditions: `when`, and the rules of `outcome`.
void find_condition_warnings(const ParsedDefinition& parsed, Problems& warnings);

/// The part of it that is about steps with `for_each`.
void find_for_each_warnings(const Json& document, const ParsedDefinition& parsed,
                            Problems& warnings);

/// The part of it that is about triggers.
void find_trigger_warnings(const Json& document, const ParsedDefinition& parsed,
                           Problems& warnings);

StepGraph make_graph(const ParsedDefinition& parsed);

/// The first step that says so.
std::optional<std::size_t> find_pivot(const ParsedDefinition& parsed);

/// None: beside the pivot, which is an error of its own.
std::optional<Position> position(const StepGraph& graph, std::optional<std::size_t> pivot,
                                 std::size_t step);

}  // namespace skald::sagas
