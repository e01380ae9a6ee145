#pragma once

#include "sagas/json.h"

namespace skald::rehearsal {

/// Text that nobody gave.
inline constexpr const char* kSampleText = "sample";

/// The smallest value that `schema` (an input_schema that was checked) describes, with all its
/// properties. Not always one that it takes.
sagas::Json sample_of_schema(const sagas::Json& schema);

}  // namespace skald::rehearsal
