#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "api/parsed.h"

/// The head of an HTTP/1 request (RFC 9112), read strictly: where two readers could understand
/// different things, the request is refused.
///
///     head         = [ CRLF ] request-line CRLF *( field CRLF ) CRLF
///     request-line = method SP target SP ( "HTTP/1.0" / "HTTP/1.1" )
///     field        = name ":" OWS value OWS
///
/// Lines end in CR LF and nothing else; no folded lines, no blank before the colon, no control
/// characters, one Host, at most one Content-Length, no Transfer-Encoding.
namespace skald::api::http {

struct HeadLimits {
    std::size_t target_bytes_max;
    std::size_t header_bytes_max;  ///< Of all field lines with their line ends.
    std::size_t header_count_max;
};

/// Looks for a head's end as its bytes arrive, and refuses what can't become one as soon as that
/// is seen.
class HeadScanner {
 public:
    explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

    /// `bytes`: all that arrived so far (what was handed in before, and more). The head's size, or
    /// 0 while its end has not come.
    Parsed<std::size_t> scan(std::string_view bytes);

 private:
    Parsed<std::size_t> refuse_oversize(std::size_t bytes) const;

    const HeadLimits& limits_;
    std::size_t line_ = 0;         ///< Where the first unfinished line begins.
    std::size_t first_field_ = 0;  ///< Where the line after the request line begins.
    std::size_t lines_ = 0;        ///< Finished ones, without an empty first one.
    std::size_t scanned_ = 0;
};

struct Field {
    std::string_view name;  ///< In lower case.
    std::string_view value;
};

enum class HttpVersion : std::uint8_t { Http10, Http11 };

/// A head that is well-formed. Views into the bytes that it was parsed from.
struct RequestHead {
    std::string_view method;
    HttpVersion version = HttpVersion::Http11;
    std::string_view path;       ///< Raw; begins with "/", or is "*".
    std::string_view query;      ///< Raw, without "?".
    std::string_view authority;  ///< Of a target in absolute form ("http://…"); else empty.
    std::vector<Field> fields;
    std::size_t content_length = 0;
    bool is_persistent = true;  ///< The client keeps the connection.
    bool awaits_continue = false;

    /// The first field of this name.
    std::optional<std::string_view> field(std::string_view lower_case_name) const;
};

/// Parses a whole head, of the size that HeadScanner found. Field names in `bytes` become lower
/// case.
///
/// Refused: InvalidRequest, LengthRequired (any Transfer-Encoding), UnsupportedMediaType (a
/// Content-Encoding), TargetTooLong, HttpVersionNotSupported.
Parsed<RequestHead> parse_head(std::span<char> bytes, const HeadLimits& limits);

}  // namespace skald::api::http
