#include "api/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

#include "api/http/stream_sender.h"

namespace skald::api::http {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Holds most requests whole. Grown for larger heads, and given back after them.
constexpr std::size_t kBufferBytes = 8u << 10;
/// A body's memory is taken as it arrives, in pieces, and not on the word of its Content-Length.
constexpr std::size_t kBodyPieceBytes = 64u << 10;
/// How long a peer that was refused may take to read why.
constexpr std::chrono::milliseconds kDrainTime{1000};
/// The longest single wait: steady times can't be added to without end.
constexpr sagas::Milliseconds kLaterTimeMax{24 * 3600 * 1000};

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Deadline in(std::chrono::milliseconds time) { return SteadyClock::now() + time; }

HeadLimits limits_of(const HttpServerOptions& options) {
    return {options.target_bytes_max, options.header_bytes_max, options.header_count_max};
}

Problem internal_error() {
    return make_problem(ProblemType::Internal,
                        "the server could not answer; its log tells more under this request id");
}

Problem too_many_streams() {
    return make_problem(ProblemType::Busy,
                        "too many streams are open, too many requests wait, or the server stops");
}

/// A method of the client's invention must not become a metric's label.
std::string_view known_method(std::string_view method) {
    constexpr std::array<std::string_view, 9> kMethods{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    return std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end() ? "OTHER" : method;
}

}  // namespace

Connection::Connection(Shared& shared, int socket, std::uint64_t number)
    : shared_(shared),
      socket_(socket),
      member_(shared.connections, socket),
      id_prefix_(shared.id_prefix + std::to_string(number) + '-'),
      first_head_until_(in(shared.options.header_time)),
      buffer_(kBufferBytes) {}

void Connection::serve() {
    Next next = Next::Request;
    while (next == Next::Request) {
        next = serve_request();
        if (next != Next::Request || begin_ < end_) continue;
        if (buffer_.size() > kBufferBytes) buffer_ = std::vector<char>(kBufferBytes);
        if (!member_.begin_idle()) next = Next::Close;
    }
    // Where others wait for this thread, the last reply is not watched over.
    if (next == Next::Drain && shared_.threads.queued() == 0) socket_.drain(in(kDrainTime));
}

Connection::Next Connection::serve_request() {
    request_id_ = id_prefix_ + std::to_string(++requests_);
    const auto head_size = receive_head();
    if (!head_size) return head_size.error() ? refuse(*head_size.error()) : Next::Close;

    const std::span<char> bytes(buffer_.data() + begin_, *head_size);
    const Parsed<RequestHead> head = parse_head(bytes, limits_of(shared_.options));
    if (!head) return refuse(head.error());

    auto admitted = shared_.dispatcher.admit(*head);
    if (!admitted) return refuse(*head, *head_size, admitted.error());
    const Route& route = admitted->route;
    Request& request = admitted->request;
    request.id = request_id_;

    auto body = receive_body(*head, *head_size, route.body_bytes_max);
    if (!body) {
        if (!body.error()) return Next::Close;
        return refuse(*body.error(), route.operation_id, head->method);
    }
    request.body = std::move(*body);

    const auto answered = answer(route, request);
    return std::visit([&](const auto& each) { return send(each, route, *head); }, answered);
}

tl::expected<std::size_t, Connection::Ending> Connection::receive_head() {
    const HeadLimits limits = limits_of(shared_.options);
    HeadScanner scanner(limits);
    std::optional<Deadline> until;
    if (requests_ == 1) until = first_head_until_;
    if (begin_ == end_) {
        if (!receive_more(until)) return tl::unexpected(Ending());
        member_.begin_work();
    }
    for (;;) {
        const Parsed<std::size_t> size =
            scanner.scan(std::string_view(buffer_.data() + begin_, end_ - begin_));
        if (!size) return tl::unexpected(Ending(size.error()));
        if (*size > 0) return *size;

        if (!until) until = in(shared_.options.header_time);
        member_.begin_receiving();
        if (!receive_more(until)) {
            return tl::unexpected(ending_at(*until, "head", shared_.options.header_time));
        }
        member_.begin_work();
    }
}

tl::expected<std::string, Connection::Ending> Connection::receive_body(const RequestHead& head,
                                                                       std::size_t head_size,
                                                                       std::size_t size_max) {
    const std::size_t size = head.content_length;
    const HttpServerOptions& options = shared_.options;
    if (size > size_max) {
        return tl::unexpected(
            Ending(make_problem(ProblemType::BodyTooLarge,
                                "the body is longer than " + std::to_string(size_max) + " bytes")));
    }
    begin_ += head_size;
    const std::size_t here = std::min(size, end_ - begin_);
    std::string body(buffer_.data() + begin_, here);
    begin_ += here;
    if (here == size) return body;

    const Deadline until = in(options.body_time);
    if (head.awaits_continue &&
        socket_.send(kContinue, {}, in(options.write_time)) == Socket::Sent::Failed) {
        return tl::unexpected(Ending());
    }
    member_.begin_receiving();
    for (std::size_t filled = here; filled < size;) {
        if (filled == body.size()) body.resize(std::min(size, filled + kBodyPieceBytes));
        const std::size_t got =
            socket_.receive({body.data() + filled, body.size() - filled}, until);
        if (got == 0) return tl::unexpected(ending_at(until, "body", options.body_time));
        filled += got;
    }
    member_.begin_work();
    return body;
}

bool Connection::receive_more(std::optional<Deadline> until) {
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    // Bounded, for the scanner refuses a head that is too large.
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    const std::span<char> place(buffer_.data() + end_, buffer_.size() - end_);
    const std::size_t got = until ? socket_.receive(place, *until) : socket_.receive(place);
    end_ += got;
    return got > 0;
}

Connection::Ending Connection::ending_at(Deadline until, std::string_view what,
                                         sagas::Milliseconds time) const {
    if (SteadyClock::now() < until) return std::nullopt;
    return make_problem(ProblemType::RequestTimeout, "the " + std::string(what) +
                                                         " of the request did not arrive within " +
                                                         sagas::to_duration_text(time));
}

std::variant<Reply, Stream> Connection::answer(const Route& route, const Request& request) {
    try {
        Answer answer = route.handler(request);
        while (auto* later = std::get_if<Later>(&answer)) answer = wait_for(std::move(*later));
        if (const auto* refused = std::get_if<Problem>(&answer)) {
            return to_reply(*refused, request_id_);
        }
        if (auto* stream = std::get_if<Stream>(&answer); stream && is_sendable(*stream)) {
            return std::move(*stream);
        }
        if (auto* reply = std::get_if<Reply>(&answer); reply && is_sendable(*reply)) {
            return std::move(*reply);
        }
        spdlog::error("request {}: {}: a header of the answer has a control character", request_id_,
                      route.operation_id);
    } catch (const std::exception& error) {
        spdlog::error("request {}: {}: {}", request_id_, route.operation_id, error.what());
    }
    return to_reply(internal_error(), request_id_);
}

Answer Connection::wait_for(Later later) {
    const Deadline until = in(std::clamp(later.time, sagas::Milliseconds(0), kLaterTimeMax));
    later.arm(member_.wakeup().begin());
    if (later.kind == Later::Kind::Short) {
        member_.wakeup().wait(until);
    } else if (member_.begin_waiting()) {
        member_.wakeup().wait(until);
        member_.end_waiting();
    }
    return later.finish();
}

Connection::Next Connection::refuse(const Problem& problem, std::string_view operation_id,
                                    std::string_view method) {
    const Reply reply = to_reply(problem, request_id_);
    const auto sent = send(reply, operation_id, method, HttpVersion::Http11, Persistence::Close);
    return sent == Socket::Sent::Whole ? Next::Drain : Next::Close;
}

Connection::Next Connection::refuse(const RequestHead& head, std::size_t head_size,
                                    const Refusal& refusal) {
    Reply reply = to_reply(refusal.problem, request_id_);
    reply.headers.insert(reply.headers.end(), refusal.headers.begin(), refusal.headers.end());
    const bool has_body = head.content_length > 0;
    const Persistence persistence = has_body ? Persistence::Close : persistence_for(head);
    begin_ += head_size;
    const auto sent = send(reply, refusal.operation_id, head.method, head.version, persistence);
    if (sent == Socket::Sent::Failed) return Next::Close;
    if (persistence == Persistence::Keep) return Next::Request;
    return has_body ? Next::Drain : Next::Close;
}

Persistence Connection::persistence_for(const RequestHead& head) const {
    // Connections that wait for a thread get this one's, now that its request is answered.
    const bool goes_on = head.is_persistent && !member_.is_leaving() &&
                         !shared_.connections.is_stopping() && shared_.threads.queued() == 0;
    return goes_on ? Persistence::Keep : Persistence::Close;
}

Socket::Sent Connection::send(const Reply& reply, std::string_view operation_id,
                              std::string_view method, HttpVersion version,
                              Persistence persistence) {
    tell(operation_id, method, reply.status);
    const bool has_body = may_have_body(reply.status) && method != "HEAD";
    return socket_.send(reply_head(reply, request_id_, version, persistence),
                        has_body ? std::string_view(reply.body) : std::string_view(),
                        in(shared_.options.write_time));
}

Connection::Next Connection::send(const Reply& reply, const Route& route, const RequestHead& head) {
    const Persistence persistence = persistence_for(head);
    const auto sent = send(reply, route.operation_id, head.method, head.version, persistence);
    const bool goes_on = sent == Socket::Sent::Whole && persistence == Persistence::Keep;
    return goes_on ? Next::Request : Next::Close;
}

Connection::Next Connection::send(const Stream& stream, const Route& route,
                                  const RequestHead& head) {
    const bool has_body = head.method != "HEAD";
    if (has_body && !member_.begin_streaming()) {
        return send(to_reply(too_many_streams(), request_id_), route, head);
    }
    tell(route.operation_id, head.method, 200);
    const auto sent = socket_.send(stream_head(stream, request_id_, head.version), {},
                                   in(shared_.options.stream_write_time));
    if (!has_body) return Next::Close;
    if (sent == Socket::Sent::Whole) {
        StreamSender sender(socket_, member_, shared_.connections, head.version,
                            shared_.options.stream_write_time);
        sender.send(stream, request_id_);
    }
    member_.end_streaming();
    return Next::Close;
}

void Connection::tell(std::string_view operation_id, std::string_view method, int status) const {
    if (shared_.observer) shared_.observer(operation_id, known_method(method), status);
}

void turn_away(Shared& shared, int socket_descriptor, std::uint64_t number) {
    Socket socket(socket_descriptor);
    const std::string id = shared.id_prefix + std::to_string(number) + "-1";
    const Reply reply = to_reply(
        make_problem(ProblemType::Busy, "all threads of the server are taken; try again"), id);
    if (shared.observer) shared.observer({}, known_method({}), reply.status);
    const Deadline now = SteadyClock::now();
    const std::string head = reply_head(reply, id, HttpVersion::Http11, Persistence::Close);
    if (socket.send(head, reply.body, now) == Socket::Sent::Whole) socket.drain(now);
}

}  // namespace skald::api::http
