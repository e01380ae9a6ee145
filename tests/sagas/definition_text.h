#pragma once

#include "sagas/definition.h"
#include "sagas/json.h"

namespace skald::sagas {

/// Everything that a definition holds, so that two of them can be compared and read.
Json to_json(const Definition& definition);

}  // namespace skald::sagas
