#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sagas/result.h"
#include "store/store.h"

namespace skald::engine {

/// The view of the journal of all sagas as a topic: an event's offset is its row's position, so
/// between them there are gaps.
inline constexpr std::string_view kSagaTopic = "skald.sagas";

/// All topics that can be subscribed to: those of the store, and views that are made of it.
///
/// Threads: any number at once.
class EventLog {
 public:
    virtual ~EventLog() = default;
    /// As store::Reader::events. Offsets up to `last` that are left out are gone, or never were.
    virtual sagas::Result<store::EventPage> events(const std::string& topic, store::Offset after,
                                                   std::uint32_t limit) const = 0;
};

/// Of the store alone.
class StoredEvents final : public EventLog {
 public:
    /// Borrows it.
    explicit StoredEvents(const store::Reader& reader) : reader_(reader) {}
    sagas::Result<store::EventPage> events(const std::string& topic, store::Offset after,
                                           std::uint32_t limit) const override {
        return reader_.events(topic, after, limit);
    }

 private:
    const store::Reader& reader_;
};

}  // namespace skald::engine
