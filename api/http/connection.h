#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/connections.h"
#include "api/http/dispatcher.h"
#include "api/http/head.h"
#include "api/http/poller.h"
#include "api/http/receive_buffer.h"
#include "api/http/reply_head.h"
#include "api/http/socket.h"
#include "api/http/stream_body.h"
#include "api/http_server.h"

namespace skald::api::http {

/// What all connections of one server share.
struct Shared {
    const HttpServerOptions& options;
    const HeadLimits head_limits;
    const Dispatcher& dispatcher;
    const RequestObserver& observer;
    Connections& connections;
    Poller& poller;
    const std::string id_prefix;  ///< Of request ids; drawn anew by each process.
};

/// One connection, from accept to close: reads requests one after the other (pipelined ones too,
/// for it keeps what came after a request), has them answered, and sends each reply at once.
///
/// It goes from stage to stage until one of them must wait; then its thread is free for others
/// (poller.h).
///
/// It does by itself what httplib::Server::process_request would do: the strict reading has to be
/// ours in any case, for the library's leads around every limit, and then all that is left for it
/// is to write the reply, for several times the cost (docs/adr/0006).
///
/// Threads: one at a time.
class Connection final : public Poller::Waiter {
 public:
    /// `number`: which connection of the server this is. Takes over the socket.
    Connection(Shared& shared, Poller::Id id, int socket, std::uint64_t number);
    ~Connection() override;

    /// For its first request.
    Wait first_wait() const { return {Wait::For::Bytes, until_}; }

    std::optional<Wait> go_on() override;

 private:
    enum class Stage : std::uint8_t {
        Between,  ///< Two requests, or before the first.
        Head,
        Body,
        Handling,
        Finishing,  ///< A Later's wait is over.
        Sending,
        Streaming,
        Draining,
        Over,
    };
    /// What comes next: at once, or (in the stage that says so) after a wait.
    using Step = std::variant<Stage, Wait>;

    Step step();

    // Reading.
    Step await_request();
    Step begin_request();
    Step read_head();
    Step admit(std::size_t head_size);
    Step begin_body(const RequestHead& head, std::size_t head_size);
    Step read_body();
    /// No more bytes are there: waits for some, until `time`, which was given for `what`, is over.
    Step await_bytes(ReceiveBuffer::Received received, std::string_view what,
                     sagas::Milliseconds time);

    // Answering.
    Step handle();
    Step finish_later();
    Step answer_by(const std::function<Answer()>& make);
    Step answer_with(Answer answer);
    Step await_later(Later later);
    bool is_later_over() const;
    Step fail(std::string_view why);

    // Sending.
    /// Answers what could not be read whole; nothing after it can be made sense of.
    Step refuse(const Problem& problem);
    /// Answers what was not let in; the connection goes on if no body follows.
    Step refuse(const Refusal& refusal, std::size_t content_length);
    Persistence persistence() const;
    Step reply(Reply reply);
    Step send(Reply reply, Persistence persistence, Stage then);
    Step begin_sending(std::string head, std::string body, sagas::Milliseconds time, Stage then);
    Step go_on_sending();
    Step end_request();
    Step begin_streaming(Stream stream);
    Step go_on_streaming();
    Step send_next_of_stream();
    Step await_stream(const Stream::Wait& wait);
    Step begin_draining();
    Step go_on_draining();
    void tell(int status) const;

    /// The request that is read or answered.
    struct Exchange {
        std::string id;
        const Route* route = nullptr;     ///< Null: none matched, or it isn't known yet.
        std::string_view operation_id{};  ///< Of the route.
        std::string_view method;          ///< One that is known, or "OTHER".
        HttpVersion version = HttpVersion::Http11;
        bool is_persistent = false;
        Request request{};
        std::size_t body_size = 0;
    };

    Shared& shared_;
    const Poller::Id id_;
    Socket socket_;
    Connections::Member member_;
    const std::string id_prefix_;
    ReceiveBuffer received_;
    Stage stage_ = Stage::Between;
    Deadline until_;  ///< Of the stage.
    std::uint64_t requests_ = 0;
    Exchange exchange_;

    std::optional<Later> later_;
    Deadline later_until_{};
    bool is_counted_ = false;  ///< `later_` counts as one that waits: it is Long.

    std::string head_;
    std::string body_;
    std::string_view head_left_;  ///< Of head_, to be sent.
    std::string_view body_left_;  ///< Of body_.
    Stage after_sending_ = Stage::Over;
    std::optional<StreamBody> stream_;
    std::optional<Deadline> stream_waits_until_;
    std::size_t drained_ = 0;
};

/// Answers a connection that there is no place for, without waiting for anything, and closes it.
void turn_away(Shared& shared, int socket, std::uint64_t number);

}  // namespace skald::api::http
