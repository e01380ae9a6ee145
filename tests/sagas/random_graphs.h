#pragma once

#include <random>

#include "sagas/json.h"

namespace skald::sagas {

/// A definition without fault, of 1 to 9 steps in any order, whose names and texts are what is
/// special to those who read graphs: words and characters of their languages.
Json definition_that_is_hard_to_draw(std::mt19937& random);

}  // namespace skald::sagas
