#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "tests/api/event_text.h"
#include "tests/api/raw_client.h"

namespace skald::api {

/// A reader of a stream of events, which reads when the test says so.
class EventClient {
 public:
    /// `receive_bytes`: as RawClient's. `headers`: whole lines.
    EventClient(std::uint16_t port, const std::string& target,
                const std::string& last_event_id = "", int receive_bytes = 0,
                const std::string& headers = "");

    int status() const { return reply_.status; }  ///< 0: no reply.
    /// The next event; none: the stream has ended.
    std::optional<Event> next();
    /// Whether it ended as a stream does, and was not cut off.
    bool has_ended_well() const { return has_ended_well_; }
    /// Of the last event, or what it began with.
    const std::string& last_event_id() const { return last_event_id_; }

 private:
    bool read_chunk();

    RawClient client_;
    RawReply reply_;
    std::string text_;  ///< Came, and is no whole event yet.
    std::deque<Event> events_;
    std::string last_event_id_;
    bool has_ended_well_ = false;
};

}  // namespace skald::api
