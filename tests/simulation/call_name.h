#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// Whom something is about.
namespace skald::simulation {

/// Of the simulated world: true time since its beginning, which no jump of a wall clock moves.
using Time = std::chrono::milliseconds;

enum class Phase : std::uint8_t { Action, Undo };

using Item = std::optional<std::uint32_t>;  ///< Which element of a step; none: the step itself.

/// A step, or one element of it.
struct Place {
    std::size_t step;
    Item item = std::nullopt;
    auto operator<=>(const Place&) const = default;
};

/// A call as it is known outside.
struct CallName {
    std::string saga;  ///< Public id.
    std::size_t step;
    Phase phase;
    std::uint32_t attempt;  ///< Skald-Attempt; of an event the last part of its id.
    Item item = std::nullopt;
    Place place() const { return {step, item}; }
    auto operator<=>(const CallName&) const = default;
};

}  // namespace skald::simulation
