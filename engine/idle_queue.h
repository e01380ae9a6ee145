#pragma once

#include <deque>
#include <optional>

#include "store/store.h"

namespace skald::engine {

/// Sagas that wait for somebody who mostly comes soon, the one that has waited longest in front.
/// They are looked at when their time comes: most have gone on by then, or are gone.
///
/// Threads: used by one.
class IdleQueue {
 public:
    /// `until` never goes back.
    void push(store::SagaKey saga, sagas::Timestamp until) { entries_.push_back({saga, until}); }
    /// When the first one's time comes.
    std::optional<sagas::Timestamp> next() const {
        return entries_.empty() ? std::nullopt : std::optional(entries_.front().until);
    }
    /// Precondition: there is one.
    store::SagaKey take() {
        const store::SagaKey saga = entries_.front().saga;
        entries_.pop_front();
        return saga;
    }
    bool empty() const { return entries_.empty(); }

 private:
    struct Entry {
        store::SagaKey saga;
        sagas::Timestamp until;
    };
    std::deque<Entry> entries_;
};

}  // namespace skald::engine
