#include "engine/reply_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "sagas/ascii.h"
#include "sagas/check.h"

namespace skald::engine {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr int kInterimRepliesMax = 8;
constexpr std::size_t kHeadersUsual = 8;
// Memory that is taken on the word of a Content-Length alone.
constexpr std::size_t kReservedMax = 64u << 10;

std::string lower(string_view text) { return sagas::to_lower({text.data(), text.size()}); }

/// One reply, from its status line to its end.
class Parser final : public http::basic_parser<false> {
 public:
    explicit Parser(const ReplyReader::Limits& limits) : limits_(limits) {
        headers.reserve(kHeadersUsual);
        eager(true);
        header_limit(static_cast<std::uint32_t>(limits.header_bytes));
        // on_body_impl counts instead, so that an oversize body still leaves a status. (Beast 1.74
        // compares an absent limit as if it were 0, hence the largest.)
        body_limit(std::numeric_limits<std::uint64_t>::max());
    }

    int status_code = 0;
    std::vector<sagas::Header> headers;
    std::string body;
    bool is_head_whole = false;
    bool is_body_too_large = false;

 private:
    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}

    void on_response_impl(int code, string_view, int, error_code& error) override {
        status_code = code;
        if (code < 100 || code > 599) error = http::error::bad_status;
    }

    void on_field_impl(http::field, string_view name, string_view value,
                       error_code& error) override {
        // Beast counts just what one read brought and would take headers without end, in pieces.
        header_bytes_ += name.size() + value.size() + 4;
        ++header_count_;
        if (header_bytes_ > limits_.header_bytes || header_count_ > limits_.header_count) {
            error = http::error::header_limit;
            return;
        }
        if (is_head_whole) return;  // A trailer; merged, it could pose as a header.
        headers.push_back({lower(name), std::string(value.data(), value.size())});
    }

    void on_header_impl(error_code&) override { is_head_whole = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           error_code& error) override {
        if (!length) return;
        if (*length > limits_.body_bytes) return refuse_body(error);
        body.reserve(std::min(static_cast<std::size_t>(*length), kReservedMax));
    }

    std::size_t on_body_impl(string_view bytes, error_code& error) override {
        if (bytes.size() > limits_.body_bytes - body.size()) {
            refuse_body(error);
            return 0;
        }
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t size, string_view, error_code& error) override {
        if (size > limits_.body_bytes - body.size()) refuse_body(error);
    }

    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
        return on_body_impl(bytes, error);
    }

    void on_finish_impl(error_code&) override {}

    void refuse_body(error_code& error) {
        is_body_too_large = true;
        error = http::error::body_limit;
    }

    const ReplyReader::Limits& limits_;
    std::size_t header_bytes_ = 0;
    std::size_t header_count_ = 0;
};

