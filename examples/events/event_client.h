#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

/// How services speak by events, over plain HTTP. Copy it: it needs nothing of Skald.
namespace events {

/// Something was refused, or could not be reached.
struct Trouble : std::runtime_error {
    Trouble(int its_status, const std::string& what)
        : std::runtime_error(what), status(its_status) {}
    int status;  ///< Of HTTP; 0: there was no answer. Then it may have been done nevertheless.
};

/// An event that a subscription gave out.
struct Delivery {
    std::uint64_t offset;
    nlohmann::json event;   ///< The CloudEvent.
    std::string lease;      ///< By which it is acknowledged.
    std::uint32_t attempt;  ///< From 1.
};

/// An event as it stands in the log.
struct LoggedEvent {
    std::uint64_t offset;
    nlohmann::json event;
};
struct Page {
    std::vector<LoggedEvent> events;
    std::uint64_t next;  ///< Behind which to read on.
};

/// A client of Skald's event log: publishes, reads, and takes what a subscription has for it.
///
/// Threads: one caller at a time. Errors: all members throw Trouble.
class EventClient {
 public:
    /// `server` is such as "http://127.0.0.1:8080".
    explicit EventClient(const std::string& server);
    ~EventClient();

    /// Up to `limit` events, which are ours alone until their lease ends; in the order of their
    /// topic as far as they are about the same subject. Waits for the first one up to `wait`.
    std::vector<Delivery> fetch(const std::string& subscription, int limit,
                                std::chrono::seconds wait);
    /// It is done, and need not be given out again. False: the lease had ended before, so the event
    /// is, or will be, with somebody else.
    bool acknowledge(const std::string& subscription, const Delivery& delivery);

    /// Publishes CloudEvents, all or none. They are durable when this returns. What was published
    /// before (the same source and id) is not published twice.
    void publish(const std::string& topic, const nlohmann::json& events);

    /// The events of a topic behind an offset. Waits for the first one up to `wait`.
    Page read(const std::string& topic, std::uint64_t after, std::chrono::seconds wait);

 private:
    struct Connection;
    nlohmann::json post(const std::string& path, const char* type, const nlohmann::json& body);

    std::unique_ptr<Connection> connection_;
};

}  // namespace events
