#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/services.h"
#include "api/stream_ear.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api {

/// The events of one topic, for those who read them: stored ones, or the view that kSagaTopic is.
///
/// Threads: free. Ownership: borrows the services.
class TopicLog {
 public:
    virtual ~TopicLog() = default;

    struct Row {
        std::int64_t offset;
        std::string event;  ///< The CloudEvent, in one line of JSON.
    };
    struct Page {
        std::vector<Row> rows;
        /// Behind which to go on. Below `after` only where that was beyond the end.
        std::int64_t next = 0;
        std::int64_t last = 0;  ///< Of the topic.
        bool is_cut = false;    ///< There may be more now.
    };
    /// What is behind `after`, oldest first, at most `limit`. Errors: NotFound (no such topic),
    /// Unavailable, Corruption; so of the others.
    virtual sagas::Result<Page> read(std::int64_t after, std::uint32_t limit) const = 0;
    virtual sagas::Result<std::int64_t> last() const = 0;
    /// Of the last event before `at`; 0: there is none.
    virtual sagas::Result<std::int64_t> offset_before(sagas::Timestamp at) const = 0;
    virtual std::unique_ptr<StreamEar> listen() const = 0;
};

/// Whether there is a topic of that name, its first reading tells.
std::unique_ptr<TopicLog> open_topic(const Services& services, const std::string& name);

/// kSagaTopic (saga_topic.cpp).
std::unique_ptr<TopicLog> open_saga_topic(const Services& services);

/// {events: [{offset, event}], next, last}
std::string page_text(const TopicLog::Page& page);

// ---- As server-sent events ---------------------------------------------------------------------

/// The event's offset as the id, {offset, event} as the data.
std::string row_event(const TopicLog::Row& row);

/// The reader was beyond the end; it goes on behind `offset`: {offset}.
std::string offset_resync_event(std::int64_t offset);

}  // namespace skald::api
