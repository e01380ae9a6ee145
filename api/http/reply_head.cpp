#include "api/http/reply_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

namespace skald::api::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 23> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

/// May be empty (RFC 9112, section 4).
std::string_view reason(int status) {
    const auto row = std::find_if(kReasons.begin(), kReasons.end(),
                                  [status](const auto& known) { return known.first == status; });
    return row == kReasons.end() ? std::string_view() : row->second;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7): a server with a clock must say so
/// (section 6.6.1). Made once a second by each thread. Nothing is decided by it, so that it need
/// not be engine time.
std::string_view date() {
    constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    thread_local std::time_t made_at = 0;
    thread_local std::array<char, 64> text{};
    const std::time_t now = std::time(nullptr);
    if (now != made_at) {
        std::tm utc{};
        gmtime_r(&now, &utc);
        std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                      kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                      kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
        made_at = now;
    }
    return text.data();
}

using Headers = std::vector<std::pair<std::string, std::string>>;

bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

void append_number(std::string& text, std::size_t number) {
    std::array<char, 24> digits{};
    const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    text.append(digits.data(), result.ptr);
}

bool is_clean(const std::string& content_type, const Headers& headers) {
    return is_clean(content_type) &&
           std::all_of(headers.begin(), headers.end(), [](const auto& header) {
               return is_clean(header.first) && is_clean(header.second);
           });
}

/// The status line and the Date.
std::string begin_head(int status) {
    std::string head;
    head.reserve(512);
    head += "HTTP/1.1 ";
    append_number(head, static_cast<std::size_t>(status));
    head += ' ';
    head += reason(status);
    head += "\r\nDate: ";
    head += date();
    return head;
}

void append_type(std::string& head, const std::string& content_type) {
    if (content_type.empty()) return;
    head += "\r\nContent-Type: ";
    head += content_type;
}

void append_headers(std::string& head, std::string_view request_id, const Headers& headers) {
    head += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nSkald-Request-Id: ";
    head += request_id;
    for (const auto& [name, value] : headers) {
        head += "\r\n";
        head += name;
        head += ": ";
        head += value;
    }
}

}  // namespace

bool is_sendable(const Reply& reply) { return is_clean(reply.content_type, reply.headers); }
bool is_sendable(const Stream& stream) { return is_clean(stream.content_type, stream.headers); }

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string reply_head(const Reply& reply, std::string_view request_id, HttpVersion version,
                       Persistence persistence) {
    std::string head = begin_head(reply.status);
    if (may_have_body(reply.status)) {
        append_type(head, reply.content_type);
        head += "\r\nContent-Length: ";
        append_number(head, reply.body.size());
    }
    append_headers(head, request_id, reply.headers);
    if (persistence == Persistence::Close) {
        head += "\r\nConnection: close";
    } else if (version == HttpVersion::Http10) {
        head += "\r\nConnection: keep-alive";
    }
    head += "\r\n\r\n";
    return head;
}

std::string stream_head(const Stream& stream, std::string_view request_id, HttpVersion version) {
    std::string head = begin_head(200);
    append_type(head, stream.content_type);
    if (version == HttpVersion::Http11) head += "\r\nTransfer-Encoding: chunked";
    append_headers(head, request_id, stream.headers);
    head += "\r\nConnection: close\r\n\r\n";
    return head;
}

}  // namespace skald::api::http
