#include "tests/engine/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <list>
#include <thread>
#include <utility>

#include "engine/mutex.h"
#include "sagas/check.h"

namespace skald::engine {
namespace {

struct SslFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
};

std::unique_ptr<SSL_CTX, SslFree> make_context(const Identity& identity) {
    std::unique_ptr<SSL_CTX, SslFree> context(SSL_CTX_new(TLS_server_method()));
    BIO* const certificate_text =
        BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size()));
    X509* const certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
    BIO* const key_text =
        BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
    SKALD_CHECK(SSL_CTX_use_certificate(context.get(), certificate) == 1);
    SKALD_CHECK(SSL_CTX_use_PrivateKey(context.get(), key) == 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(certificate_text);
    BIO_free(key_text);
    return context;
}

/// Where the body of the request that begins `bytes` ends; npos: not all of it is there.
std::size_t request_end(const std::string& bytes) {
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string::npos) return std::string::npos;
    std::size_t length = 0;
    const std::size_t field = bytes.find("\r\nContent-Length: ");
    if (field < head_end) length = std::strtoul(bytes.c_str() + field + 18, nullptr, 10);
    const std::size_t end = head_end + 4 + length;
    return bytes.size() >= end ? end : std::string::npos;
}

/// Of one connection's thread, but for `interrupt`.
class SocketPeer : public Peer {
 public:
    explicit SocketPeer(int fd) : fd_(fd) {}
    ~SocketPeer() override {
        const MutexLock lock(mutex_);
        close_locked();
    }

    std::string read_request() override {
        for (;;) {
            const std::size_t end = request_end(unread_);
            if (end != std::string::npos) {
                std::string request = unread_.substr(0, end);
                unread_.erase(0, end);
                return request;
            }
            const std::string more = receive();
            if (more.empty()) return "";
            unread_ += more;
        }
    }
    std::string read_some() override {
        if (!unread_.empty()) return std::exchange(unread_, {});
        return receive();
    }
    void send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end_sending() override { ::shutdown(fd_, SHUT_WR); }
    void reset() override {
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close();
    }
    void close() override {
        const MutexLock lock(mutex_);
        close_locked();
    }

    /// From another thread: what the script waits for ends now.
    void interrupt() {
        const MutexLock lock(mutex_);
        if (is_open_) ::shutdown(fd_, SHUT_RDWR);
    }

 protected:
    virtual std::string receive() {
        std::array<char, 65536> buffer;
        const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
        return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
    }

    const int fd_;

 private:
    void close_locked() SKALD_REQUIRES(mutex_) {
        if (is_open_) ::close(fd_);
        is_open_ = false;
    }

    std::string unread_;
    Mutex mutex_;
    bool is_open_ SKALD_GUARDED_BY(mutex_) = true;
};

class TlsPeer final : public SocketPeer {
 public:
    TlsPeer(int fd, SSL_CTX* context) : SocketPeer(fd), session_(SSL_new(context)) {
        SSL_set_fd(session_.get(), fd);
        is_up_ = SSL_accept(session_.get()) == 1;
        ERR_clear_error();
    }
    void send(std::string_view bytes) override {
        if (is_up_) SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    }
    void end_sending() override {
        if (is_up_) SSL_shutdown(session_.get());
    }

 private:
    std::string receive() override {
        std::array<char, 65536> buffer;
        const int got =
            is_up_ ? SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size())) : 0;
        ERR_clear_error();
        return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
    }

    std::unique_ptr<SSL, SslFree> session_;
    bool is_up_ = false;
};

}  // namespace

struct ScriptedServer::State {
    Script script;
    std::unique_ptr<SSL_CTX, SslFree> tls;
    int listener = -1;
    std::uint16_t port = 0;

    Mutex mutex;
    bool is_ending SKALD_GUARDED_BY(mutex) = false;
    std::size_t connections SKALD_GUARDED_BY(mutex) = 0;
    std::list<SocketPeer*> peers SKALD_GUARDED_BY(mutex);
    std::list<int> sockets SKALD_GUARDED_BY(mutex);  // Before the handshake is done.
    std::list<std::jthread> scripts SKALD_GUARDED_BY(mutex);
    std::jthread acceptor;

    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            const MutexLock lock(mutex);
            if (is_ending || fd < 0) {
                if (fd >= 0) ::close(fd);
                if (is_ending) return;
                continue;
            }
            const std::size_t number = connections++;
            sockets.push_back(fd);
            scripts.emplace_back([this, fd, number] { run(fd, number); });
        }
    }

    void run(int fd, std::size_t number) {
        std::unique_ptr<SocketPeer> peer;
        if (tls) {
            peer = std::make_unique<TlsPeer>(fd, tls.get());
        } else {
            peer = std::make_unique<SocketPeer>(fd);
        }
        {
            const MutexLock lock(mutex);
            sockets.remove(fd);
            peers.push_back(peer.get());
            if (is_ending) peer->interrupt();
        }
        script(*peer, number);
        const MutexLock lock(mutex);
        peers.remove(peer.get());
    }
};

ScriptedServer::ScriptedServer(Script script, std::optional<Identity> tls)
    : state_(std::make_unique<State>()) {
    state_->script = std::move(script);
    if (tls) {
        std::signal(SIGPIPE,
                    SIG_IGN);  // Of this server's own writes: OpenSSL can't be told not to.
        state_->tls = make_context(*tls);
    }
    state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    SKALD_CHECK(::bind(state_->listener, name, sizeof(address)) == 0);
    SKALD_CHECK(::listen(state_->listener, 4096) == 0);
    socklen_t size = sizeof(address);
    ::getsockname(state_->listener, name, &size);
    state_->port = ntohs(address.sin_port);
    state_->acceptor = std::jthread([state = state_.get()] { state->accept_all(); });
}

ScriptedServer::~ScriptedServer() {
    {
        const MutexLock lock(state_->mutex);
        state_->is_ending = true;
        for (SocketPeer* const peer : state_->peers) peer->interrupt();
        for (const int socket : state_->sockets) ::shutdown(socket, SHUT_RDWR);
    }
    ::shutdown(state_->listener, SHUT_RDWR);
    state_->acceptor.join();
    std::list<std::jthread> scripts;
    {
        const MutexLock lock(state_->mutex);
        scripts.swap(state_->scripts);
    }
    scripts.clear();
    ::close(state_->listener);
}

std::uint16_t ScriptedServer::port() const { return state_->port; }

std::size_t ScriptedServer::connections() const {
    const MutexLock lock(state_->mutex);
    return state_->connections;
}

ScriptedServer::Script answer_all(std::string reply) {
    return [reply = std::move(reply)](Peer& peer, std::size_t) {
        while (!peer.read_request().empty()) peer.send(reply);
    };
}

std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace skald::engine
