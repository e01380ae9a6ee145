#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sagas/answer.h"
#include "sagas/definition.h"
#include "sagas/json.h"

/// Values that nobody gave: made from what a definition says of them, and from nothing else, so
/// that they are always the same.
namespace skald::rehearsal {

using sagas::Json;

/// An input with every property that `schema` (an input_schema that was checked; null: there is
/// none) describes, and every member that the definition reads and can't do without.
Json sample_input(const sagas::Definition& definition, const Json& schema);

/// What a participant answers to an action.
struct SampleReply {
    Json body;
    std::vector<sagas::Header> headers;
};
/// One for each step: with what its own output and later steps read and can't do without. What
/// only `outcome` rules read is left out, so that the reply counts as a plain success.
std::vector<SampleReply> sample_replies(const sagas::Definition& definition);

}  // namespace skald::rehearsal
