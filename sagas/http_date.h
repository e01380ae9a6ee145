#pragma once

#include <optional>
#include <string_view>

#include "sagas/time.h"

namespace skald::sagas {

/// An HTTP-date in any of the three forms of RFC 9110, 5.6.7:
///
///   Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
///   Sunday, 06-Nov-94 08:49:37 GMT    RFC 850: a year over 50 years after `now` is in the past
///   Sun Nov  6 08:49:37 1994          asctime
///
/// The day's name must be one but is not compared with the date. None: malformed.
std::optional<Timestamp> parse_http_date(std::string_view text, Timestamp now);

}  // namespace skald::sagas
