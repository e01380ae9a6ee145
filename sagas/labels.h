#pragma once

#include <map>
#include <string>

#include "sagas/definition.h"
#include "sagas/json.h"
#include "sagas/result.h"

namespace skald::sagas {

/// Bytes of one label's value.
inline constexpr std::size_t kLabelBytesMax = 256;

/// The labels of a saga that starts with `input`. One that is a single expression and null is left
/// out. Errors: InvalidArgument (an expression error; a value over kLabelBytesMax).
Result<std::map<std::string, std::string>> render_labels(const Definition& definition,
                                                         const Json& input);

}  // namespace skald::sagas
