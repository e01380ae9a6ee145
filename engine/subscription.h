#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/commands.h"
#include "engine/deliveries.h"
#include "engine/subscription_document.h"
#include "store/store.h"

namespace skald::engine {

/// A subscription in the engine's memory (subscriptions.h).
struct Subscription {
    Subscription(store::SubscriptionKey own_key, SubscriptionDocument own_document,
                 Deliveries::Rules rules, LeaseNumbers& numbers, OffsetRanges settled,
                 std::vector<DeliveryTry> tries, std::size_t& bytes_of_all)
        : key(own_key),
          name(rules.name),
          document(std::move(own_document)),
          deliveries(std::move(rules), numbers, std::move(settled), std::move(tries)),
          text_bytes_of_all(bytes_of_all) {}

    const store::SubscriptionKey key;
    const std::string name;
    SubscriptionDocument document;
    Deliveries deliveries;
    std::size_t& text_bytes_of_all;  ///< Of all subscriptions.

    // What is read from the log.
    std::map<store::Offset, std::string> texts;  ///< Of events that are open, or died just now.
    std::size_t text_bytes = 0;
    std::vector<store::Offset>
        over;                       ///< Texts that nobody needs once what came of them is written.
    bool are_all_in_doubt = false;  ///< Any text may be one of those.
    bool may_have_more = true;      ///< The log, behind what was read.
    bool is_reading = false;
    bool waits_to_read = false;               ///< For readings of others to end.
    std::uint64_t readings = 0;               ///< Counts rewinds: what was read before is void.
    std::optional<sagas::Timestamp> read_at;  ///< Not before: a reading failed.
    /// What is missing at the front of the log was gone before it was asked for.
    bool is_fresh = false;

    // What goes out.
    std::deque<Fetch> fetches;  ///< That wait, in order.
    std::size_t in_flight = 0;  ///< Of what is pushed, relayed or started.
    /// While sagas can't be started, one attempt at a time asks for it again.
    std::optional<sagas::Timestamp> probe_at;

    // What is written.
    std::vector<store::Offset> revived;        ///< Dead letters, since the last write.
    std::optional<sagas::Timestamp> write_at;  ///< At the latest.
    bool is_awaited = false;                   ///< Somebody waits until it is written.

    std::optional<sagas::Timestamp> due;  ///< As it stands in Subscriptions::due_.

    void keep_text(store::Offset offset, std::string text) {
        drop_text(offset);
        text_bytes += text.size();
        text_bytes_of_all += text.size();
        texts.emplace(offset, std::move(text));
    }
    void drop_text(store::Offset offset) {
        const auto text = texts.find(offset);
        if (text == texts.end()) return;
        text_bytes -= text->second.size();
        text_bytes_of_all -= text->second.size();
        texts.erase(text);
    }
};

}  // namespace skald::engine
