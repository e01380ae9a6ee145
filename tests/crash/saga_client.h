#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/crash/supervisor.h"
#include "tests/outside/http_client.h"

namespace skald::crash {

/// A client that doesn't mind that skald is killed: it sends each request again until skald
/// answers it. Threads: one each.
class SagaClient {
 public:
    explicit SagaClient(Supervisor& supervisor) : supervisor_(supervisor) {}

    /// The first answer that isn't 503; none when the supervisor gave up.
    std::optional<outside::HttpReply> send(std::string_view method, const std::string& target,
                                           std::string_view json = {},
                                           std::string_view headers = {});
    std::optional<outside::HttpReply> get(const std::string& target) { return send("GET", target); }

 private:
    Supervisor& supervisor_;
    std::optional<outside::HttpClient> client_;
};

/// How a start is made repeatable.
struct Start {
    std::string id;               ///< The client's own id; empty: none,
    std::string idempotency_key;  ///< then this one.
    std::string body;
};

/// Start number `number` of a run: every second one with an id of its own, the others with a key.
Start make_start(std::uint64_t seed, std::size_t number, std::string_view story);

struct StartAnswer {
    std::string saga;     ///< Empty: it was not accepted.
    std::string problem;  ///< Why.
};

/// Asks for the saga until skald answers.
StartAnswer start(SagaClient& client, const Start& start);

/// What skald says to a participant that calls back.
struct CallbackAnswer {
    bool is_taken = false;
    std::string problem;  ///< Why it was not answered; empty: it was.
};

/// Says there how the call ended ("success"), until skald answers.
CallbackAnswer call_back(SagaClient& client, const std::string& target, std::string_view outcome);

/// Waits for the saga's end; its status, or what was answered instead.
std::string await_end(SagaClient& client, const std::string& saga);

/// The ids of all sagas that skald lists, by status, page after page.
std::map<std::string, std::size_t> count_by_status(SagaClient& client);

/// The saga and its journal as skald tells them, for people.
std::string describe(SagaClient& client, const std::string& saga);

}  // namespace skald::crash
