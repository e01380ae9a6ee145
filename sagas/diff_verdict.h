#pragma once

#include <vector>

#include "sagas/definition.h"
#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::sagas {

/// DefinitionDiff::obstacles. Each definition was loaded from the filled document beside it.
std::vector<Problem> find_obstacles(const Definition& older, const Json& older_filled,
                                    const Definition& newer, const Json& newer_filled);

}  // namespace skald::sagas
