#include "engine/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "sagas/check.h"

namespace skald::engine {
namespace {

/// The system's words, in lower case as they stand behind a colon.
std::string error_text(int error) {
    std::string text = std::generic_category().message(error);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

bool is_would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

sagas::Result<int> Transport::open_socket(const Address& address) {
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            IPPROTO_TCP);
    if (fd < 0) {
        return sagas::fail(sagas::ErrorCode::Unavailable, errno == EMFILE || errno == ENFILE
                                                              ? "no file descriptor is free"
                                                              : error_text(errno));
    }
    // A request is one write; Nagle's algorithm could only delay its last segment.
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

Transport::Step Transport::connect(const Address& address) {
    const auto* const name = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(fd_, name, address.length) == 0) return Step::Done;
    return errno == EINPROGRESS || errno == EINTR ? Step::WantWrite : fail(errno);
}

Transport::Step Transport::finish_connect() {
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return fail(error);
    // No error yet is not yet a connection: the wait may have ended for no reason.
    sockaddr_storage peer{};
    size = sizeof(peer);
    if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return Step::Done;
    return errno == ENOTCONN ? Step::WantWrite : fail(errno);
}

Transport::Step Transport::shake_hands(ssl_ctx_st& context, const std::string& host) {
    if (!session_) {
        sagas::Result<SslSession> session = make_tls_session(context, fd_, host);
        if (!session) {
            why_failed_ = std::move(session.error().message);
            return Step::Failed;
        }
        session_ = std::move(*session);
    }
    ERR_clear_error();
    return tls_step(SSL_do_handshake(session_.get()));
}

Transport::Moved Transport::write(std::string_view bytes) {
    SKALD_CHECK(!bytes.empty());
    if (session_) {
        ERR_clear_error();
        std::size_t written = 0;
        const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
        return {tls_step(result), written};
    }
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {Step::Done, static_cast<std::size_t>(sent)};
    if (is_would_block(errno) || errno == EINTR) return {Step::WantWrite};
    return {fail(errno)};
}

Transport::Moved Transport::read(std::span<char> buffer) {
    if (session_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &got);
        return {tls_step(result), got};
    }
    const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (received > 0) return {Step::Done, static_cast<std::size_t>(received)};
    if (received == 0) return {Step::Ended};
    if (is_would_block(errno) || errno == EINTR) return {Step::WantRead};
    return {fail(errno)};
}

Transport::Quiet Transport::is_quiet() {
    char byte = 0;
    if (session_) {
        // Reads what is not the application's, such as tickets, which some servers send late.
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_peek_ex(session_.get(), &byte, 1, &got);
        return tls_step(result) == Step::WantRead ? Quiet::Yes : Quiet::No;
    }
    const ssize_t received = ::recv(fd_, &byte, 1, MSG_PEEK);
    return received < 0 && is_would_block(errno) ? Quiet::Yes : Quiet::No;
}

void Transport::say_goodbye() {
    if (!session_) return;
    ERR_clear_error();
    SSL_shutdown(session_.get());
    ERR_clear_error();
}

Transport::Step Transport::fail(int error) {
    why_failed_ = error_text(error);
    return Step::Failed;
}

Transport::Step Transport::tls_step(int result) {
    if (result == 1) return Step::Done;
    const int system_error = errno;
    switch (SSL_get_error(session_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Step::WantRead;
        case SSL_ERROR_WANT_WRITE:
            return Step::WantWrite;
        case SSL_ERROR_ZERO_RETURN:
            return Step::Ended;
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            why_failed_ = system_error != 0 ? "TLS: " + error_text(system_error)
                                            : "TLS: the connection was cut";
            return Step::Failed;
        default:
            why_failed_ = take_tls_error(*session_);
            return Step::Failed;
    }
}

}  // namespace skald::engine
