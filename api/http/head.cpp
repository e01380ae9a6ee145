#include "api/http/head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "api/http/text.h"
#include "sagas/ascii.h"

namespace skald::api::http {
namespace {

/// What a request line may hold beside its target.
constexpr std::size_t kMethodAndVersionBytesMax = 64;

/// VCHAR but "#": a fragment is never sent.
bool is_target(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    });
}

Problem malformed(std::string detail) {
    return make_problem(ProblemType::InvalidRequest, std::move(detail));
}

/// The next line without its end, taken off `rest`, which has one.
std::span<char> take_line(std::span<char>& rest) {
    const std::string_view text(rest.data(), rest.size());
    const std::size_t end = text.find("\r\n");
    const std::span<char> line = rest.first(end);
    rest = rest.subspan(end + 2);
    return line;
}

/// Splits the target into the head's path, query and authority; false: it is none.
bool read_target(std::string_view target, RequestHead& head) {
    if (!is_target(target)) return false;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!sagas::are_equal_texts(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        head.authority = target.substr(0, end);
        target.remove_prefix(end);
        if (head.authority.empty()) return false;
        if (target.empty()) target = "/";
        break;
    }
    const std::size_t mark = target.find('?');
    head.path = target.substr(0, mark);
    if (mark != std::string_view::npos) head.query = target.substr(mark + 1);
    if (head.path.empty() && !head.authority.empty()) head.path = "/";
    const bool is_asterisk = target == "*" && head.method == "OPTIONS";
    return is_asterisk || (!head.path.empty() && head.path.front() == '/');
}

std::optional<Problem> read_request_line(std::string_view line, const HeadLimits& limits,
                                         RequestHead& head) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return malformed("request line: must be METHOD TARGET HTTP/1.1");
    }
    head.method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!sagas::is_http_token(head.method)) return malformed("request line: the method is not one");
    if (version == "HTTP/1.1") {
        head.version = HttpVersion::Http11;
    } else if (version == "HTTP/1.0") {
        head.version = HttpVersion::Http10;
    } else if (version.size() == 8 && version.starts_with("HTTP/") && sagas::is_digit(version[5]) &&
               version[6] == '.' && sagas::is_digit(version[7])) {
        return make_problem(ProblemType::HttpVersionNotSupported,
                            "HTTP/1.1 and HTTP/1.0 are spoken here");
    } else {
        return malformed("request line: must end in HTTP/1.1 or HTTP/1.0");
    }
    if (target.size() > limits.target_bytes_max) {
        return make_problem(
            ProblemType::TargetTooLong,
            "the target is longer than " + std::to_string(limits.target_bytes_max) + " bytes");
    }
    if (!read_target(target, head)) {
        return malformed(
            "request line: the target must be a path, with everything but printable ASCII "
            "as %-escapes");
    }
    return std::nullopt;
}

std::optional<Problem> read_field(std::span<char> line, RequestHead& head) {
    if (line.front() == ' ' || line.front() == '\t') {
        return malformed("headers: a line begins with a blank (folding is obsolete)");
    }
    const auto colon = std::find(line.begin(), line.end(), ':');
    const auto name_size = static_cast<std::size_t>(colon - line.begin());
    const std::string_view name(line.data(), name_size);
    if (colon == line.end() || !sagas::is_http_token(name)) {
        return malformed("headers: a line is not NAME: VALUE");
    }
    std::transform(line.begin(), colon, line.begin(),
                   [](char byte) { return sagas::to_lower(byte); });
    const std::string_view value =
        trim(std::string_view(line.data(), line.size()).substr(name_size + 1));
    if (!is_field_value(value)) {
        return malformed("header " + std::string(name) + ": has a control character");
    }
    head.fields.push_back(Field{name, value});
    return std::nullopt;
}

/// Fields that mean something different when they come twice, depending on who reads.
constexpr std::array<std::string_view, 7> kSingleFields{
    "host",          "content-length", "content-type",   "content-encoding",
    "authorization", "origin",         "idempotency-key"};

std::optional<Problem> read_single_fields(RequestHead& head) {
    for (const std::string_view name : kSingleFields) {
        const auto count = std::count_if(head.fields.begin(), head.fields.end(),
                                         [name](const Field& field) { return field.name == name; });
        if (count > 1) {
            return malformed("header " + std::string(name) + ": sent more than once");
        }
    }
    if (head.version == HttpVersion::Http11 && !head.field("host")) {
        return malformed("header host: missing");
    }
    return std::nullopt;
}

