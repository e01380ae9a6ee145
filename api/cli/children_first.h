#pragma once

#include <cstddef>
#include <vector>

#include "sagas/json.h"

namespace skald::cli {

/// Positions in `documents`, definitions as they were written, so that each stands behind the
/// children that it calls, where these are among them; else in the order that they are in. What is
/// no definition calls nothing.
std::vector<std::size_t> children_first(const std::vector<sagas::Json>& documents);

}  // namespace skald::cli
