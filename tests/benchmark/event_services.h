#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/outside/http_client.h"

namespace skald::benchmark {

/// What a page of commands (the answer to a fetch) is answered with: a batch of events that say
/// `done`, and the leases to acknowledge, as members of a JSON array. Both empty: there was none.
struct CommandAnswers {
    std::string replies;
    std::string leases;
};
CommandAnswers answer_commands(std::string_view page, std::string_view source);

/// The participants of Shape::Events: for each of its three steps a service that fetches its
/// commands in batches, publishes the replies in a batch, and when they are durable acknowledges
/// the commands; which nobody waits for, and so is done for several batches at once.
///
/// Threads: one makes and ends it; it has some of its own.
class EventServices {
 public:
    /// Subscribes them to the commands that come from now on. Throws std::runtime_error.
    explicit EventServices(std::uint16_t port);

 private:
    /// Leases whose replies are durable.
    struct Answered {
        std::mutex mutex;
        std::condition_variable_any changed;
        std::string leases;  ///< Guarded by mutex.
    };

    static void serve(const std::stop_token& stop, std::uint16_t port, const std::string& name,
                      Answered& answered);
    static void acknowledge(const std::stop_token& stop, std::uint16_t port,
                            const std::string& name, Answered& answered);

    std::deque<Answered> answered_;  ///< Of each service.
    std::vector<std::jthread> threads_;
};

/// Makes the subscription, or gives it that document. Throws std::runtime_error.
void put_subscription(outside::HttpClient& client, const std::string& name,
                      const std::string& json);

}  // namespace skald::benchmark