std::string_view find(const std::vector<sagas::Header>& headers, std::string_view name) {
    for (const sagas::Header& header : headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

/// Why `bytes` are no reply, in words.
std::string explain(const error_code& error, const ReplyReader::Limits& limits) {
    if (error == http::error::header_limit) {
        return "the reply has more than " + std::to_string(limits.header_count) + " headers or " +
               std::to_string(limits.header_bytes >> 10) + " KiB of them";
    }
    if (error == http::error::partial_message) return "the reply was cut short";
    return "the reply is no valid HTTP/1.1: " + error.message();
}

}  // namespace

class ReplyReader::Impl {
 public:
    explicit Impl(Limits limits) : limits_(limits) {}

    Progress read(std::string_view bytes, sagas::Timestamp now) {
        if (!leftover_.empty()) {
            leftover_.append(bytes);
            const std::string joined = std::exchange(leftover_, {});
            return parse(joined, now);
        }
        return parse(bytes, now);
    }

    Progress read_end(sagas::Timestamp now) {
        if (!parser_ || !parser_->got_some())
            return Broken{"the connection was closed without a reply"};
        error_code error;
        parser_->put_eof(error);
        if (error) return Broken{explain(error, limits_)};
        return whole(Reuse::No, now);
    }

    Begun begun() const {
        return (parser_ && parser_->got_some()) || interim_replies_ > 0 ? Begun::Yes : Begun::No;
    }

 private:
    Progress parse(std::string_view bytes, sagas::Timestamp now) {
        while (!bytes.empty()) {
            if (!parser_) parser_.emplace(limits_);
            if (is_too_short(bytes.size())) {
                leftover_ = bytes;
                break;
            }
            error_code error;
            const std::size_t taken =
                parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
            bytes.remove_prefix(taken);
            if (parser_->is_body_too_large) return whole(Reuse::No, now);
            if (error && error != http::error::need_more) return Broken{explain(error, limits_)};
            if (parser_->is_done()) {
                if (parser_->status_code >= 200) {
                    return whole(bytes.empty() ? Reuse::Yes : Reuse::No, now);
                }
                if (parser_->status_code == 101) {
                    return Broken{"the reply switches protocols (101), which nobody asked for"};
                }
                if (++interim_replies_ > kInterimRepliesMax) {
                    return Broken{"more than " + std::to_string(kInterimRepliesMax) +
                                  " interim replies (1xx)"};
                }
                parser_.reset();
            } else if (error == http::error::need_more) {
                if (bytes.size() > limits_.header_bytes) {
                    return Broken{explain(http::error::header_limit, limits_)};
                }
                leftover_ = bytes;
                break;
            } else {
                SKALD_CHECK(taken > 0);  // Else this would never end.
            }
        }
        return NeedMore{};
    }

    /// Beast 1.74 asserts that the last chunk comes in pieces of 5 bytes ("0" CRLF CRLF) or more;
    /// nothing shorter can end a chunked body.
    bool is_too_short(std::size_t size) const {
        return size < 5 && parser_->is_header_done() && parser_->chunked();
    }

    /// The parser's reply; the next byte begins a new one.
    Progress whole(Reuse reuse, sagas::Timestamp now) {
        Parser& parser = *parser_;
        Whole whole;
        whole.reuse = reuse == Reuse::Yes && parser.keep_alive() ? Reuse::Yes : Reuse::No;
        whole.reply.status = parser.status_code;
        whole.reply.headers = std::move(parser.headers);
        const std::vector<sagas::Header>& headers = whole.reply.headers;
        const std::string_view coding = find(headers, "transfer-encoding");
        if (parser.is_body_too_large) {
            whole.reply.body = sagas::BodyError{"the reply's body is larger than " +
                                                std::to_string(limits_.body_bytes) + " bytes"};
        } else if (!coding.empty() &&
                   lower(string_view(coding.data(), coding.size())) != "chunked") {
            // Beast undoes chunks only: the bytes are still in the other coding.
            whole.reply.body =
                sagas::BodyError{"the reply's body has a Transfer-Encoding other than chunked"};
            whole.reuse = Reuse::No;
        } else {
            whole.reply.body = sagas::read_body(find(headers, "content-type"),
                                                find(headers, "content-encoding"), parser.body);
        }
        if (const std::string_view after = find(headers, "retry-after"); !after.empty()) {
            whole.reply.retry_after = sagas::read_retry_after(after, now);
        }
        parser_.reset();
        interim_replies_ = 0;
        return whole;
    }

    const Limits limits_;
    std::optional<Parser> parser_;  // None: no byte of a reply yet.
    std::string leftover_;          // Not whole enough for the parser.
    int interim_replies_ = 0;
};

ReplyReader::ReplyReader(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}
ReplyReader::~ReplyReader() = default;

ReplyReader::Progress ReplyReader::read(std::string_view bytes, sagas::Timestamp now) {
    return impl_->read(bytes, now);
}
ReplyReader::Progress ReplyReader::read_end(sagas::Timestamp now) { return impl_->read_end(now); }
ReplyReader::Begun ReplyReader::begun() const { return impl_->begun(); }

}  // namespace skald::engine
