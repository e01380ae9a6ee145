#include "engine/tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

std::string take_error_text() {
    const unsigned long code = ERR_get_error();  // The first one: what went wrong at the root.
    ERR_clear_error();
    if (code == 0) return "unknown error";
    const char* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, hence one of ours.

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool is_for_later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int write_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(socket_of(bio), bytes, size, MSG_NOSIGNAL);
    *written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (sent < 0 && is_for_later(errno)) BIO_set_retry_write(bio);
    return sent >= 0 ? 1 : 0;
}

int read_socket(BIO* bio, char* bytes, std::size_t size, std::size_t* read) {
    BIO_clear_retry_flags(bio);
    const ssize_t received = ::recv(socket_of(bio), bytes, size, 0);
    *read = received > 0 ? static_cast<std::size_t>(received) : 0;
    if (received < 0 && is_for_later(errno)) BIO_set_retry_read(bio);
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return received > 0 ? 1 : 0;
}

long control_socket(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return 0;
}

const BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "skald socket");
        if (made != nullptr) {
            BIO_meth_set_write_ex(made, write_socket);
            BIO_meth_set_read_ex(made, read_socket);
            BIO_meth_set_ctrl(made, control_socket);
        }
        return made;
    }();
    return method;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

/// RFC 6125; an address has no SNI (RFC 6066, 3).
bool expect_host(SSL* session, const std::string& host) {
    X509_VERIFY_PARAM* const parameters = SSL_get0_param(session);
    if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

void SslDelete::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void SslDelete::operator()(ssl_st* session) const { SSL_free(session); }

Result<SslContext> make_tls_context(const std::string& ca_file) {
    SslContext context(SSL_CTX_new(TLS_client_method()));
    if (!context) return sagas::fail(ErrorCode::Unavailable, "start TLS: " + take_error_text());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    // An idle connection then holds no buffers of 16 KiB each.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context.get(), kHttp11, sizeof(kHttp11) - 1);
    const int loaded = ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get())
                           : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
    if (loaded != 1) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "read the certificates in " +
                               (ca_file.empty() ? std::string("the system's store") : ca_file) +
                               ": " + take_error_text());
    }
    return context;
}

Result<SslSession> make_tls_session(ssl_ctx_st& context, int fd, const std::string& host) {
    SslSession session(SSL_new(&context));
    BIO* const bio = socket_method() != nullptr ? BIO_new(socket_method()) : nullptr;
    if (!session || bio == nullptr || !expect_host(session.get(), host)) {
        BIO_free(bio);
        return sagas::fail(ErrorCode::Unavailable, "TLS: " + take_error_text());
    }
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(session.get(), bio, bio);
    SSL_set_connect_state(session.get());
    return session;
}

std::string take_tls_error(const ssl_st& session) {
    const long verified = SSL_get_verify_result(&session);
    if (verified != X509_V_OK) {
        ERR_clear_error();
        return std::string("TLS: ") + X509_verify_cert_error_string(verified);
    }
    return "TLS: " + take_error_text();
}

}  // namespace skald::engine
