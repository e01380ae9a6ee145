#include "api/server_client.h"

#include <httplib.h>

#include <chrono>

#include "engine/clock.h"
#include "engine/mutex.h"

namespace skald::api {
namespace {

constexpr std::chrono::seconds kConnectTime{5};
constexpr sagas::Milliseconds kAnswerTime{35'000};  ///< A commit may take 30 s of it.

class HttpServerClient : public ServerClient {
 public:
    HttpServerClient(std::string origin, std::string prefix, const std::string& token)
        : origin_(std::move(origin)), prefix_(std::move(prefix)), client_(origin_) {
        client_.set_follow_location(false);
        client_.set_connection_timeout(kConnectTime);
        client_.set_keep_alive(true);
        if (!token.empty()) client_.set_bearer_token_auth(token);
    }
    bool is_valid() const { return client_.is_valid(); }

    sagas::Result<ServerReply> send(const ServerRequest& request) override {
        client_.set_read_timeout(request.wait + kAnswerTime);
        httplib::Request sent;
        sent.method = request.method;
        sent.path = prefix_ + request.target;
        sent.body = request.body;
        sent.set_header("Accept", "application/json");
        if (request.method != "GET") sent.set_header("Content-Type", "application/json");
        for (const auto& [name, value] : request.headers) sent.set_header(name, value);
        const httplib::Result result = client_.send(sent);
        if (!result) {
            return sagas::fail(sagas::ErrorCode::Unavailable,
                               origin_ + ": " + reason(result.error()));
        }
        ServerReply reply{result->status, nullptr};
        if (!result->body.empty()) {
            reply.body = Document::parse(result->body, nullptr, false);
            if (reply.body.is_discarded()) {
                return sagas::fail(sagas::ErrorCode::Unavailable,
                                   origin_ + ": answered " + std::to_string(result->status) +
                                       " with something that is no JSON; is it a skald server?");
            }
        }
        return reply;
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
