#pragma once

#include <cstdint>
#include <string>

#include "engine/catalog.h"
#include "engine/event_log.h"
#include "sagas/time.h"
#include "store/store.h"

namespace skald::api {

/// All topics as they are read: those of the store, and the view that kSagaTopic is.
///
/// Threads: any. Ownership: borrows what it reads.
class TopicLog final : public engine::EventLog {
 public:
    TopicLog(const store::Reader& reader, engine::Catalog& catalog)
        : reader_(reader), catalog_(catalog) {}

    sagas::Result<store::EventPage> events(const std::string& topic, store::Offset after,
                                           std::uint32_t limit) const override;
    /// Of the topic's last event; 0: there was none ever. Errors: as `events`; so of the other.
    sagas::Result<store::Offset> last(const std::string& topic) const;
    /// Of the last event before `at`; 0: there is none.
    sagas::Result<store::Offset> offset_before(const std::string& topic, sagas::Timestamp at) const;

 private:
    const store::Reader& reader_;
    engine::Catalog& catalog_;
};

/// Behind which to go on from a page. Below what it was read from only where that was beyond the
/// end.
store::Offset next_of(const store::EventPage& page);

/// {events: [{offset, event}], next, last}
std::string page_text(const store::EventPage& page);

// ---- As server-sent events ---------------------------------------------------------------------

/// The event's offset as the id, {offset, event} as the data.
std::string row_event(const store::EventRow& row);

/// The reader was beyond the end; it goes on behind `offset`: {offset}.
std::string offset_resync_event(store::Offset offset);

}  // namespace skald::api
