#pragma once

#include <cstdint>
#include <random>

#include "tests/sagas/played.h"

/// Random definitions, and random events for their sagas. The same seed gives the same ones.
namespace skald::sagas {

using Random = std::mt19937;

std::uint32_t below(Random& random, std::uint32_t bound);
bool one_in(Random& random, std::uint32_t n);

/// A layered graph of 1 to 7 steps of every kind; sometimes with a pivot in the middle which all
/// others are before or after, sometimes with a lock. For random_input.
Json random_definition(Random& random);
/// 0 to 5 items.
Json random_input(Random& random);
/// With a lock where the definition has one; sometimes with a parent.
Begin random_begin(Random& random, const Definition& definition);

/// The event that performing one of the owed effects brings; the time comes for it. A callback, or
/// an event of the log, that is awaited may come instead of the end of its time.
Event performed(Random& random, Played& saga, const Effect& effect);
Event random_operator_event(Random& random, const Played& saga);
/// One that an owed effect brings, or any other.
Event random_event(Random& random, Played& saga);

}  // namespace skald::sagas
