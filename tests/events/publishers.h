#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/events/books.h"
#include "tests/events/course.h"

namespace skald::events {

struct PublisherOptions {
    std::uint64_t seed = 0;
    std::uint16_t skald = 0;    ///< Port.
    std::uint16_t nats = 0;     ///< Port; 0: there is none.
    std::uint64_t events = 0;   ///< Over HTTP.
    std::uint64_t inbound = 0;  ///< By an outsider, into the broker's stream.
    std::uint64_t orders = 0;   ///< Events that start sagas.
};

/// Those who publish: over HTTP in batches; an outsider into the broker's stream; and one that
/// starts sagas. Each subject has one publisher, who goes on when what he sent is acknowledged, and
/// sends it again until it is; some of it once more although it was.
///
/// Threads: one makes and ends it; it has some of its own.
class Publishers {
 public:
    Publishers(Course& course, const PublisherOptions& options);

    bool are_done() const { return running_ == 0; }
    /// All that was acknowledged; when they are done.
    Published over_http() const;
    Published by_outsider() const;

 private:
    void publish(std::size_t publisher);
    void publish_outside();
    void publish_orders();
    bool await_room(const std::atomic<std::uint64_t>& behind, std::uint64_t most);
    bool await_others(std::uint64_t done, std::uint64_t all);
    bool send(outside::HttpClient& client, const std::string& topic, const std::string& batch,
              std::uint64_t again);

    Course& course_;
    const PublisherOptions options_;
    std::atomic<std::uint64_t> reserved_ = 0;  ///< Of options_.events.
    std::atomic<int> running_ = 0;
    mutable std::mutex mutex_;
    Published over_http_, by_outsider_;  // Guarded by mutex_.
    std::vector<std::jthread> threads_;
};

}  // namespace skald::events
