#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/rehearsal/family.h"
#include "sagas/answer.h"

/// Values that nobody gave: made from what definitions say of them, and from nothing else, so that
/// they are always the same.
namespace skald::rehearsal {

/// What a participant answers to an action.
struct SampleReply {
    Json body;
    std::vector<sagas::Header> headers;
};

struct Samples {
    /// With every property that the topmost definition's input_schema describes, and every member
    /// that is read and that it can't do without; of arrays that a `for_each` goes over, so many
    /// elements as show most, or `elements_max`.
    Json input;
    /// By definition and step: with what its own output and later steps read and can't do without,
    /// in this saga or another one. What only `outcome` rules read is left out, so that the reply
    /// counts as a plain success.
    std::vector<std::vector<SampleReply>> replies;
};

/// Elements that show most of a `for_each`: two; three where two run side by side, so that one has
/// to wait for its turn.
inline constexpr std::size_t kSampleElementsMax = 3;

Samples make_samples(const Family& family, std::size_t elements_max);

}  // namespace skald::rehearsal
