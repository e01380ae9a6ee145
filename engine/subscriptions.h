#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/broker.h"
#include "engine/caller.h"
#include "engine/clock.h"
#include "engine/commands.h"
#include "engine/deliveries.h"
#include "engine/event_filter.h"
#include "engine/loader.h"
#include "engine/subscription.h"
#include "engine/subscription_document.h"
#include "engine/telemetry.h"
#include "sagas/request.h"
#include "store/store.h"

namespace skald::engine {

/// Brings the events of the log to those who subscribed to them: reads each topic on
/// (subscriptions_read.cpp), gives events out, pushes or relays them, or starts sagas with them
/// (subscriptions_deliver.cpp), and writes what came of it into the coordinator's batches
/// (subscriptions_write.cpp). What is asked for is in subscriptions_commands.cpp.
///
/// What a turn does to a subscription is known by the end of that turn (`look`) to be written with
/// the batch that gathers just then (`write`), so that an answer waits for the commit that holds
/// what it says.
///
/// Threads: the coordinator's. Ownership: borrows its parts.
class Subscriptions {
 public:
    struct Parts {
        Loader& loader;
        Caller& caller;
        Broker& broker;
        const Clock& clock;
        const sagas::Secrets& secrets;
        Telemetry& telemetry;
        std::function<CallId()> next_call;
        /// Arranges a turn.
        std::function<void()> wake;
        /// Runs the work in the next turn.
        std::function<void(std::function<void()>)> in_turn;
        /// Runs the work when the batch that gathers just now is durable.
        std::function<void(std::function<void()>)> when_durable;
        /// As anybody's Start; called in a turn.
        std::function<void(Start)> start;
        /// Nothing is to be begun, for nothing can be written; when it can, a turn comes. (A batch
        /// that is full needs no such rule: deliveries add a few rows to it, however many they are,
        /// and starts wait in `in_turn`.)
        std::function<bool()> is_held;
    };
    /// Leases are numbered from behind `leases_behind` on.
    Subscriptions(Parts parts, std::uint64_t leases_behind);
    ~Subscriptions();

    static constexpr std::size_t kSubscriptionsMax = 1'000;
    static constexpr std::size_t kFetchesMax = 4'096;  ///< That wait.

    /// What an earlier process left, before anything else. Errors: Corruption.
    sagas::Result<void> take_up(std::vector<store::StoredSubscription> stored);

    // -- Which there are --------------------------------------------------------------------------

    /// Why no more can be made. `under_way`: changes that are not durable yet.
    std::optional<Busy> refuses(const store::PutSubscription& put, std::size_t under_way) const;
    std::optional<Busy> refuses(const std::vector<store::OwnedSubscription>& owned) const;
    /// Changes of subscriptions are durable. `document`: of what was put.
    void changed(const std::variant<store::PutSubscription, store::DeleteSubscription>& change,
                 std::optional<SubscriptionDocument> document,
                 const store::SubscriptionOutcome& outcome);
    void changed(const store::OwnedChange& change);

    // -- What happens -----------------------------------------------------------------------------

    void take(Fetch command);
    void take(AnswerLeases command);
    void take(Rewind command);
    void take(SettleDeadLetters command);
    /// An event of a topic of the store is durable. Called in their order.
    void published(const store::NewEvent& event, store::Offset offset,
                   const std::variant<sagas::Json, EventHead>& known);
    /// There may be new events of `topic`.
    void grown(std::string_view topic);
    /// Whether the call was one of here.
    bool answered(CallId id, const sagas::Answer& answer);

    // -- What is done about it --------------------------------------------------------------------

    /// At the end of each turn: looks at all that something happened to.
    void look();
    /// When `look` has something to do that is not so yet.
    std::optional<sagas::Timestamp> next_due() const;
    enum class Batch : std::uint8_t {
        Written,          ///< In any case.
        WrittenIfNeeded,  ///< Where something is added to it.
    };
    /// Adds what is to be written. Once for each batch, when nothing else comes to it.
    void write(store::SubscriptionRows& rows, Batch batch);

    /// Nothing is given out any more; those who wait are answered, and calls recalled.
    void drain();
    bool has_calls() const { return !calls_.empty(); }

 private:
    /// Of an attempt that can't be made, or a fetch whose time is over while events are read.
    static constexpr sagas::Milliseconds kLookAgainAfter{200};

