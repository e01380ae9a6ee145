#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/deliveries.h"

/// Random stories of one subscription, told to Deliveries and to a plain model that looks through
/// everything each time. They must agree on what is taken, and on what is durable.
namespace skald::engine {
namespace {

using namespace std::chrono_literals;
using sagas::Milliseconds;
using sagas::Timestamp;
using store::Offset;
using testing::Ge;
using testing::Gt;
using testing::Le;
using Number = std::int64_t;  ///< An offset, to count with.

constexpr Timestamp kStart{1'000'000s};
constexpr std::uint32_t kMaximumAttempts = 3;
constexpr Number kEvents = 150;

Number number(Offset offset) { return static_cast<Number>(offset); }

/// Without jitter, so that the model knows the times.
Deliveries::Rules random_rules(std::size_t window) {
    return {"mail", {kMaximumAttempts, 1s, 2.0, 2s, 0.0}, window};
}
Milliseconds wait_after(std::uint32_t attempts) { return attempts == 1 ? 1s : 2s; }

struct LogEvent {
    std::string subject;
    bool is_wanted;
};

/// What the changes make of the store.
struct Stored {
    SubscriptionProgress progress;
    std::map<Offset, DeliveryTry> tries;
    std::map<Offset, DeadLetter> letters;
    std::set<Offset> revived;  ///< Of them.

    void write(const DeliveryChanges& changes) {
        if (changes.progress) progress = *changes.progress;
        for (const DeliveryTry& tried : changes.tries) tries.insert_or_assign(tried.offset, tried);
        for (const Offset offset : changes.ended_tries) ASSERT_EQ(tries.erase(offset), 1u);
        for (const DeadLetter& letter : changes.dead_letters) {
            letters.insert_or_assign(letter.offset, letter);
            revived.erase(letter.offset);
        }
        for (const Offset offset : changes.ended_dead_letters) {
            letters.erase(offset);
            revived.erase(offset);
        }
    }
};

struct PlainOpen {
    std::string subject;
    std::optional<std::uint64_t> lease;
    Timestamp until;
    bool is_letter = false;
    Timestamp not_before = kStart;
};

struct Plain {
    std::set<Number> settled;
    std::map<Offset, DeliveryTry> tries;
    std::map<Offset, DeadLetter> letters;
    std::map<Number, PlainOpen> open;  ///< A restart forgets it.
    Number read = 0;  ///< All up to it were offered in this process, or are settled.

    Number cursor() const {
        Number last = 0;
        while (settled.count(last + 1) > 0) ++last;
        return last;
    }
    void settle(Number offset) {
        settled.insert(offset);
        tries.erase(Offset{offset});
        open.erase(offset);
    }
    bool is_first(Number offset) const {
        const std::string& subject = open.at(offset).subject;
        return subject.empty() ||
               std::none_of(open.begin(), open.find(offset),
                            [&](const auto& earlier) { return earlier.second.subject == subject; });
    }
    /// Of those that are open, what the window counts: not the letters that are ahead.
    std::size_t counted() const {
        return static_cast<std::size_t>(std::distance(open.begin(), open.upper_bound(read)));
    }
    Timestamp next_at(Number offset) const {
        const auto found = tries.find(Offset{offset});
        const Timestamp tried = found == tries.end() ? kStart : found->second.next_at;
        return std::max(tried, open.at(offset).not_before);
    }
    std::vector<Number> takeable(Timestamp now, std::size_t limit) const {
        std::vector<Number> found;
        for (const auto& [offset, event] : open) {
            if (found.size() == limit) break;
            if (offset > read) break;
            if (!event.lease && next_at(offset) <= now && is_first(offset)) found.push_back(offset);
        }
        return found;
    }
    std::optional<Timestamp> next_due(Timestamp now) const {
        std::optional<Timestamp> due;
        for (const auto& [offset, event] : open) {
            const Timestamp at = event.lease ? event.until : next_at(offset);
            const bool counts = event.lease ? at != kForever : at > now && is_first(offset);
            if (counts) due = std::min(due.value_or(kForever), at);
        }
        return due;
    }
    std::uint32_t attempts(Number offset) const {
        const auto found = tries.find(Offset{offset});
        return found == tries.end() ? 0 : found->second.attempts;
    }
};

/// How often what is rare came about, over all stories.
struct Rare {
    int dead = 0, reopened = 0, reopened_after_restart = 0, stale = 0, full = 0, gone = 0;
    int settled_beyond = 0, tries_kept = 0, delivered_twice = 0, held_back = 0;
    int put_back = 0, rewound = 0, open_letters_rewound = 0;
};

class Story {
 public:
    Story(std::uint32_t seed, Rare& rare)
        : random_(seed), rare_(rare), window_(3 + below(20)), is_push_(below(2) == 0) {
        begin();
    }

