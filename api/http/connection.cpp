#include "api/http/connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <span>
#include <utility>

#include <spdlog/spdlog.h>

namespace skald::api::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Received = ReceiveBuffer::Received;

/// How long a peer that was refused may take to read why: closing a socket with unread bytes resets
/// the connection, and it would lose our reply (RFC 9112, section 9.6).
constexpr std::chrono::milliseconds kDrainTime{1000};
/// A peer that sends more than this isn't about to read it.
constexpr std::size_t kDrainBytesMax = 8u << 20;
constexpr std::size_t kDrainPieceBytes = 16u << 10;
/// The longest single wait: steady times can't be added to without end.
constexpr sagas::Milliseconds kWaitTimeMax{24 * 3600 * 1000};
/// How soon it is noticed that the reader of a stream, or who waits for long, has gone while there
/// was nothing to send.
constexpr sagas::Milliseconds kLookTime{1'000};
/// The system would keep megabytes for each reader that doesn't read.
constexpr int kUnreadBytesMax = 64 << 10;

Deadline in(std::chrono::milliseconds time) { return SteadyClock::now() + time; }
Deadline in_at_most(sagas::Milliseconds time) {
    return in(std::clamp(time, sagas::Milliseconds(0), kWaitTimeMax));
}
bool is_over(Deadline until) { return SteadyClock::now() >= until; }

Problem internal_error() {
    return make_problem(ProblemType::Internal,
                        "the server could not answer; its log tells more under this request id");
}

Problem too_many_streams() {
    return make_problem(ProblemType::Busy,
                        "too many streams are open, too many requests wait, or the server stops");
}

Problem body_too_large(std::size_t size_max) {
    return make_problem(ProblemType::BodyTooLarge,
                        "the body is longer than " + std::to_string(size_max) + " bytes");
}

Problem too_much() {
    return make_problem(ProblemType::Busy, "too many large requests are on their way; try again");
}

Problem too_slow(std::string_view what, sagas::Milliseconds time) {
    return make_problem(ProblemType::RequestTimeout, "the " + std::string(what) +
                                                         " of the request did not arrive within " +
                                                         sagas::to_duration_text(time));
}

/// A method of the client's invention must not become a metric's label.
std::string_view known_method(std::string_view method) {
    constexpr std::array<std::string_view, 9> kMethods{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    const auto known = std::find(kMethods.begin(), kMethods.end(), method);
    return known == kMethods.end() ? "OTHER" : *known;
}

/// False: the connection can't go on. A peer that takes nothing just now does without: it must not
/// wait for that for ever (RFC 9110, section 10.1.1).
bool say_continue(Socket& socket) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    std::string_view head = kContinue;
    std::string_view body;
    const Socket::Sent sent = socket.send(head, body);
    return sent == Socket::Sent::Whole ||
           (sent == Socket::Sent::Partly && head.size() == kContinue.size());
}

}  // namespace

Connection::Connection(Shared& shared, Poller::Id id, int socket, std::uint64_t number)
    : shared_(shared),
      id_(id),
      socket_(socket),
      member_(shared.connections, socket, id),
      id_prefix_(shared.id_prefix + std::to_string(number) + '-'),
      received_(socket_, shared.head_limits),
      until_(in(shared.options.header_time)) {}

Connection::~Connection() {
    if (is_counted_) member_.end_waiting();
    if (stream_) member_.end_streaming();
}

std::optional<Wait> Connection::go_on() {
    for (;;) {
        const Step next = step();
        if (const auto* wait = std::get_if<Wait>(&next)) return *wait;
        stage_ = std::get<Stage>(next);
        if (stage_ == Stage::Over) return std::nullopt;
    }
}

Connection::Step Connection::step() {
    switch (stage_) {
        case Stage::Between:
            return await_request();
        case Stage::Head:
            return read_head();
        case Stage::Body:
            return read_body();
        case Stage::Handling:
            return handle();
        case Stage::Finishing:
            return finish_later();
        case Stage::Sending:
            return go_on_sending();
        case Stage::Streaming:
            return go_on_streaming();
        case Stage::Draining:
            return go_on_draining();
        case Stage::Over:
            break;
    }
    return Stage::Over;
}

// ---- Reading -----------------------------------------------------------------------------------

