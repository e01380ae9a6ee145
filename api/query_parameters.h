#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/parsed.h"
#include "api/route.h"
#include "sagas/time.h"
#include "store/keys.h"

/// Reads query parameters. Problems: InvalidRequest, which names the parameter, what is wrong with
/// it and what is allowed. A parameter that takes one value is refused when it is sent twice.
namespace skald::api {

inline constexpr sagas::Milliseconds kWaitMax{60'000};
inline constexpr std::uint32_t kVersionMax = 1u << 30;  ///< Of definitions.
inline constexpr std::uint32_t kPageDefault = 50;
inline constexpr std::uint32_t kPageMax = 200;

Parsed<std::optional<std::string>> read_text(const Request& request, std::string_view name);
/// An integer from 1 to `most`.
Parsed<std::optional<std::uint32_t>> read_integer(const Request& request, std::string_view name,
                                                  std::uint32_t most);
/// All values of a parameter that may be repeated, or hold several with commas between.
std::vector<std::string> read_list(const Request& request, std::string_view name);

/// The offset of an event, or 0, in what is called `name`.
Parsed<store::Offset> to_offset(std::string_view name, std::string_view text);

/// `wait`: a duration of at most kWaitMax.
Parsed<std::optional<sagas::Milliseconds>> read_wait(const Request& request);
/// `cursor`: the position that make_cursor was given for `list`.
Parsed<std::optional<std::string>> read_cursor_of(const Request& request, std::string_view list);

/// Digits only, at least `least`; none: it is no such number.
std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t least,
                                       std::uint64_t most);

}  // namespace skald::api
