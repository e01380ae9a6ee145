#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/document.h"
#include "sagas/sensitive.h"

/// What a definition calls sensitive is shown as "***".
namespace skald::api {

/// `shown`, with "***" in place of whatever one of `paths` leads to, null included. What is not
/// there stays away.
Document masked(Document shown, const std::vector<sagas::SensitivePath>& paths);
/// Null for the null pointer.
Document masked(const sagas::Value& value, const std::vector<sagas::SensitivePath>& paths);

/// The JSON Pointer of the first "***" in `value` at the end of one of `paths`: it was copied from
/// where it is shown. None: there is none.
std::optional<std::string> find_mask(const sagas::Json& value,
                                     const std::vector<sagas::SensitivePath>& paths);

}  // namespace skald::api