    struct Call {
        store::SubscriptionKey subscription;
        Lease lease;
    };

    // Which there are.
    Subscription& make(store::SubscriptionKey key, const std::string& name,
                       SubscriptionDocument document, OffsetRanges settled,
                       std::vector<DeliveryTry> tries);
    void revive(Subscription& subscription, std::vector<store::DeadLetter> letters);
    void replace(Subscription& subscription, SubscriptionDocument document);
    void erase(Subscription& subscription);
    Subscription* find(store::SubscriptionKey key);
    Subscription* find(const std::string& name);

    // What happens.
    bool drop_unwanted_fetches();
    bool answer(Subscription& subscription, const Lease& lease, const AnswerLeases& command);
    bool delivered(Subscription& subscription, const Lease& lease);
    bool failed(Subscription& subscription, const Lease& lease, std::string error);
    void tell_failed(const Subscription& subscription, Deliveries::Refused refused);
    SettleDeadLetters::Done revive_some(Subscription& subscription,
                                        std::vector<store::DeadLetter> letters);

    // Reading on.
    void read_on(Subscription& subscription);
    bool is_crowded() const;
    bool has_room(const Subscription& subscription) const;
    void stir_if_roomy_again();
    void stir_readers();
    void take_page(store::SubscriptionKey key, std::uint64_t reading, store::Offset after,
                   sagas::Result<store::EventPage>& page);
    void read_again_later(Subscription& subscription, const sagas::Error& error);
    void take_rows(Subscription& subscription, store::Offset after, store::EventPage& page);
    void pass_gap(Subscription& subscription, store::Offset after, store::Offset through);
    Deliveries::Offered offer(Subscription& subscription, store::Offset offset,
                              const EventHead* head);

    // Giving out.
    void serve_fetches(Subscription& subscription, sagas::Timestamp now);
    void end_fetches(Subscription& subscription, const Fetch::Result& result);
    bool is_over(const Subscription& subscription, const Fetch& fetch, sagas::Timestamp now) const;
    void hand_out(Subscription& subscription, sagas::Timestamp now);
    void send(Subscription& subscription, const Pull& to, const Deliveries::Taken& taken);
    void send(Subscription& subscription, const Push& to, const Deliveries::Taken& taken);
    void send(Subscription& subscription, const StartSaga& to, const Deliveries::Taken& taken);
    void send(Subscription& subscription, const Relay& to, const Deliveries::Taken& taken);
    CallId open_call(Subscription& subscription, const Lease& lease);
    void begin_start(store::SubscriptionKey key, const Lease& lease, sagas::Result<Start> start);
    void started(store::SubscriptionKey key, const Lease& lease, const Start::Result& result);

    // Writing.
    void note_unwritten(Subscription& subscription, sagas::Timestamp now);
    void write(Subscription& subscription, store::SubscriptionRows& rows);
    static void drop_texts(Subscription& subscription);

    void stir(Subscription& subscription);
    void look(Subscription& subscription, sagas::Timestamp now);
    void arrange(Subscription& subscription, sagas::Timestamp now);

    const Parts parts_;
    LeaseNumbers numbers_;
    std::map<store::SubscriptionKey, std::unique_ptr<Subscription>> all_;
    std::unordered_map<std::string, store::SubscriptionKey> by_name_;
    std::multimap<std::string, store::SubscriptionKey, std::less<>> by_topic_;
    std::set<store::SubscriptionKey> stirred_;   ///< `look` looks at them.
    std::set<store::SubscriptionKey> writable_;  ///< `write` writes of them.
    bool is_write_due_ = false;                  ///< And some of that must not wait any more.
    std::set<std::pair<sagas::Timestamp, store::SubscriptionKey>> due_;
    std::unordered_map<CallId, Call> calls_;  ///< Those of subscriptions that are gone, too.
    std::size_t fetches_ = 0;
    std::size_t text_bytes_ = 0;  ///< Of all.
    bool was_crowded_ = false;    ///< By them, when that was last looked at.
    std::size_t readings_ = 0;    ///< Under way.
    std::deque<store::SubscriptionKey> waiting_to_read_;  ///< Until one of those has ended.
    bool is_draining_ = false;
};

}  // namespace skald::engine
