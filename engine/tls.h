#pragma once

#include <memory>
#include <string>

#include "sagas/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace skald::engine {

struct SslDelete {
    void operator()(ssl_ctx_st* context) const;
    void operator()(ssl_st* session) const;
};
using SslContext = std::unique_ptr<ssl_ctx_st, SslDelete>;
using SslSession = std::unique_ptr<ssl_st, SslDelete>;

/// What all TLS clients share: TLS 1.2 at least, servers' certificates checked against `ca_file`
/// (PEM) or, where that is empty, the system's.
/// Errors: InvalidArgument: `ca_file` can't be read.
sagas::Result<SslContext> make_tls_context(const std::string& ca_file);

/// The client's side of one connection over the socket `fd` (borrowed, non-blocking), whose server
/// must prove to be `host`, a name or address. Writing to a closed socket raises no SIGPIPE.
/// Errors: Unavailable (no memory).
sagas::Result<SslSession> make_tls_session(ssl_ctx_st& context, int fd, const std::string& host);

/// Why the call of OpenSSL that just failed on `session` did, in words; empties OpenSSL's queue of
/// errors.
std::string take_tls_error(const ssl_st& session);

}  // namespace skald::engine
