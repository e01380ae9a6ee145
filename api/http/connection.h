#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/http/connections.h"
#include "api/http/dispatcher.h"
#include "api/http/head.h"
#include "api/http/reply_head.h"
#include "api/http/socket.h"
#include "api/http/worker_threads.h"
#include "api/http_server.h"

namespace skald::api::http {

/// What all connections of one server share.
struct Shared {
    const HttpServerOptions& options;
    const Dispatcher& dispatcher;
    const RequestObserver& observer;
    Connections& connections;
    const WorkerThreads& threads;
    const std::string id_prefix;  ///< Of request ids; drawn anew by each process.
};

/// One connection, from accept to close: reads requests one after the other (pipelined ones too,
/// for it keeps what came after a request), has them answered, and sends each reply at once.
///
/// It does by itself what httplib::Server::process_request would do: the strict reading has to be
/// ours in any case, for the library's leads around every limit, and then all that is left for it
/// is to write the reply, for several times the cost (docs/adr/0006).
///
/// Threads: the one that calls `serve`.
class Connection {
 public:
    /// `number`: which connection of the server this is. Takes over the socket.
    Connection(Shared& shared, int socket, std::uint64_t number);

    /// Serves the connection until it ends.
    void serve();

 private:
    enum class Next : std::uint8_t { Request, Close, Drain };
    /// Why reading ended without a request: a problem to answer with, or none (the peer is gone).
    using Ending = std::optional<Problem>;

    Next serve_request();
    tl::expected<std::size_t, Ending> receive_head();
    /// Takes the head (which stays readable until the next receive_head) and the body out of the
    /// buffer, and receives what is missing of the latter.
    tl::expected<std::string, Ending> receive_body(const RequestHead& head, std::size_t head_size,
                                                   std::size_t size_max);
    /// False: nothing came. Without a deadline, it waits as an idle connection does.
    bool receive_more(std::optional<Deadline> until);
    Ending ending_at(Deadline until, std::string_view what, sagas::Milliseconds time) const;

    std::variant<Reply, Stream> answer(const Route& route, const Request& request);
    Answer wait_for(Later later);

    /// Answers what could not be read whole; nothing after it can be made sense of.
    Next refuse(const Problem& problem, std::string_view operation_id = {},
                std::string_view method = {});
    /// Answers what was not let in; the connection goes on if no body follows.
    Next refuse(const RequestHead& head, std::size_t head_size, const Refusal& refusal);
    Persistence persistence_for(const RequestHead& head) const;
    Socket::Sent send(const Reply& reply, std::string_view operation_id, std::string_view method,
                      HttpVersion version, Persistence persistence);
    Next send(const Reply& reply, const Route& route, const RequestHead& head);
    Next send(const Stream& stream, const Route& route, const RequestHead& head);
    void tell(std::string_view operation_id, std::string_view method, int status) const;

    Shared& shared_;
    Socket socket_;
    Connections::Member member_;
    const std::string id_prefix_;
    const Deadline first_head_until_;  ///< The first request's head must be there by then.
    std::uint64_t requests_ = 0;
    std::string request_id_;
    std::vector<char> buffer_;  ///< [begin_, end_) arrived and was not taken yet.
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// Answers a connection that no thread has time for, without waiting for anything, and closes it.
void turn_away(Shared& shared, int socket, std::uint64_t number);

}  // namespace skald::api::http
