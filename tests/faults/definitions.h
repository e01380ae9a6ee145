#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skald::faults {

/// The definitions of the scenes: reserve, charge, ship (crash::kSteps), and by name:
///
/// - `plain`: a charge that is held is tried until it is mended. `doubtful`: two tries, then it
///   turns. `parked`: two tries, then it is stuck. `forked`: as parked, and it ships meanwhile.
///   `short`: as plain, with a deadline.
/// - `paused`: waits for a moment before it ships. `dormant`: for longer than anybody waits.
/// - `called`: the charge may be answered with 202, and is called back then.
/// - `locked`: as parked, and one at a time for each address.
/// - `family`: the charge is a child, a `plain` one that agrees.
/// - `each`: ships each of `$input.items`, one after the other; the item is its story.
std::string definition(const std::string& name, std::size_t version,
                       const std::vector<std::uint16_t>& ports);

}  // namespace skald::faults
