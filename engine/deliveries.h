#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/offset_ranges.h"
#include "sagas/definition.h"
#include "sagas/result.h"
#include "sagas/time.h"
#include "store/store.h"

namespace skald::engine {

// ---- What is durable of a subscription's deliveries ---------------------------------------------

struct SubscriptionProgress {
    store::Offset cursor{};  ///< Everything up to it is settled.
    std::string settled;     ///< What is settled beyond it (offset_ranges.h).
    bool operator==(const SubscriptionProgress&) const = default;
};

/// An event that is not settled, and failed once at least. Where there is no maximum of attempts
/// nobody counts them, and none is written.
struct DeliveryTry {
    store::Offset offset;
    std::uint32_t attempts;  ///< That failed.
    sagas::Timestamp next_at;
    std::string error;  ///< Of the last one.
    bool operator==(const DeliveryTry&) const = default;
};

/// An event that failed as often as it may. Who writes it adds the event's text, which stays here
/// when the log has let it go.
struct DeadLetter {
    store::Offset offset;
    std::uint32_t attempts;
    sagas::Timestamp at;
    std::string error;
    bool operator==(const DeadLetter&) const = default;
};

/// What one transaction must write; rows that are there already are replaced.
struct DeliveryChanges {
    std::optional<SubscriptionProgress> progress;
    std::vector<DeliveryTry> tries;
    std::vector<store::Offset> ended_tries;
    std::vector<DeadLetter> dead_letters;
    std::vector<store::Offset> ended_dead_letters;  ///< Delivered after all.
    bool empty() const;
};

/// All that is settled. Errors: Corruption.
sagas::Result<OffsetRanges> settled_offsets(const SubscriptionProgress& progress);

// ---- What is going on ---------------------------------------------------------------------------

/// Numbers the leases of all subscriptions of a process. Begun anywhere at random, so that leases
/// of the process before are told apart too.
struct LeaseNumbers {
    std::uint64_t last = 0;
};
struct Lease {
    store::Offset offset;
    std::uint64_t number;
};

/// Of a lease that does not end by itself.
inline constexpr sagas::Timestamp kForever = sagas::Timestamp::max();

/// Which events of its topic one subscription has yet to deliver, which are being delivered, and
/// what has come of them. An event is *open* from when it is offered until it is *settled*:
/// acknowledged, dead, unwanted, or gone from the log. Among open events of one subject only the
/// first is delivered; those without a subject are in nobody's way.
///
/// Every wanted event is taken at least once. What is leased is not durable; what is settled is,
/// once the `changes` that tell it are written: then it is never taken again.
///
/// Costs O(log n) for each event, n being those that are open.
///
/// Pure bookkeeping. Threads: used by one.
class Deliveries {
 public:
    static constexpr std::size_t kWindow = 1'000;
    /// Who asks for a dead letter that ended read it before; so many are remembered.
    static constexpr std::size_t kEndedLettersMax = 10'000;

    struct Rules {
        std::string name;  ///< Of the subscription; spreads its waits.
        sagas::RetryPolicy retry{16, std::chrono::seconds{1}, 2.0, std::chrono::minutes{5}, 0.2};
        std::size_t window = kWindow;  ///< Events that are open at a time, at most.
    };
    /// `settled` and `tries`: as they were written last. `numbers` is borrowed.
    Deliveries(Rules rules, LeaseNumbers& numbers, OffsetRanges settled,
               std::vector<DeliveryTry> tries);

    // -- Events come from the log -----------------------------------------------------------------

    /// Behind which offset to read on; none: not now, too many are open.
    std::optional<store::Offset> wants_more() const;
    /// All up to it were offered, or are settled.
    store::Offset read_until() const { return settled_.end_of_run(offered_); }
    /// How many more may be open. Dead letters ahead of what was offered are not counted.
    std::size_t room() const {
        return rules_.window - std::min(rules_.window, open_.size() - ahead_);
    }

    enum class Wanted : std::uint8_t { No, Yes };
    enum class Offered : std::uint8_t {
        Yes,
        NotNow,  ///< Nothing was done: it is not the next one, or too many are open.
    };
    /// One that the filter does not want is settled at once; one that is settled or open already
    /// changes nothing. `subject`: empty: it has none.
    Offered offer(store::Offset offset, std::string_view subject, Wanted wanted);

    /// A read behind `after` found that the log has nothing up to `through` (any more): settles
    /// what was not offered, and says how many that were. Nothing is done where events between
    /// `after` and those offered so far are unknown.
    std::uint64_t skip(store::Offset after, store::Offset through);

    /// Settles an open event that is not wanted any more, unless it is leased just now, or a dead
    /// letter.
    void drop(store::Offset offset);

    enum class Reopened : std::uint8_t {
        Yes,
        IsOpen,  ///< It is being delivered already.
        NotNow,  ///< Too many are open.
        IsOver,  ///< It is a dead letter no longer.
    };
    /// A dead letter is to be delivered again, with as many attempts as a new event; it stays until
    /// it is acknowledged. After a restart, those that are not settled are reopened before anything
    /// is offered, for the log may have them no longer; they are taken when what is before them was
    /// offered.
    Reopened reopen(store::Offset offset, std::string_view subject);
    /// A dead letter is to be thrown away; if it is being delivered again, that ends.
    void bury(store::Offset offset);

