#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "tests/outside/http_client.h"

namespace skald::events {

/// How far a run is, shared by all of its threads. Threads: any.
class Course {
 public:
    std::atomic<std::uint64_t> published = 0;  ///< Over HTTP; acknowledged.
    std::atomic<std::uint64_t> inbound = 0;    ///< Into the broker's stream; acknowledged.
    std::atomic<std::uint64_t> orders = 0;     ///< Events that start sagas; acknowledged.
    /// Of what was published: how many events the slowest subscriber lacks.
    std::atomic<std::uint64_t> behind = 0;
    std::atomic<std::uint64_t> sagas_behind = 0;  ///< Orders whose saga has not ended.
    std::atomic<std::uint64_t> sent_again = 0;    ///< Requests that got no answer.

    /// Waits; false at once when the run is over.
    bool pause(std::chrono::milliseconds time);
    bool is_over() const;
    void end();
    /// Ends it for a reason; the first one counts.
    void fail(const std::string& reason);
    std::string failure() const;

 private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_over_ = false;
    std::string failure_;
};

/// Sends the request until it is answered, and not with 503; none: the run was over before.
std::optional<outside::HttpReply> ask(Course& course, outside::HttpClient& client,
                                      std::string_view method, const std::string& target,
                                      std::string_view json = {}, std::string_view headers = {});

}  // namespace skald::events
