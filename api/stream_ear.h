#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "engine/event_bell.h"
#include "engine/journal_bell.h"

namespace skald::api {

/// Hears that what a stream reads has grown.
///
/// Threads: one at a time. Ownership: borrows the bell that it listens to.
class StreamEar {
 public:
    virtual ~StreamEar() = default;
    /// How far the bell has come; grows with each ring. Take it before reading.
    virtual std::uint64_t heard() const = 0;
    /// Calls `ready` once, when the bell is beyond `before`, a value of `heard`: at once, on this
    /// thread, or on the thread that rings. Replaces what waited. Nothing waits any more when this
    /// is gone.
    virtual void when_beyond(std::uint64_t before, std::function<void()> ready) = 0;
};

std::unique_ptr<StreamEar> listen_to_journal(engine::JournalBell& bell);
std::unique_ptr<StreamEar> listen_to_topic(engine::EventBell& bell, std::string_view topic);

}  // namespace skald::api
