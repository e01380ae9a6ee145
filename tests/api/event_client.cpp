#include "tests/api/event_client.h"

#include <utility>

namespace skald::api {

EventClient::EventClient(std::uint16_t port, const std::string& target,
                         const std::string& last_event_id, int receive_bytes,
                         const std::string& headers)
    : client_(port, receive_bytes), last_event_id_(last_event_id) {
    const std::string resume =
        last_event_id.empty() ? "" : "Last-Event-ID: " + last_event_id + "\r\n";
    client_.send(get(target, headers + resume));
    reply_ = client_.read_reply(RawClient::Body::None).value_or(RawReply{});
}

std::optional<Event> EventClient::next() {
    while (events_.empty()) {
        if (!read_chunk()) return std::nullopt;
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    if (!event.id.empty()) last_event_id_ = event.id;
    return event;
}

bool EventClient::read_chunk() {
    const std::string line = client_.read_until("\r\n");
    if (line.empty()) return false;
    const std::size_t size = std::stoul(line, nullptr, 16);
    const std::string chunk = client_.read_bytes(size + 2);
    if (chunk.size() < size + 2) return false;
    has_ended_well_ = size == 0;
    if (size == 0) return false;
    text_.append(chunk, 0, size);
    const std::size_t end = text_.rfind("\n\n");
    if (end == std::string::npos) return true;
    for (Event& event : parse_events(text_.substr(0, end + 2))) {
        events_.push_back(std::move(event));
    }
    text_.erase(0, end + 2);
    return true;
}

}  // namespace skald::api
