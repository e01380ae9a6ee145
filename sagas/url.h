#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sagas/definition.h"
#include "sagas/path.h"

namespace skald::sagas {

/// A URL of a definition, taken apart.
struct Url {
    HttpCall::Scheme scheme;
    std::string host;    ///< Lower case; IPv6 without brackets.
    std::uint16_t port;  ///< Filled in from the scheme.
    std::string target;  ///< Path and query as written, with their expressions; "/" at least.
};

struct UrlFault {
    std::string code;  ///< "bad-url" or "host-not-literal".
    std::string detail;
    std::string hint;
};

/// Takes `text` apart (RFC 3986, 3; without user information and fragment). What stands in the
/// target is checked by `check_target`.
tl::expected<Url, UrlFault> parse_url(std::string_view text);

/// The same of a URL that has no expressions, with its target checked; at most kUrlBytesMax bytes.
tl::expected<Url, UrlFault> parse_literal_url(std::string_view text);

/// Whether the literal parts of a target may stand in a request line, and none makes a "." or ".."
/// segment. Errors: what is wrong.
tl::expected<void, UrlFault> check_target(const std::vector<TextPart>& parts);

/// Whether a path of `target` (a request's, up to "?") is or contains a "." or ".." segment, which
/// a participant's router would take for another path; "%2e" counts as a dot.
bool has_dot_segment(std::string_view target);

/// "localhost", its subdomains, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

}  // namespace skald::sagas