/// What says where the body ends (RFC 9112, section 6).
std::optional<Problem> read_framing(RequestHead& head) {
    if (head.field("transfer-encoding")) {
        return make_problem(ProblemType::LengthRequired,
                            "Transfer-Encoding is not taken: send the body with a Content-Length");
    }
    if (const auto encoding = head.field("content-encoding");
        encoding && !sagas::are_equal_texts(*encoding, "identity")) {
        return make_problem(ProblemType::UnsupportedMediaType,
                            "Content-Encoding is not taken: send the body as it is");
    }
    if (const auto length = head.field("content-length")) {
        const char* const end = length->data() + length->size();
        const auto [stop, error] = std::from_chars(length->data(), end, head.content_length);
        if (error != std::errc() || stop != end) {
            return malformed("header content-length: must be a number of bytes");
        }
    }
    if (head.content_length > 0 && (head.method == "GET" || head.method == "HEAD")) {
        return malformed(std::string(head.method) + " does not take a body");
    }
    return std::nullopt;
}

/// The comma-separated words of Connection (RFC 9112, section 9.3) and of Expect.
std::optional<Problem> read_manners(RequestHead& head) {
    bool is_close = false;
    bool is_keep_alive = false;
    for (const Field& field : head.fields) {
        if (field.name != "connection") continue;
        for (std::string_view rest = field.value; !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string_view word = trim(rest.substr(0, comma));
            is_close = is_close || sagas::are_equal_texts(word, "close");
            is_keep_alive = is_keep_alive || sagas::are_equal_texts(word, "keep-alive");
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    head.is_persistent = !is_close && (head.version == HttpVersion::Http11 || is_keep_alive);
    const auto expect = head.field("expect");
    if (!expect || head.version == HttpVersion::Http10) return std::nullopt;
    if (!sagas::are_equal_texts(*expect, "100-continue")) {
        return malformed("header expect: only 100-continue is known");
    }
    head.awaits_continue = true;
    return std::nullopt;
}

}  // namespace

Parsed<std::size_t> HeadScanner::refuse_oversize(std::size_t bytes) const {
    if (lines_ == 0) {
        if (bytes - line_ > limits_.target_bytes_max + kMethodAndVersionBytesMax) {
            return refuse(ProblemType::TargetTooLong, "the request line is longer than " +
                                                          std::to_string(limits_.target_bytes_max) +
                                                          " bytes");
        }
    } else if (bytes - first_field_ > limits_.header_bytes_max) {
        return refuse(
            ProblemType::HeadersTooLarge,
            "the headers are longer than " + std::to_string(limits_.header_bytes_max) + " bytes");
    }
    return 0;
}

Parsed<std::size_t> HeadScanner::scan(std::string_view bytes) {
    // So that a TLS greeting (0x16) is told at once that this is not a TLS port.
    if (scanned_ == 0 && !bytes.empty() && !sagas::has(sagas::kTokenBytes, bytes.front()) &&
        bytes.front() != '\r' && bytes.front() != '\n') {
        return tl::unexpected(malformed("this is not HTTP"));
    }
    for (;;) {
        const std::size_t end = bytes.find('\n', scanned_);
        if (end == std::string_view::npos) break;
        if (end == 0 || bytes[end - 1] != '\r')
            return tl::unexpected(malformed("a line ends in LF without CR"));
        const bool is_empty = end == line_ + 1;
        if (is_empty && lines_ == 0 && line_ > 0)
            return tl::unexpected(malformed("there is no request line"));
        if (!is_empty || lines_ > 0) {
            if (auto fits = refuse_oversize(end + 1); !fits) return fits;
            if (is_empty) return end + 1;
            ++lines_;
            if (lines_ == 1) first_field_ = end + 1;
        }
        line_ = scanned_ = end + 1;
        if (lines_ > limits_.header_count_max + 1) {
            return refuse(
                ProblemType::HeadersTooLarge,
                "there are more than " + std::to_string(limits_.header_count_max) + " headers");
        }
    }
    scanned_ = bytes.size();
    return refuse_oversize(bytes.size());
}

std::optional<std::string_view> RequestHead::field(std::string_view lower_case_name) const {
    for (const Field& candidate : fields) {
        if (candidate.name == lower_case_name) return candidate.value;
    }
    return std::nullopt;
}

Parsed<RequestHead> parse_head(std::span<char> bytes, const HeadLimits& limits) {
    RequestHead head;
    head.fields.reserve(16);
    if (bytes.front() == '\r') bytes = bytes.subspan(2);
    const std::span<char> request_line = take_line(bytes);
    if (auto wrong = read_request_line({request_line.data(), request_line.size()}, limits, head)) {
        return tl::unexpected(std::move(*wrong));
    }
    for (;;) {
        const std::span<char> line = take_line(bytes);
        if (line.empty()) break;
        if (auto wrong = read_field(line, head)) return tl::unexpected(std::move(*wrong));
    }
    for (auto* read : {read_single_fields, read_framing, read_manners}) {
        if (auto wrong = read(head)) return tl::unexpected(std::move(*wrong));
    }
    return head;
}

}  // namespace skald::api::http
