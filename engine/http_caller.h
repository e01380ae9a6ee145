#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/caller.h"
#include "engine/clock.h"
#include "engine/loop.h"
#include "sagas/result.h"

namespace skald::engine {

struct HttpCallerOptions {
    std::size_t calls_per_origin = 256;  ///< In flight; scheme, host and port make an origin.
    std::size_t calls_max =
        20'000;  ///< In flight in all; lowered to the file descriptors there are.
    std::size_t header_bytes_max = 32u << 10;  ///< Of a reply.
    std::size_t header_count_max = 100;
    std::size_t reply_bytes_max = 1u << 20;
    sagas::Milliseconds idle_max{15'000};  ///< An idle connection is closed after it.
    /// An older connection is not kept, so that a name that moves is followed.
    sagas::Milliseconds connection_age_max{300'000};
    std::size_t resolver_threads = 4;
    sagas::Milliseconds resolve_ttl{
        30'000};          ///< Names that were found; 1 s for those that weren't.
    std::string ca_file;  ///< Empty: the system's certificates.
};

/// Calls over HTTP/1.1 and TLS (1.2 at least; system CAs, host name checked), with a pool of kept
/// connections per origin and a fair queue where an origin is full. Replies are parsed by
/// Boost.Beast. Redirects are not followed, bodies not decompressed, proxies, cookies and
/// credentials in the environment not used. No request is sent twice for one `call`.
///
/// Raises the process' soft limit of file descriptors to the hard one. `answered` is called on the
/// loop's thread and must not destroy the caller. Destroying it drops what is in flight: no answer
/// comes any more. Threads: as Caller; made and destroyed on the loop's thread or while no thread
/// is in it. `loop` and `clock` must outlive it.
///
/// Errors: InvalidArgument: `ca_file` can't be read.
sagas::Result<std::unique_ptr<Caller>> make_http_caller(Loop& loop, const Clock& clock,
                                                        HttpCallerOptions options,
                                                        Caller::Answered answered);

}  // namespace skald::engine