    /// Begins anew: everything up to `cursor` is settled, and nothing else. Leases and tries are
    /// forgotten; dead letters that are being delivered again stay open.
    void restart(store::Offset cursor);

    /// From the next failure on.
    void set_retry(const sagas::RetryPolicy& retry) { rules_.retry = retry; }

    // -- Deliveries -------------------------------------------------------------------------------

    struct Taken {
        Lease lease;
        std::uint32_t attempt;  ///< From 1; those that a restart cut short are not counted.
    };
    /// Leases those that may be delivered at `now` until `until`, the lowest offsets first.
    std::vector<Taken> take(std::size_t limit, sagas::Timestamp now, sagas::Timestamp until);

    /// Stale: it is no lease of this subscription, or not any more; nothing was done.
    enum class Answered : std::uint8_t { Done, Stale };
    Answered acknowledge(const Lease& lease);
    Answered extend(const Lease& lease, sagas::Timestamp until);

    /// The attempt has not begun: it is not to be taken again before `at`.
    Answered put_back(const Lease& lease, sagas::Timestamp at);

    enum class Refused : std::uint8_t { Again, Dead, Stale };
    /// The attempt failed. `error`: one short line.
    Refused refuse(const Lease& lease, std::string error, sagas::Timestamp now);

    /// The attempts whose leases are over have failed; those whose waits are over may be taken.
    /// Returns what became of the first ones, Again or Dead.
    std::vector<Refused> expire(sagas::Timestamp now);

    /// When something may be taken, or expires, that is not so yet.
    std::optional<sagas::Timestamp> next_due() const;
    /// Whether `take` gives something whenever it is.
    bool has_ready() const { return !ready_.empty(); }

    // -- What has come of it ----------------------------------------------------------------------

    enum class Unwritten : std::uint8_t {
        Nothing,
        Passed,    ///< Events were passed over: this may wait, for they would be so again.
        Outcomes,  ///< Of deliveries: write them soon, and before acknowledging is answered.
    };
    Unwritten unwritten() const { return unwritten_; }
    /// All since the last call; they count as written.
    DeliveryChanges changes();

    store::Offset cursor() const { return settled_.end_of_run(store::Offset{0}); }
    bool is_settled(store::Offset offset) const { return settled_.contains(offset); }
    bool is_open(store::Offset offset) const { return open_.count(offset) > 0; }
    std::size_t open() const { return open_.size(); }
    std::size_t leased() const { return leased_.size(); }

 private:
    /// The open events of each subject.
    using Lines = std::unordered_map<std::string, std::set<store::Offset>>;
    struct Event {
        Lines::value_type* line = nullptr;  ///< Null: no subject. Nodes of the map don't move.
        enum class State : std::uint8_t { Idle, Waiting, Leased } state = State::Idle;
        sagas::Timestamp next_at{};   ///< Of the next attempt, where one failed.
        sagas::Timestamp until{};     ///< Of the lease, or the wait.
        std::uint64_t lease = 0;      ///< Its number.
        std::uint32_t attempts = 0;   ///< That failed.
        std::string error;            ///< Of the last one.
        bool is_dead_letter = false;  ///< That was reopened.
    };
    using Events = std::map<store::Offset, Event>;
    /// Events in order of time.
    using Times = std::set<std::pair<sagas::Timestamp, store::Offset>>;

    std::uint64_t pass(store::Offset through);
    std::uint64_t settle_unopened(store::Offset first, store::Offset last);
    void forget_tries(store::Offset through);
    Event& open_event(store::Offset offset, std::string_view subject);
    void join_line(store::Offset offset, Event& event, std::string_view subject);
    void leave_line(store::Offset offset, Lines::value_type& line);

    void rest(store::Offset offset, Event& event);
    void wait(store::Offset offset, Event& event, sagas::Timestamp until);
    void wake(sagas::Timestamp now);
    Events::iterator leased_by(const Lease& lease);
    Refused fail(Events::iterator event, std::string error, sagas::Timestamp now);
    void settle(Events::iterator event);
    void end_letter(store::Offset offset);
    std::uint32_t attempts_max() const;

    void note(Unwritten what);
    void add_tries_to(DeliveryChanges& changes);

    Rules rules_;
    LeaseNumbers& numbers_;

    OffsetRanges settled_;
    store::Offset offered_;                       ///< All up to it were offered, or are settled.
    std::map<store::Offset, DeliveryTry> tries_;  ///< Of events that were not offered yet.

    Events open_;
    std::size_t ahead_ = 0;  ///< Open dead letters that were not offered: they wait for their turn.
    Lines lines_;
    std::set<store::Offset> ready_;  ///< Idle ones with nothing before them in their line.
    Times waiting_;                  ///< Not before their next attempt's time.
    Times leased_;

    Unwritten unwritten_ = Unwritten::Nothing;
    bool has_moved_ = false;                ///< `settled_` has changed.
    std::set<store::Offset> changed_;       ///< Events of which tries may be written, or end.
    std::set<store::Offset> stored_tries_;  ///< Those that are written.
    std::map<store::Offset, std::optional<DeadLetter>> letters_;  ///< None: it ends.
    std::set<store::Offset> ended_letters_;                       ///< Some that ended lately.
};

}  // namespace skald::engine
