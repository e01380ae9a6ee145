#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald::crash {

/// What the participants make of a saga; it tells them in its input.
enum class Story : std::uint8_t {
    Completed,  ///< All agree.
    Refused,    ///< The last step is refused.
    Silent,     ///< The second step takes effect and is never answered.
    Broken,     ///< The second step takes effect and is always answered with 500.
    Parked,     ///< The same until it is mended (Participants::mend); then it is answered.
    Held,       ///< The second step is answered with 429, and does nothing, until it is mended.
    Later,      ///< The second step takes effect and is answered with 202: somebody calls back.
    Early,      ///< The same, but the 202 comes only with the next call to that participant.
    Declined,   ///< As Later, and it does nothing.
};

constexpr std::array<std::string_view, 3> kSteps = {"reserve", "charge", "ship"};

/// Whether the second step is called back.
bool is_put_off(Story story);

std::string_view name(Story story);
/// Completed, where there is no such name.
Story story_named(std::string_view name);

/// How many calls a saga of that story makes at the least, where nobody mends anything.
std::uint64_t calls_min(Story story);
/// The status that it ends with, where nobody mends anything and doubt is compensated.
std::string_view end_status(Story story);

/// The definition `crash` for sagas of that story: three steps without a pivot, whose actions and
/// compensations go to those ports. Silent and Broken are the same, and all that are put off.
std::string definition_json(Story story, const std::vector<std::uint16_t>& ports);

}  // namespace skald::crash
