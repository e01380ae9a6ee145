#include "engine/http_connection.h"

#include <boost/asio/post.hpp>
#include <variant>

#include "sagas/check.h"

namespace skald::engine {
namespace {

namespace asio = boost::asio;
using Step = Transport::Step;
using Reuse = ReplyReader::Reuse;

}  // namespace

HttpConnection::HttpConnection(HttpConnectionParts& parts, const Origin& origin, int fd)
    : parts_(parts),
      origin_(origin),
      opened_at_(steady_now()),
      descriptor_(parts.context, fd),
      transport_(fd),
      reader_(parts.limits) {}

void HttpConnection::open(const Address& address, std::string request) {
    is_starting_ = true;
    request_ = std::move(request);
    switch (transport_.connect(address)) {
        case Step::Done:
            connected();
            break;
        case Step::Failed:
            fail_unsent(transport_.why_failed());
            break;
        default:
            wait_for(Wait::Write);
            break;
    }
    is_starting_ = false;
}

void HttpConnection::send(std::string request) {
    SKALD_CHECK(state_ == State::Idle && !is_closed_);
    is_starting_ = true;
    request_ = std::move(request);
    written_ = 0;
    is_sent_ = false;
    state_ = State::Exchanging;
    write_request();
    is_starting_ = false;
}

void HttpConnection::close() {
    if (is_closed_) return;
    is_closed_ = true;
    if (state_ == State::Idle) transport_.say_goodbye();
    boost::system::error_code ignored;  // There is nothing to be done about it.
    descriptor_.close(ignored);
}

Transport::Quiet HttpConnection::is_quiet() {
    if (state_ != State::Idle || is_closed_) return Transport::Quiet::No;
    return transport_.is_quiet();
}

/// One wait of each kind at a time. The wait to read goes on from one exchange to the next, so that
/// an idle connection notices its end and the next reply needs no wait of its own.
void HttpConnection::wait_for(Wait wait) {
    bool& waits = wait == Wait::Read ? waits_to_read_ : waits_to_write_;
    if (waits) return;
    waits = true;
    descriptor_.async_wait(
        wait == Wait::Read ? Descriptor::wait_read : Descriptor::wait_write,
        [self = HttpConnectionPtr(this), wait](const boost::system::error_code& error) {
            (wait == Wait::Read ? self->waits_to_read_ : self->waits_to_write_) = false;
            if (error || self->is_closed_) return;
            self->advance();
        });
}

/// The socket became readable or writable, or so it seemed: everything is tried again.
void HttpConnection::advance() {
    switch (state_) {
        case State::Connecting:
            switch (transport_.finish_connect()) {
                case Step::Done:
                    forget_writability();
                    return connected();
                case Step::Failed:
                    return fail_unsent(transport_.why_failed());
                default:
                    return wait_for(Wait::Write);
            }
        case State::ShakingHands:
            return shake_hands();
        case State::Exchanging:
            if (written_ < request_.size() && why_not_written_.empty() && !waits_to_write_) {
                return write_request();
            }
            return read_reply();
        case State::Idle:
            if (transport_.is_quiet() == Transport::Quiet::Yes) return wait_for(Wait::Read);
            return report([this] { parts_.events.idle_ended(*this); });
    }
}

/// Asio never stops asking epoll whether a socket is writable, once it did: every wait to read
/// would then wake the loop at once for nothing. Registering it anew is the only way to unask.
void HttpConnection::forget_writability() {
    const int fd = descriptor_.release();
    descriptor_.assign(fd);
}

void HttpConnection::connected() {
    if (origin_.scheme == sagas::HttpCall::Scheme::Https) {
        state_ = State::ShakingHands;
        return shake_hands();
    }
    state_ = State::Exchanging;
    write_request();
}

void HttpConnection::shake_hands() {
    switch (transport_.shake_hands(parts_.tls, origin_.host)) {
        case Step::Done:
            state_ = State::Exchanging;
            return write_request();
        case Step::WantRead:
            return wait_for(Wait::Read);
        case Step::WantWrite:
            return wait_for(Wait::Write);
        case Step::Ended:
            return fail_unsent("TLS: the connection was closed in the handshake");
        case Step::Failed:
            return fail_unsent(transport_.why_failed());
    }
}

void HttpConnection::write_request() {
    while (written_ < request_.size()) {
        const Transport::Moved moved =
            transport_.write(std::string_view(request_).substr(written_));
        // A record of TLS may be out in part when it has to wait.
        is_sent_ =
            is_sent_ || moved.bytes > 0 || (transport_.is_tls() && moved.step != Step::Failed);
        written_ += moved.bytes;
        if (moved.step == Step::Done) continue;
        if (moved.step == Step::WantWrite) {
            wait_for(Wait::Write);
        } else if (moved.step != Step::WantRead) {
            if (!is_sent_) return fail_unsent(transport_.why_failed());
            // A server that refuses a large request may answer without having read it all.
            why_not_written_ = transport_.why_failed();
        }
        return read_reply();
    }
    request_ = std::string();  // Thousands of calls may wait for their replies at once.
    written_ = 0;
    wait_for(Wait::Read);
}

void HttpConnection::read_reply() {
    for (;;) {
        const Transport::Moved moved = transport_.read(parts_.buffer);
        switch (moved.step) {
            case Step::Done: {
                ReplyReader::Progress progress = reader_.read(
                    std::string_view(parts_.buffer.data(), moved.bytes), parts_.clock.now());
                if (!std::holds_alternative<ReplyReader::NeedMore>(progress)) {
                    return take(std::move(progress));
                }
                if (transport_.is_tls() || moved.bytes == parts_.buffer.size()) continue;
                return wait_for(Wait::Read);
            }
            case Step::WantRead:
                return wait_for(Wait::Read);
            case Step::WantWrite:
                return wait_for(Wait::Write);
            case Step::Ended:
                return take(reader_.read_end(parts_.clock.now()));
            case Step::Failed:
                return take(ReplyReader::Broken{why_not_written_.empty() ? transport_.why_failed()
                                                                         : why_not_written_});
        }
    }
}

void HttpConnection::take(ReplyReader::Progress progress) {
    if (auto* const broken = std::get_if<ReplyReader::Broken>(&progress)) {
        // The other side closed a kept connection before the request was begun.
        if (!is_sent_) return fail_unsent(std::move(broken->why));
        return fail_sent(std::move(broken->why));
    }
    auto& whole = std::get<ReplyReader::Whole>(progress);
    if (!is_sent_) return fail_unsent("it sent a reply before there was a request");
    // What is still to be written would be taken for the next request.
    const Reuse reuse = request_.empty() ? whole.reuse : Reuse::No;
    end_exchange();
    report([this, reply = std::move(whole.reply), reuse]() mutable {
        parts_.events.replied(*this, std::move(reply), reuse);
    });
}

void HttpConnection::fail_unsent(std::string why) {
    report(
        [this, why = std::move(why)]() mutable { parts_.events.not_sent(*this, std::move(why)); });
}

void HttpConnection::fail_sent(std::string why) {
    report([this, why = std::move(why)]() mutable { parts_.events.lost(*this, std::move(why)); });
}

void HttpConnection::end_exchange() {
    state_ = State::Idle;
    request_ = std::string();
    written_ = 0;
    why_not_written_.clear();
    wait_for(Wait::Read);
}

/// Tells the owner, who may close this and let it go; so nothing comes after it in its callers.
template <typename Event>
void HttpConnection::report(Event event) {
    if (!is_starting_) {
        const HttpConnectionPtr self(this);
        return event();
    }
    asio::post(parts_.context,
               [self = HttpConnectionPtr(this), event = std::move(event)]() mutable {
                   if (!self->is_closed_) event();
               });
}

}  // namespace skald::engine
