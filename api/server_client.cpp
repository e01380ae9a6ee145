#include "api/server_client.h"

#include <httplib.h>

#include <chrono>
#include <thread>
#include <utility>

#include "engine/clock.h"
#include "engine/mutex.h"

namespace skald::api {
namespace {

using cli::EventStreamReader;
using cli::ServerEvent;

constexpr std::chrono::seconds kConnectTime{5};
constexpr sagas::Milliseconds kAnswerTime{35'000};   ///< A commit may take 30 s of it.
constexpr sagas::Milliseconds kSilenceMax{45'000};   ///< Of a stream: the server pings at 15 s.
constexpr sagas::Milliseconds kEventsGather{200};    ///< Between two handings over.
constexpr std::size_t kProblemBytesMax = 16u << 20;  ///< Of the body instead of a stream.
constexpr std::size_t kEventsWaitingMax = 10'000;    ///< Then the reading waits.

/// Events on their way from the thread that reads them to the one that uses them.
class EventQueue {
 public:
    /// Waits while too many are there. False: nobody wants them any more.
    bool push(std::vector<ServerEvent> events) SKALD_EXCLUDES(mutex_) {
        const engine::MutexLock lock(mutex_);
        while (events_.size() >= kEventsWaitingMax && !is_stopped_) changed_.wait(mutex_);
        if (is_stopped_) return false;
        for (ServerEvent& event : events) events_.push_back(std::move(event));
        changed_.notify_all();
        return true;
    }
    /// No more will come.
    void end() SKALD_EXCLUDES(mutex_) {
        const engine::MutexLock lock(mutex_);
        is_ended_ = true;
        changed_.notify_all();
    }
    /// No more are wanted.
    void stop() SKALD_EXCLUDES(mutex_) {
        const engine::MutexLock lock(mutex_);
        is_stopped_ = true;
        changed_.notify_all();
    }
    /// What came, at the earliest at `from`, or sooner where it ended. Empty: that was all.
    std::vector<ServerEvent> take(engine::Instant from) SKALD_EXCLUDES(mutex_) {
        using Woken = engine::ConditionVariable::Woken;
        const engine::MutexLock lock(mutex_);
        while (events_.empty() && !is_ended_) changed_.wait(mutex_);
        while (!is_ended_ && changed_.wait_until(mutex_, from) != Woken::TimedOut) {
        }
        changed_.notify_all();
        return std::exchange(events_, {});
    }

 private:
    engine::Mutex mutex_;
    engine::ConditionVariable changed_;
    std::vector<ServerEvent> events_ SKALD_GUARDED_BY(mutex_);
    bool is_ended_ SKALD_GUARDED_BY(mutex_) = false;
    bool is_stopped_ SKALD_GUARDED_BY(mutex_) = false;
};

/// What came of reading a stream.
struct StreamEnd {
    int status = 0;  ///< 0: no answer.
    bool is_stream = false;
    std::string body;  ///< Where it is no stream.
    std::string error;
};

class HttpServerClient : public ServerClient {
 public:
    HttpServerClient(std::string origin, std::string prefix, std::string token)
        : origin_(std::move(origin)),
          prefix_(std::move(prefix)),
          token_(std::move(token)),
          client_(origin_) {
        set_up(client_);
        client_.set_keep_alive(true);
    }
    bool is_valid() const { return client_.is_valid(); }

    sagas::Result<ServerReply> send(const ServerRequest& request) override {
        client_.set_read_timeout(request.wait + kAnswerTime);
        const httplib::Result result = client_.send(to_http(request, "application/json"));
        if (!result) return unavailable(reason(result.error()));
        if (result->get_header_value("Content-Type").starts_with("text/vnd.")) {
            return ServerReply{result->status, result->body};
        }
        return read_reply(result->status, result->body);
    }

    sagas::Result<ServerReply> stream(const ServerRequest& request,
                                      const OnEvents& on_events) override {
        httplib::Client client(origin_);
        set_up(client);
        client.set_read_timeout(kSilenceMax);
        EventQueue queue;
        StreamEnd end;
        {
            const std::jthread reading([&] {
                end = read_stream(client, request, queue);
                queue.end();
            });
            engine::Instant next = engine::steady_now() + kEventsGather;
            for (auto events = queue.take(next); !events.empty(); events = queue.take(next)) {
                if (on_events(events) == Following::End) {
                    queue.stop();
                    client.stop();
                    break;
                }
                next = engine::steady_now() + kEventsGather;
            }
        }
        if (end.is_stream) return ServerReply{end.status, nullptr};
        if (end.status == 0) return unavailable(end.error);
        if (end.status == 200) return unavailable("answered with something that is no stream");
        return read_reply(end.status, end.body);
    }

    void pause(sagas::Milliseconds time) override {
        engine::Mutex mutex;
        engine::ConditionVariable nothing_happens;
        const engine::Instant until = engine::steady_now() + time;
        const engine::MutexLock lock(mutex);
        while (nothing_happens.wait_until(mutex, until) !=
               engine::ConditionVariable::Woken::TimedOut) {
        }
    }

 private:
    void set_up(httplib::Client& client) const {
        client.set_follow_location(false);
        client.set_connection_timeout(kConnectTime);
        if (!token_.empty()) client.set_bearer_token_auth(token_);
    }

    httplib::Request to_http(const ServerRequest& request, const char* accept) const {
        httplib::Request sent;
        sent.method = request.method;
        sent.path = prefix_ + request.target;
        sent.body = request.body;
        sent.set_header("Accept", accept);
        for (const auto& [name, value] : request.headers) sent.set_header(name, value);
        const bool is_typed = sent.has_header("Content-Type");
        if (request.method != "GET" && !is_typed) {
            sent.set_header("Content-Type", "application/json");
        }
        return sent;
    }

    static bool is_event_stream(const httplib::Response& response) {
        return response.status == 200 &&
               response.get_header_value("Content-Type").starts_with("text/event-stream");
    }

    /// Returns when the stream ends, breaks, or nobody wants its events any more.
    StreamEnd read_stream(httplib::Client& client, const ServerRequest& request,
                          EventQueue& queue) const {
        StreamEnd end;
        EventStreamReader reader;
        httplib::Request sent = to_http(request, "text/event-stream");
        sent.response_handler = [&end](const httplib::Response& response) {
            end.status = response.status;
            end.is_stream = is_event_stream(response);
            return true;
        };
        sent.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                    std::uint64_t) {
            if (!end.is_stream) {
                end.body.append(data, size);
                return end.body.size() <= kProblemBytesMax;
            }
            if (!reader.feed({data, size})) return false;
            auto events = reader.take();
            return events.empty() || queue.push(std::move(events));
        };
        const httplib::Result result = client.send(sent);
        if (!result) end.error = reason(result.error());
        return end;
    }

    sagas::Result<ServerReply> read_reply(int status, const std::string& body) const {
        ServerReply reply{status, nullptr};
        if (body.empty()) return reply;
        reply.body = Document::parse(body, nullptr, false);
        if (reply.body.is_discarded()) {
            return unavailable("answered " + std::to_string(status) +
                               " with something that is no JSON; is it a skald server?");
        }
        return reply;
    }

    tl::unexpected<sagas::Error> unavailable(const std::string& why) const {
        return sagas::fail(sagas::ErrorCode::Unavailable, origin_ + ": " + why);
    }

    static std::string reason(httplib::Error error) {
        switch (error) {
            case httplib::Error::Connection:
                return "can't connect; is `skald serve` running there?";
            case httplib::Error::Read:
                return "the connection broke before the answer came";
            case httplib::Error::SSLServerVerification:
                return "the server's certificate is not trusted";
            default:
                return httplib::to_string(error);
        }
    }

    const std::string origin_;
    const std::string prefix_;
    const std::string token_;
    httplib::Client client_;
};

}  // namespace

sagas::Result<std::unique_ptr<ServerClient>> make_server_client(const std::string& url,
                                                                const std::string& token) {
    const auto scheme = url.find("://");
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    if (!is_http || scheme + 3 >= url.size()) {
        return sagas::fail(
            sagas::ErrorCode::InvalidArgument,
            "server: \"" + url + "\" is no URL of a server; it looks like http://127.0.0.1:8080");
    }
    const auto slash = url.find('/', scheme + 3);
    std::string prefix = slash == std::string::npos ? "" : url.substr(slash);
    while (prefix.ends_with('/')) prefix.pop_back();
    auto client = std::make_unique<HttpServerClient>(url.substr(0, slash), prefix, token);
    if (!client->is_valid()) {
        return sagas::fail(sagas::ErrorCode::InvalidArgument,
                           "server: \"" + url + "\" is no URL of a server");
    }
    return client;
}

}  // namespace skald::api
