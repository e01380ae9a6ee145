#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/time.h"

/// CloudEvents 1.0 as they come from outside.
namespace skald::api {

/// `event`, in the JSON format (CloudEvents, "JSON Event Format"), as it is stored: its `time` is
/// there, and no attribute is null.
///
/// None: `problems` got one or more, with JSON Pointers that begin with `pointer`. Codes:
/// "wrong-type", "missing-field", "wrong-value", "bad-name".
std::optional<sagas::Json> read_cloud_event(sagas::Json event, const std::string& pointer,
                                            sagas::Timestamp now, sagas::Problems& problems);

/// 1 to 20 lower case letters and digits.
bool is_attribute_name(std::string_view name);

}  // namespace skald::api
