#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/http_client.h"
#include "tests/outside/participant_server.h"
#include "tests/outside/skald_process.h"

/// The real binary over real HTTP, its participants, and its command line.
namespace skald::end_to_end {

using Json = nlohmann::json;

/// A folder of its own under the system's temporary one; removed at the end.
class Folder {
 public:
    Folder();
    ~Folder();
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
    std::filesystem::path path_;
};

/// Every service that the sagas call, at one port. Answers 200 with {} unless it was told else.
///
/// Threads: any.
class Participants {
 public:
    Participants();
    ~Participants();

    std::uint16_t port() const { return server_.ports().front(); }
    /// What "POST /charge" and the like get from now on.
    void answer(const std::string& call, int status, const Json& body);
    /// Calls to it get no answer.
    void be_silent(const std::string& call);
    /// Waits until it was called `count` times; false after 30 s.
    bool await_calls(const std::string& call, std::size_t count);
    /// The calls so far, in order: "POST /charge".
    std::vector<std::string> calls();
    /// The value of a header of each call to `call`.
    std::vector<std::string> headers(const std::string& call, const std::string& name);

 private:
    struct Seen {
        std::string call;
        std::string headers;
    };
    void take(const outside::ReceivedCall& call);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::optional<std::string>> replies_;  ///< None: silent.
    std::vector<Seen> seen_;
    outside::ParticipantServer server_{1};
    std::thread thread_;
};

/// A `skald serve`, with a client.
class RunningSkald {
 public:
    explicit RunningSkald(const std::filesystem::path& database,
                          std::vector<std::string> arguments = {});

    outside::SkaldProcess& process() { return process_; }
    std::uint16_t port() const { return port_; }

    struct Answer {
        int status = 0;  ///< 0: none came.
        std::string headers;
        std::string text;
        Json body;
    };
    Answer send(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& headers = "");
    Answer get(const std::string& target) { return send("GET", target); }

 private:
    outside::SkaldProcess process_;
    std::uint16_t port_;
};

/// What a command printed (both streams) and exited with.
struct Ran {
    int exit = -1;
    std::string output;
};
/// Runs `skald ARGUMENTS` in a shell and waits for its end.
Ran run_skald(const std::string& arguments);

/// A definition whose steps POST to /NAME and are undone by POST /undo-NAME.
Json definition(const std::string& name, const std::vector<std::string>& steps, std::uint16_t port);

}  // namespace skald::end_to_end