Connection::Step Connection::await_request() {
    switch (received_.receive()) {
        case Received::Some:
            break;
        case Received::NothingYet:
            if (!is_over(until_)) return Wait{Wait::For::Bytes, until_};
            return Stage::Over;
        case Received::Gone:
            return Stage::Over;
    }
    member_.begin_work();
    return begin_request();
}

/// There are bytes of it. The time for the first one began with the connection.
Connection::Step Connection::begin_request() {
    if (++requests_ > 1) until_ = in(shared_.options.header_time);
    exchange_ = {.id = id_prefix_ + std::to_string(requests_), .method = known_method({})};
    return Stage::Head;
}

Connection::Step Connection::read_head() {
    const Parsed<std::size_t> size = received_.scan();
    if (!size) return refuse(size.error());
    if (*size > 0) return admit(*size);
    return await_bytes(received_.receive(), "head", shared_.options.header_time);
}

Connection::Step Connection::await_bytes(Received received, std::string_view what,
                                         sagas::Milliseconds time) {
    if (received == Received::Some) {
        if (stage_ == Stage::Head) member_.begin_work();
        return stage_;
    }
    if (received == Received::Gone) return Stage::Over;
    if (is_over(until_)) return refuse(too_slow(what, time));
    member_.begin_receiving();
    return Wait{Wait::For::Bytes, until_};
}

Connection::Step Connection::admit(std::size_t head_size) {
    const Parsed<RequestHead> head = parse_head(received_.head(head_size), shared_.head_limits);
    if (!head) return refuse(head.error());
    exchange_.method = known_method(head->method);
    exchange_.version = head->version;
    exchange_.is_persistent = head->is_persistent;

    auto admitted = shared_.dispatcher.admit(*head);
    if (!admitted) {
        received_.take(head_size, exchange_.request.body, 0);
        return refuse(admitted.error(), head->content_length);
    }
    exchange_.route = &admitted->route;
    exchange_.operation_id = exchange_.route->operation_id;
    exchange_.request = std::move(admitted->request);
    exchange_.request.id = exchange_.id;
    return begin_body(*head, head_size);
}

Connection::Step Connection::begin_body(const RequestHead& head, std::size_t head_size) {
    const std::size_t size = head.content_length;
    const std::size_t size_max = exchange_.route->body_bytes_max;
    if (size > size_max) return refuse(body_too_large(size_max));
    std::string& body = exchange_.request.body;
    received_.take(head_size, body, size);
    if (body.size() == size) return Stage::Handling;
    if (!member_.take_memory(size)) return refuse(too_much());
    if (head.awaits_continue && !say_continue(socket_)) return Stage::Over;
    exchange_.body_size = size;
    until_ = in(shared_.options.body_time);
    return Stage::Body;
}

Connection::Step Connection::read_body() {
    std::string& body = exchange_.request.body;
    if (body.size() == exchange_.body_size) {
        member_.begin_work();
        member_.give_back_memory();
        return Stage::Handling;
    }
    return await_bytes(received_.receive(body, exchange_.body_size), "body",
                       shared_.options.body_time);
}

// ---- Answering ---------------------------------------------------------------------------------

Connection::Step Connection::handle() {
    return answer_by([this] { return exchange_.route->handler(exchange_.request); });
}

Connection::Step Connection::finish_later() {
    const bool is_gone = is_counted_ && !is_later_over() && socket_.is_peer_gone();
    if (is_counted_ && !is_later_over() && !is_gone) {
        return Wait{Wait::For::Signal, std::min(later_until_, in(kLookTime))};
    }
    if (std::exchange(is_counted_, false)) member_.end_waiting();
    if (is_gone) return Stage::Over;
    const Later later = std::move(*later_);
    later_.reset();
    return answer_by(later.finish);
}

Connection::Step Connection::answer_by(const std::function<Answer()>& make) {
    std::optional<Answer> answer;
    try {
        answer.emplace(make());
        if (const auto* later = std::get_if<Later>(&*answer)) {
            later->arm(shared_.poller.begin_signal(id_));
        }
    } catch (const std::exception& error) {
        return fail(error.what());
    }
    return answer_with(std::move(*answer));
}