    void step() {
        switch (below(16)) {
            case 0:
            case 1:
            case 2:
                return publish();
            case 3:
            case 4:
                return read();
            case 5:
            case 6:
                return take(below(6));
            case 7:
            case 8:
            case 9:
                return with_a_lease([this](const Lease& lease) { acknowledge(lease); });
            case 10:
            case 11:
                return with_a_lease([this](const Lease& lease) { refuse(lease); });
            case 12:
                if (below(2) == 0) {
                    return with_a_lease([this](const Lease& lease) { put_back(lease); });
                }
                return with_a_lease([this](const Lease& lease) { extend(lease); });
            case 13:
                return pass_time(Milliseconds(below(1'500)));
            case 14:
                return write();
            default:
                return seldom();
        }
    }

    /// All is delivered in the end, if the receiver takes it now and then.
    void end() {
        for (int round = 0; deliveries_->cursor() < Offset{last()}; ++round) {
            ASSERT_LT(round, 2'000);
            read();
            take(below(8));
            for (const Lease& lease : std::exchange(held_, {})) {
                below(4) == 0 ? refuse(lease) : acknowledge(lease);
            }
            if (const auto due = deliveries_->next_due()) pass_time(*due - now_);
        }
        write();
        EXPECT_EQ(stored_.progress, (SubscriptionProgress{Offset{last()}, ""}));
        EXPECT_TRUE(stored_.tries.empty());
        for (Number offset = 1; offset <= last(); ++offset) check_end_of(offset);
    }

 private:
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_()) % bound;
    }
    Number last() const { return static_cast<Number>(log_.size()); }
    const LogEvent& event(Number offset) const {
        return log_[static_cast<std::size_t>(offset - 1)];
    }

    void begin() {
        std::vector<DeliveryTry> tries;
        for (const auto& [offset, tried] : stored_.tries) tries.push_back(tried);
        auto settled = settled_offsets(stored_.progress);
        ASSERT_TRUE(settled);
        deliveries_ = std::make_unique<Deliveries>(random_rules(window_), numbers_,
                                                   std::move(*settled), std::move(tries));
        for (const Offset offset : stored_.revived) {
            open(number(offset), true);
            ASSERT_EQ(deliveries_->reopen(offset, event(number(offset)).subject),
                      Deliveries::Reopened::Yes);
            ++rare_.reopened_after_restart;
        }
        plain_.read = plain_.cursor();
    }

    void publish() {
        if (last() == kEvents) return;
        const std::uint32_t subject = below(5);
        log_.push_back(
            {subject == 0 ? "" : std::string(1, static_cast<char>('a' + subject)), below(4) != 0});
    }

    void open(Number offset, bool is_letter = false) {
        plain_.open[offset] = {event(offset).subject, std::nullopt, {}, is_letter};
    }

    void read() {
        const auto wants = deliveries_->wants_more();
        ASSERT_EQ(wants.has_value(), plain_.counted() < window_);
        if (!wants) {
            ++rare_.full;
            return;
        }
        check_place(number(*wants));
        const Number behind = number(*wants);
        const Number first = std::max(behind, gone_) + 1;
        skip(behind, std::min(first - 1, last()));
        const Number end = std::min(last(), first + below(8));
        for (Number offset = first; offset <= end; ++offset) {
            if (!offer(offset)) return;
        }
    }

    /// All up to where it wants to read on were offered or are settled, and the next one is not.
    void check_place(Number wants) {
        while (plain_.settled.count(plain_.read + 1) > 0) ++plain_.read;
        ASSERT_EQ(wants, plain_.read);
    }

    void skip(Number behind, Number through) {
        deliveries_->skip(Offset{behind}, Offset{through});
        for (Number offset = behind + 1; offset <= through; ++offset) {
            if (plain_.open.count(offset) > 0) continue;
            rare_.gone += plain_.settled.count(offset) == 0 && event(offset).is_wanted;
            plain_.settle(offset);
        }
        plain_.read = std::max(plain_.read, through);
    }

    bool offer(Number offset) {
        const bool is_wanted = event(offset).is_wanted;
        const bool is_new = plain_.settled.count(offset) == 0 && plain_.open.count(offset) == 0;
        const bool is_full = is_new && is_wanted && plain_.counted() == window_;
        const auto wanted = is_wanted ? Deliveries::Wanted::Yes : Deliveries::Wanted::No;
        const auto offered = deliveries_->offer(Offset{offset}, event(offset).subject, wanted);
        EXPECT_EQ(offered, is_full ? Deliveries::Offered::NotNow : Deliveries::Offered::Yes);
        if (is_full) return false;
        if (is_new && is_wanted) open(offset);
        if (is_new && !is_wanted) plain_.settle(offset);
        plain_.read = offset;
        return true;
    }

    void take(std::size_t limit) {
        const Timestamp until = is_push_ ? kForever : now_ + 3s;
        const auto expected = plain_.takeable(now_, limit);
        const auto taken = deliveries_->take(limit, now_, until);
        ASSERT_EQ(taken.size(), expected.size());
        for (std::size_t i = 0; i < taken.size(); ++i) {
            ASSERT_EQ(number(taken[i].lease.offset), expected[i]);
            check_attempt(taken[i]);
            PlainOpen& open = plain_.open.at(expected[i]);
            open.lease = taken[i].lease.number;
            open.until = until;
            held_.push_back(taken[i].lease);
        }
    }

    void check_attempt(const Deliveries::Taken& taken) {
        const Number offset = number(taken.lease.offset);
        ASSERT_TRUE(event(offset).is_wanted);
        ASSERT_EQ(acknowledged_.count(offset), 0u) << offset;
        ASSERT_EQ(taken.attempt, plain_.attempts(offset) + 1);
        ASSERT_LE(taken.attempt, kMaximumAttempts);
        rare_.delivered_twice += taken_.insert(offset).second ? 0 : 1;
        for (Number earlier = 1; earlier < offset; ++earlier) {
            if (event(earlier).subject.empty()) continue;
            if (event(earlier).subject != event(offset).subject) {
                rare_.held_back += plain_.open.count(earlier) > 0;
            } else {
                ASSERT_TRUE(plain_.settled.count(earlier) > 0) << earlier << " before " << offset;
            }
        }
    }

    /// One that was taken in this process or before; it may be over. Who pulls may lose one.
    template <typename Do>
    void with_a_lease(Do act) {
        if (held_.empty()) return;
        const auto chosen = held_.begin() + below(static_cast<std::uint32_t>(held_.size()));
        Lease lease = *chosen;
        if (is_stale(lease) || (!is_push_ && below(5) == 0)) held_.erase(chosen);
        if (below(20) == 0) lease.number += 1 + below(3);
        act(lease);
    }
    bool is_stale(const Lease& lease) const {
        const auto found = plain_.open.find(number(lease.offset));
        return found == plain_.open.end() || found->second.lease != lease.number;
    }

    void acknowledge(const Lease& lease) {
        const bool stale = is_stale(lease);
        ASSERT_EQ(deliveries_->acknowledge(lease) == Deliveries::Answered::Stale, stale);
        rare_.stale += stale;
        if (stale) return;
        if (plain_.open.at(number(lease.offset)).is_letter) plain_.letters.erase(lease.offset);
        plain_.settle(number(lease.offset));
        in_doubt_.insert(number(lease.offset));
    }

    void refuse(const Lease& lease) {
        const bool stale = is_stale(lease);
        const auto refused = deliveries_->refuse(lease, "no", now_);
        ASSERT_EQ(refused == Deliveries::Refused::Stale, stale);
        if (stale) return;
        ASSERT_EQ(refused == Deliveries::Refused::Dead, fail(number(lease.offset), "no"));
    }

    /// True: it is dead now.
    bool fail(Number offset, const std::string& error) {
        const std::uint32_t attempts = plain_.attempts(offset) + 1;
        const bool is_dead = attempts == kMaximumAttempts;
        if (is_dead) {
            plain_.letters[Offset{offset}] = {Offset{offset}, attempts, now_, error};
            plain_.settle(offset);
            ++rare_.dead;
        } else {
            plain_.tries[Offset{offset}] = {Offset{offset}, attempts, now_ + wait_after(attempts),
                                            error};
            plain_.open.at(offset).lease.reset();
        }
        return is_dead;
    }

    void put_back(const Lease& lease) {
        const Timestamp at = now_ + Milliseconds(1 + below(1'000));
        const bool stale = is_stale(lease);
        ASSERT_EQ(deliveries_->put_back(lease, at) == Deliveries::Answered::Stale, stale);
        if (stale) return;
        PlainOpen& open = plain_.open.at(number(lease.offset));
        open.lease.reset();
        open.not_before = at;
        ++rare_.put_back;
    }

    void extend(const Lease& lease) {
        const Timestamp until = now_ + Milliseconds(below(4'000));
        const bool stale = is_stale(lease);
        ASSERT_EQ(deliveries_->extend(lease, until) == Deliveries::Answered::Stale, stale);
        if (!stale) plain_.open.at(number(lease.offset)).until = until;
    }

    void pass_time(Milliseconds by) {
        now_ += std::max(by, Milliseconds{0});
        std::size_t over = 0;
        for (const auto& [offset, open] : std::map(plain_.open)) {
            if (!open.lease || open.until > now_) continue;
            fail(offset, "not acknowledged in time");
            ++over;
        }
        ASSERT_EQ(deliveries_->expire(now_).size(), over);
        take(0);  // Looks at the clock.
        const auto due = deliveries_->next_due();
        ASSERT_THAT(due.value_or(kForever), Gt(now_));
        ASSERT_THAT(due.value_or(kForever), Le(plain_.next_due(now_).value_or(kForever)));
    }

    /// The store holds just what the model has come to.
    void write() {
        const auto unwritten = deliveries_->unwritten();
        const DeliveryChanges changes = deliveries_->changes();
        ASSERT_EQ(changes.empty(), unwritten == Deliveries::Unwritten::Nothing);
        for (const Offset offset : std::exchange(revived_, {})) stored_.revived.insert(offset);
        stored_.write(changes);
        ASSERT_EQ(stored_.progress.cursor, Offset{plain_.cursor()});
        ASSERT_EQ(stored_.tries, plain_.tries);
        ASSERT_EQ(stored_.letters, plain_.letters);
        const auto settled = settled_offsets(stored_.progress);
        ASSERT_TRUE(settled);
        for (Number offset = 1; offset <= last(); ++offset) {
            ASSERT_EQ(settled->contains(Offset{offset}), plain_.settled.count(offset) > 0);
            ASSERT_EQ(deliveries_->is_settled(Offset{offset}), plain_.settled.count(offset) > 0);
        }
        ASSERT_EQ(deliveries_->open(), plain_.open.size());
        ASSERT_THAT(deliveries_->open(), Le(2 * window_));
        acknowledged_.merge(in_doubt_);
        in_doubt_.clear();
        written_ = plain_;
        rare_.settled_beyond += !stored_.progress.settled.empty();
    }

    void seldom() {
        switch (below(6)) {
            case 5:
                if (rewinds_) rewind();
                return;
            case 0:
                return restart();
            case 1:
                reopen();
                if (rewinds_ && below(3) == 0) rewind();
                return;
            case 2:
                return offer_out_of_order();
            case 3:
                if (below(4) == 0) gone_ = std::max(gone_, last() - 5);  // Retention.
                return;
            default:
                return pass_time(10s);
        }
    }

    /// Whatever was not written is forgotten; who holds leases comes back with them all the same.
    void restart() {
        plain_ = written_;
        plain_.open.clear();
        in_doubt_.clear();
        revived_.clear();
        rare_.tries_kept += !stored_.tries.empty();
        begin();
    }

    void reopen() {
        if (stored_.letters.empty()) return;
        const auto letter = std::next(stored_.letters.begin(),
                                      below(static_cast<std::uint32_t>(stored_.letters.size())));
        const Number offset = number(letter->first);
        if (plain_.letters.count(letter->first) == 0) return;  // About to end.
        const bool is_open = plain_.open.count(offset) > 0;
        const bool is_full = plain_.open.size() >= window_;
        const auto expected = is_open   ? Deliveries::Reopened::IsOpen
                              : is_full ? Deliveries::Reopened::NotNow
                                        : Deliveries::Reopened::Yes;
        ASSERT_EQ(deliveries_->reopen(letter->first, event(offset).subject), expected);
        if (is_full && !is_open) return;
        revived_.insert(Offset{offset});
        if (is_open) {
            plain_.open.at(offset).is_letter = true;
            return;
        }
        plain_.settled.erase(offset);
        acknowledged_.erase(offset);  // Where it came again after a new beginning.
        in_doubt_.erase(offset);
        open(offset, true);
        ++rare_.reopened;
    }

    /// What was settled behind the new beginning comes again; letters stay, and open ones open.
    void rewind() {
        const Number cursor = below(static_cast<std::uint32_t>(last()) + 1);
        deliveries_->restart(Offset{cursor});
        plain_.settled.clear();
        for (Number offset = 1; offset <= cursor; ++offset) plain_.settled.insert(offset);
        plain_.tries.clear();
        for (const auto& [offset, was_open] : std::exchange(plain_.open, {})) {
            if (!was_open.is_letter) continue;
            plain_.settled.erase(offset);
            open(offset, true);
            ++rare_.open_letters_rewound;
        }
        plain_.read = cursor;
        in_doubt_.clear();
        acknowledged_.clear();
        taken_.clear();
        is_rewound_ = true;
        ++rare_.rewound;
    }

    void offer_out_of_order() {
        while (plain_.settled.count(plain_.read + 1) > 0) ++plain_.read;
        const Number beyond = plain_.read + 2 + below(3);
        using enum Deliveries::Wanted;
        EXPECT_EQ(deliveries_->offer(Offset{beyond}, "a", Yes), Deliveries::Offered::NotNow);
        deliveries_->offer(Offset{plain_.cursor()}, "a", Yes);  // Settled: changes nothing.
        deliveries_->skip(Offset{beyond}, Offset{beyond + 5});
    }

    void check_end_of(Number offset) {
        const bool is_dead = plain_.letters.count(Offset{offset}) > 0;
        const bool is_done = acknowledged_.count(offset) > 0;
        if (!event(offset).is_wanted) {
            EXPECT_EQ(taken_.count(offset), 0u);
        } else if (offset > gone_ && !is_rewound_) {
            EXPECT_NE(is_dead, is_done) << offset;
            EXPECT_EQ(taken_.count(offset), 1u) << offset;
        }
    }

    std::mt19937 random_;
    Rare& rare_;
    const std::size_t window_;
    const bool is_push_;
    Timestamp now_ = kStart;

    std::vector<LogEvent> log_;
    Number gone_ = 0;  ///< Up to it, the log has nothing more.
    Stored stored_;
    LeaseNumbers numbers_;
    std::unique_ptr<Deliveries> deliveries_;
    std::vector<Lease> held_;

    Plain plain_;
    Plain written_;
    const bool rewinds_ = below(4) == 0;
    bool is_rewound_ = false;
    std::set<Offset> revived_;  ///< And not written.
    std::set<Number> taken_;
    std::set<Number> in_doubt_;      ///< Acknowledged, and not written.
    std::set<Number> acknowledged_;  ///< And written.
};

TEST(DeliveriesAtRandom, DoWhatAPlainModelDoes) {
    Rare rare;
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Story story(seed, rare);
        for (int step = 0; step < 400; ++step) {
            ASSERT_NO_FATAL_FAILURE(story.step()) << "step " << step;
        }
        ASSERT_NO_FATAL_FAILURE(story.end());
        ASSERT_FALSE(testing::Test::HasFailure());
    }
    const std::vector<int> counts{rare.dead,
                                  rare.reopened,
                                  rare.reopened_after_restart,
                                  rare.stale,
                                  rare.full,
                                  rare.gone,
                                  rare.settled_beyond,
                                  rare.tries_kept,
                                  rare.delivered_twice,
                                  rare.held_back,
                                  rare.put_back,
                                  rare.rewound,
                                  rare.open_letters_rewound};
    for (const int count : counts) {
        EXPECT_THAT(count, Ge(5)) << testing::PrintToString(counts);
    }
}

}  // namespace
}  // namespace skald::engine
