#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/result.h"

namespace skald::cli {

/// One server-sent event.
struct ServerEvent {
    std::string id;    ///< The last one that came: of this event, or of one before.
    std::string type;  ///< "message", unless the server names it.
    std::string data;  ///< Lines are divided by '\n'.
    bool operator==(const ServerEvent&) const = default;
};

/// Reads text/event-stream (WHATWG HTML, "Server-sent events") from pieces of any size.
///
///   stream = [BOM] *(event / comment / field) ; lines end with CRLF, LF or CR
///   event  = 1*field empty-line               ; left out where there is no data
///   field  = name [":" [" "] value]           ; id, event and data count, others don't
///   comment = ":" text
class EventStreamReader {
 public:
    static constexpr std::size_t kEventBytesMax = 4u << 20;  ///< Of one event.

    /// Takes the next bytes. Errors: InvalidArgument: an event is longer than kEventBytesMax; give
    /// it no more then.
    sagas::Result<void> feed(std::string_view bytes);

    /// The events that are whole, each once.
    std::vector<ServerEvent> take();

 private:
    void end_line();
    void take_field(std::string_view name, std::string_view value);
    void dispatch();

    std::string line_;
    bool is_after_cr_ = false;  ///< A '\n' that comes now belongs to the line end before.
    bool is_first_line_ = true;
    bool has_data_ = false;
    ServerEvent event_;
    std::vector<ServerEvent> events_;
};

}  // namespace skald::cli