Connection::Step Connection::answer_with(Answer answer) {
    if (auto* later = std::get_if<Later>(&answer)) return await_later(std::move(*later));
    if (const auto* refused = std::get_if<Problem>(&answer)) {
        return reply(to_reply(*refused, exchange_.id));
    }
    if (auto* stream = std::get_if<Stream>(&answer); stream && is_sendable(*stream)) {
        return begin_streaming(std::move(*stream));
    }
    if (auto* whole = std::get_if<Reply>(&answer); whole && is_sendable(*whole)) {
        return reply(std::move(*whole));
    }
    return fail("a header of the answer has a control character");
}

/// It is armed.
Connection::Step Connection::await_later(Later later) {
    exchange_.request = Request();  // It may be large, and the wait long.
    later_until_ = in_at_most(later.time);
    const bool is_long = later.kind == Later::Kind::Long;
    later_.emplace(std::move(later));
    is_counted_ = is_long && member_.begin_waiting();
    if (is_long && !is_counted_) return Stage::Finishing;
    stage_ = Stage::Finishing;
    return Wait{Wait::For::Signal, is_long ? std::min(later_until_, in(kLookTime)) : later_until_};
}

bool Connection::is_later_over() const {
    return shared_.connections.is_stopping() || is_over(later_until_) ||
           shared_.poller.was_signalled(id_);
}

Connection::Step Connection::fail(std::string_view why) {
    spdlog::error("request {}: {}: {}", exchange_.id, exchange_.operation_id, why);
    return reply(to_reply(internal_error(), exchange_.id));
}

// ---- Sending -----------------------------------------------------------------------------------

Connection::Step Connection::refuse(const Problem& problem) {
    return send(to_reply(problem, exchange_.id), Persistence::Close, Stage::Draining);
}

Connection::Step Connection::refuse(const Refusal& refusal, std::size_t content_length) {
    exchange_.operation_id = refusal.operation_id;
    Reply refused = to_reply(refusal.problem, exchange_.id);
    refused.headers.insert(refused.headers.end(), refusal.headers.begin(), refusal.headers.end());
    if (content_length == 0) return reply(std::move(refused));
    return send(std::move(refused), Persistence::Close, Stage::Draining);
}

Persistence Connection::persistence() const {
    const bool goes_on =
        exchange_.is_persistent && !member_.is_leaving() && !shared_.connections.is_stopping();
    return goes_on ? Persistence::Keep : Persistence::Close;
}

Connection::Step Connection::reply(Reply reply) {
    const Persistence kept = persistence();
    const Stage then = kept == Persistence::Keep ? Stage::Between : Stage::Over;
    return send(std::move(reply), kept, then);
}

Connection::Step Connection::send(Reply reply, Persistence persistence, Stage then) {
    tell(reply.status);
    const bool has_body = may_have_body(reply.status) && exchange_.method != "HEAD";
    std::string head = reply_head(reply, exchange_.id, exchange_.version, persistence);
    return begin_sending(std::move(head), has_body ? std::move(reply.body) : std::string(),
                         shared_.options.write_time, then);
}

Connection::Step Connection::begin_sending(std::string head, std::string body,
                                           sagas::Milliseconds time, Stage then) {
    head_ = std::move(head);
    body_ = std::move(body);
    head_left_ = head_;
    body_left_ = body_;
    after_sending_ = then;
    until_ = in(time);
    return go_on_sending();
}

Connection::Step Connection::go_on_sending() {
    const Socket::Sent sent = socket_.send(head_left_, body_left_);
    if (sent == Socket::Sent::Failed) return Stage::Over;
    if (sent == Socket::Sent::Partly) {
        if (stage_ != Stage::Sending &&
            !member_.take_memory(head_left_.size() + body_left_.size())) {
            spdlog::info("request {}: dropped; too many large replies are not taken", exchange_.id);
            return Stage::Over;
        }
        stage_ = Stage::Sending;
        if (!is_over(until_)) return Wait{Wait::For::Space, until_};
        if (stream_) {
            spdlog::info("request {}: dropped its reader, who did not keep up ({} for a piece)",
                         exchange_.id, sagas::to_duration_text(shared_.options.stream_write_time));
        }
        return Stage::Over;
    }
    member_.give_back_memory();
    if (after_sending_ == Stage::Between) return end_request();
    if (after_sending_ == Stage::Draining) return begin_draining();
    return after_sending_;
}

