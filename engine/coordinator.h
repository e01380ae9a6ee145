#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/broker.h"
#include "engine/caller.h"
#include "engine/catalog.h"
#include "engine/clock.h"
#include "engine/commands.h"
#include "engine/event_bell.h"
#include "engine/journal_bell.h"
#include "engine/loader.h"
#include "engine/telemetry.h"
#include "engine/watchers.h"
#include "sagas/request.h"
#include "store/store.h"

namespace skald::engine {

/// Writes batches, one at a time, off the loop's thread (writer_thread.h); in the simulator, on it.
class Committer {
 public:
    /// Comes back on the loop's thread.
    using Done = std::function<void(sagas::Result<store::Committed>)>;
    virtual ~Committer() = default;

    /// What is made of hits (store::OnHits), to be added to the batch.
    using React = std::function<store::Batch(const std::vector<store::EventHit>&)>;
    /// Precondition: the one before is done. Neither comes from within; both on the loop's thread,
    /// `react` before `done`, and not at all if this is going to end. Until `done` nobody else
    /// changes `batch`.
    virtual void commit(std::shared_ptr<store::Batch> batch, React react, Done done) = 0;
};
/// For committers that write on the loop's thread.
sagas::Result<store::Committed> write_growing(store::Writer& writer, store::Batch& batch,
                                              const Committer::React& react);

struct CoordinatorOptions {
    std::size_t mailbox_max = 10'000;    ///< Commands; more are answered Busy.
    std::size_t live_max = 1'000'000;    ///< Sagas in memory; starts beyond it: Busy.
    std::size_t batch_rows_max = 4'096;  ///< Commands wait in the mailbox beyond it.
    /// Commands for sagas that are being read from the store; more are answered Busy.
    std::size_t loading_max = 10'000;
    /// Sagas in memory beyond which those that only wait for somebody leave at once (docs above
    /// Coordinator).
    std::size_t park_at_once_above = 20'000;
    enum class Parking : std::uint8_t { On, Off } parking = Parking::On;
    /// The first lease of an event (engine/deliveries.h) has the number behind it: far from where
    /// earlier processes were. None: anywhere at random, as only a simulation must not.
    std::optional<std::uint64_t> leases_behind = std::nullopt;
};

/// Of what is in memory: parked sagas are not counted.
struct CoordinatorStats {
    std::size_t mailbox_depth = 0;
    std::size_t live = 0;
    std::size_t failing = 0;  ///< Sagas with a step whose tries go wrong.
    std::size_t timers = 0;
    bool takes_starts = true;  ///< False: the disk is full, or nearly.
};

/// Owns every live saga and decides when what is owed is done. One turn: take what came (commands,
/// answers, timers), apply each, hand the rows to the store as one batch; when that batch is
/// durable, perform its effects and answer its askers, all together. Sagas go on into the next
/// batch while one is being synced.
///
/// A saga that waits for long is parked: it leaves memory, and a row in the store brings it back.
/// At once where it waits for a time more than 30 s away, for an operator (stuck), or for its
/// resumption; after 30 s where it waits for a callback, a child or a lock, which mostly come
/// sooner. Whatever is said to a parked saga has it loaded first, and is then applied in order.
///
/// It also brings events of the log to those who subscribed to them (subscriptions.h), with the
/// same turns and batches.
///
/// Threads: `post` and `stats` from any; everything else on the loop's thread.
class Coordinator {
 public:
    struct Parts {
        Committer& committer;
        Caller& caller;
        const Clock& clock;
        Catalog& catalog;
        Watchers& watchers;
        JournalBell& bell;
        EventBell& event_bell;
        Telemetry& telemetry;
        const sagas::Secrets& secrets;
        const sagas::CallbackUrls& callbacks;
        Loader& loader;
        Broker& broker;
        /// Arranges that `turn` is called soon on the loop's thread. Called from any thread.
        std::function<void()> wake;
        /// Arranges that `turn` is called after the delay; replaces what was arranged before.
        std::function<void(sagas::Milliseconds)> wake_after;
        /// The durable state is unknown: end the process now, answering nobody. Must not return to
        /// a coordinator that goes on.
        std::function<void(const sagas::Error&)> fatal;
    };

    Coordinator(Parts parts, CoordinatorOptions options);
    ~Coordinator();

    /// Takes up every live saga: folds its journal, applies a deadline that has passed, performs
    /// what it owes; and every subscription. Before the first turn. Errors: as store::Recovery.
    sagas::Result<std::size_t> recover(const store::Recovery& recovery);

    /// Hands `command` over. When the mailbox is full or the server drains, `done` is called at
    /// once, on this thread, with Busy.
    void post(Command command);

    /// The answer to a call made through Parts::caller.
    void answered(CallId id, sagas::Answer answer);

    void turn();

    /// No more commands and no new calls; `done` when nothing is being written and no call is in
    /// flight. What is owed stays in the store for the next start.
    void drain(std::function<void()> done);

    /// As of the end of the last turn.
    CoordinatorStats stats() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace skald::engine
