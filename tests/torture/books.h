#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/torture/settled_sagas.h"
#include "tests/torture/story.h"

namespace skald::torture {

/// A call to a participant, whose idempotency key is SAGA/STEP/PHASE.
struct BookedCall {
    std::string_view saga;
    Step step = Step::Reserve;
    Phase phase = Phase::Action;
    Story story = Story::Plain;
    /// It came by a connection of a skald that was killed since.
    bool is_from_the_dead = false;
    std::string_view lock = {};  ///< That the saga has; empty: none.
};

/// What is to be so of a saga that skald says has ended.
struct Expectation {
    Story story = Story::Plain;
    Ends ends;     ///< Any of these.
    Steps waived;  ///< Their effect was left to stand by an operator.
};

/// Whether a participant heeds the keys that it has seen.
enum class Barrier : std::uint8_t { Holds, Forgets };

/// What came together of all sagas.
struct Totals {
    std::uint64_t calls = 0;
    std::uint64_t absorbed = 0;    ///< Calls whose effect was there already, and had no second one.
    std::uint64_t late_calls = 0;  ///< Of a killed skald, for a saga that had ended.
    std::uint64_t settled = 0;
    std::uint64_t interrupted = 0;     ///< Of those: with calls before and after a kill.
    std::uint64_t effects_done = 0;    ///< Of settled sagas; these
    std::uint64_t effects_undone = 0;  ///< and these as the participants have them,
    std::uint64_t effects_wanted = 0;  ///< and what is to be left, by the ends that skald told.
    std::array<std::uint64_t, kEnds> ends{};
    std::array<std::uint64_t, kStories> stories{};
};

/// The books of all participants, in the memory of the torture: they outlive every skald. Each
/// participant keeps the barrier rule: a key seen before has no further effect; a compensation of
/// an action that never took effect is remembered and does nothing; an action that comes after its
/// compensation is refused.
///
/// A saga's pages are kept until it is settled; then they are held against how it ended, and only
/// that it ended is remembered, so that whatever is called for it later is noticed.
///
/// Threads: any.
class Books {
 public:
    struct Verdict {
        Reply reply = Reply::Done;
        std::string fault;  ///< Of the call itself; empty: none.
    };
    struct Settlement {
        std::vector<std::string> faults;
        std::string pages;  ///< For people; empty where there is no fault.
    };

    Verdict enter(const BookedCall& call, Barrier barrier = Barrier::Holds);

    /// Calls from now on are of another skald.
    void on_killed();

    /// Skald says that the saga has ended so. Checks its pages, and folds them.
    ///
    /// - It ended as it may, and was never settled before.
    /// - What took effect, took it once, and was undone once or stands, as the end says.
    /// - Completed sagas were not compensated.
    /// - Calls came in the order of the definition, compensations in reverse: the last try of a
    ///   call before the first of the next.
    /// - None came between the first and the last call of another saga with the same lock.
    Settlement settle(std::string_view saga, End end, const Expectation& expected);

    /// An operator undoes the step's effect by hand.
    void undo_by_hand(std::string_view saga, Step step);
    /// Drops the pages of a saga that has a finding already; gives them, for people. Neither the
    /// audit nor `unsettled` speak of it again.
    std::string give_up(std::string_view saga);

    /// Skald lists the saga with that status when everything is over; the fault in it, or none. A
    /// child is as its parent.
    std::string audit(std::string_view saga, std::string_view status);

    Totals totals() const;
    std::size_t live() const;
    /// Sagas with pages that nobody settled.
    std::vector<std::string> unsettled() const;
    std::string pages_of(std::string_view saga) const;

    struct Unlisted {
        std::uint64_t count = 0;            ///< Of settled sagas that `audit` was not told of.
        std::vector<std::string> examples;  ///< Of those that were settled last.
    };
    /// Counts only those that were settled after `since`, and whose ids are kept: the last ones.
    Unlisted unlisted_since(std::chrono::steady_clock::time_point since) const;
    Unlisted unlisted() const;

    /// For how long the ids of settled sagas are kept whole (by default the last few thousands).
    void keep_ids(std::chrono::seconds time);

 private:
    struct Row {
        std::uint32_t calls = 0;
        std::uint32_t effects = 0;  ///< Of a compensation: how often it undid something.
        bool is_undone_by_hand = false;
        bool bars = false;        ///< A compensation was accepted: its action is refused from now.
        std::uint64_t first = 0;  ///< Numbers over the calls to all participants.
        std::uint64_t last = 0;
    };
    struct Pages {
        Story story = Story::Plain;
        std::uint32_t first_life = 0;  ///< Of skald, when its first call came,
        std::uint32_t last_life = 0;   ///< and its last.
        std::array<Row, kSteps> actions;
        std::array<Row, kSteps> compensations;
        std::string lock;
        std::uint64_t first = 0;  ///< Calls of all rows, without those from the dead.
        std::uint64_t last = 0;

        Row& row(Step step, Phase phase);
        const Row& row(Step step, Phase phase) const;
    };
    /// That a saga had a lock, by its calls.
    struct Held {
        std::string saga;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    struct Settled {
        std::chrono::steady_clock::time_point at;
        std::string saga;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    class Check;

    Verdict enter_settled(const BookedCall& call, End end);
    std::vector<std::string> check_lock(std::string_view saga, const Pages& pages);
    static std::string print(const Pages& pages);

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::unordered_map<std::string, Pages, Hash, std::equal_to<>> live_;
    std::unordered_set<std::string> given_up_;
    SettledSagas settled_;
    std::deque<Settled> last_settled_;
    std::unordered_map<std::string, std::deque<Held>> held_;  ///< The last ones, by lock.
    std::chrono::seconds keep_ids_{0};
    Totals totals_;
    std::uint32_t life_ = 1;
};

}  // namespace skald::torture