Connection::Step Connection::end_request() {
    received_.begin();
    // They may be large, and the next request far.
    body_ = std::string();
    exchange_.request = Request();
    if (!received_.is_empty()) {
        stage_ = std::get<Stage>(begin_request());
        return Wait{Wait::For::Space, until_};  // Others come first, now and then.
    }
    if (!member_.begin_idle()) return Stage::Over;
    stage_ = Stage::Between;
    until_ = in(shared_.options.idle_time);
    return Wait{Wait::For::Bytes, until_};
}

void Connection::tell(int status) const {
    if (shared_.observer) shared_.observer(exchange_.operation_id, exchange_.method, status);
}

// ---- Streams -----------------------------------------------------------------------------------

Connection::Step Connection::begin_streaming(Stream stream) {
    const bool has_body = exchange_.method != "HEAD";
    std::string head = stream_head(stream, exchange_.id, exchange_.version);
    if (has_body && !member_.begin_streaming()) {
        return reply(to_reply(too_many_streams(), exchange_.id));
    }
    tell(200);
    if (has_body) {
        stream_.emplace(std::move(stream), exchange_.version);
        socket_.limit_unread(kUnreadBytesMax);
    }
    return begin_sending(std::move(head), {}, shared_.options.stream_write_time,
                         has_body ? Stage::Streaming : Stage::Over);
}

Connection::Step Connection::go_on_streaming() {
    const bool is_stopping = shared_.connections.is_stopping();
    if (stream_waits_until_) {
        if (socket_.is_peer_gone()) return Stage::Over;
        const bool is_wait_over =
            is_stopping || is_over(*stream_waits_until_) || shared_.poller.was_signalled(id_);
        if (!is_wait_over) {
            return Wait{Wait::For::Signal, std::min(*stream_waits_until_, in(kLookTime))};
        }
        stream_waits_until_.reset();
    }
    if (is_stopping) {
        return begin_sending(stream_->last(), {}, shared_.options.stream_write_time, Stage::Over);
    }
    try {
        return send_next_of_stream();
    } catch (const std::exception& error) {
        spdlog::error("request {}: cut its stream off: {}", exchange_.id, error.what());
        return Stage::Over;
    }
}

Connection::Step Connection::send_next_of_stream() {
    const sagas::Milliseconds time = shared_.options.stream_write_time;
    auto next = stream_->next();
    if (auto* bytes = std::get_if<std::string>(&next)) {
        return begin_sending(std::move(*bytes), {}, time, Stage::Streaming);
    }
    if (const auto* wait = std::get_if<Stream::Wait>(&next)) return await_stream(*wait);
    return begin_sending(stream_->last(), {}, time, Stage::Over);
}

Connection::Step Connection::await_stream(const Stream::Wait& wait) {
    stream_waits_until_ = in_at_most(wait.time);
    const auto ready = shared_.poller.begin_signal(id_);
    if (wait.arm) wait.arm(ready);
    // After `begin_signal`, which forgets a signal that came before.
    if (shared_.connections.is_stopping()) return Stage::Streaming;
    stage_ = Stage::Streaming;
    return Wait{Wait::For::Signal, std::min(*stream_waits_until_, in(kLookTime))};
}

// ---- The end -----------------------------------------------------------------------------------

Connection::Step Connection::begin_draining() {
    socket_.end_sending();
    until_ = in(kDrainTime);
    return Stage::Draining;
}

Connection::Step Connection::go_on_draining() {
    std::array<char, kDrainPieceBytes> forgotten;
    while (drained_ < kDrainBytesMax) {
        const auto got = socket_.receive(forgotten);
        if (!got && !is_over(until_)) return Wait{Wait::For::Bytes, until_};
        if (got.value_or(0) == 0) return Stage::Over;
        drained_ += *got;
    }
    return Stage::Over;
}

void turn_away(Shared& shared, int socket_descriptor, std::uint64_t number) {
    Socket socket(socket_descriptor);
    const std::string id = shared.id_prefix + std::to_string(number) + "-1";
    const Reply reply =
        to_reply(make_problem(ProblemType::Busy, "too many connections are open; try again"), id);
    if (shared.observer) shared.observer({}, known_method({}), reply.status);
    const std::string text = reply_head(reply, id, HttpVersion::Http11, Persistence::Close);
    std::string_view head = text;
    std::string_view body = reply.body;
    if (socket.send(head, body) != Socket::Sent::Whole) return;
    socket.end_sending();
    std::array<char, kDrainPieceBytes> forgotten;
    socket.receive(forgotten);
}

}  // namespace skald::api::http
