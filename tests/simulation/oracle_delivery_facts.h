#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/simulation/history.h"

/// What could be known of subscriptions up to some moment of a history. Judges nothing: that is
/// what oracle_deliveries.cpp and its neighbours are for.
namespace skald::simulation::oracle {

bool is_settled(const Stand& stand, std::int64_t offset);
bool wants(const SubscriptionPlan& plan, const LogEvent& event);

/// The events of all topics, as they are in the end.
class EventIndex {
 public:
    explicit EventIndex(const History& history);

    /// Null: there is none.
    const LogEvent* find(const std::string& topic, std::int64_t offset) const;
    /// 0: there is none.
    std::int64_t offset_of(const std::string& topic, const std::string& source,
                           const std::string& id) const;
    std::int64_t last(const std::string& topic) const;
    /// Offsets, in order.
    const std::vector<std::int64_t>& of_subject(const std::string& topic,
                                                const std::string& subject) const;

 private:
    void add(const std::string& topic, const LogEvent& event);

    std::map<std::string, std::map<std::int64_t, const LogEvent*>> by_offset_;
    std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> by_id_;
    std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> by_subject_;
};

/// A change that somebody asked for, and that may be done from then until it is over.
struct AskedChange {
    const ChangeAsked* asked;
    std::size_t asked_at;  ///< Index in History::seen; so of the others.
    /// It was answered, or its process died: nothing comes of it any more.
    std::optional<std::size_t> over_at;

    /// Something of it may have come to pass between the two.
    bool may_be_between(std::size_t from, std::size_t to) const {
        return asked_at < to && (!over_at || *over_at > from);
    }
    bool has_letter(std::int64_t offset) const;
};

/// One time that an event was handed out.
struct LeaseFacts {
    /// What was said of it.
    struct Said {
        std::uint64_t answer;  ///< LeasesAsked::number; 0: a call was told.
        LeasesAsked::As as;
        enum class State : std::uint8_t { Open, Done, Void } state;
    };
    std::uint64_t life;
    std::size_t given_at;
    std::uint32_t attempt;
    /// Engine time until when it is held for certain; 0: until its call is told.
    std::int64_t until;
    std::int64_t over_since = 0;  ///< Engine time of the end of its life; 0: that goes on.
    std::uint64_t last_extension = 0;
    bool is_told = false;  ///< Its call.
    std::vector<Said> said = {};

    bool may_be(LeasesAsked::As as) const;
    bool was_done(LeasesAsked::As as) const;
    /// Somebody may have said that it worked.
    bool may_be_delivered() const { return may_be(LeasesAsked::As::Acknowledged); }
    /// Surely nothing was said that ends it.
    bool is_untouched() const;
    bool may_have_failed(std::int64_t now) const;
};

/// A subscription from when it was made until it was deleted.
struct SubscriberFacts {
    std::int64_t key;
    Stand stand;                                             ///< The last one that was seen.
    std::size_t stand_at;                                    ///< Then.
    std::size_t made_at;                                     ///< When it was seen first.
    bool is_gone = false;                                    ///< Deleted.
    bool was_rewound = false;                                ///< Somebody asked for it.
    std::vector<const SubscriptionPlan*> plans;              ///< That it had so far.
    std::map<std::int64_t, std::vector<LeaseFacts>> leases;  ///< By offset, in order.
    std::map<std::int64_t, std::size_t> opened_at;  ///< Again; what was said before counts no more.

    bool surely_wants(const LogEvent& event) const;
    bool may_want(const LogEvent& event) const;
    /// The least and the most of all versions; none: no limit.
    std::optional<std::uint32_t> least_attempts() const;
    std::optional<std::uint32_t> most_attempts() const;
    std::uint32_t most_parallel() const;
    /// Attempts fail of which nobody sees anything.
    bool may_fail_unseen() const;
    bool is_only(SubscriptionPlan::How how) const;
    /// Since it was opened last.
    std::vector<const LeaseFacts*> leases_of(std::int64_t offset) const;
    bool may_be_delivered(std::int64_t offset) const;
    bool may_be_dead(std::int64_t offset, std::int64_t now) const;
    std::size_t failures(std::int64_t offset, std::int64_t now) const;
    std::size_t calls_out(std::uint64_t life) const;
};

/// Where a lease is.
struct LeasePlace {
    SubscriberFacts* subscriber = nullptr;
    std::int64_t offset = 0;
    std::size_t index = 0;

    LeaseFacts& facts() const { return subscriber->leases.at(offset)[index]; }
    bool is_last() const { return index + 1 == subscriber->leases.at(offset).size(); }
};

/// An answer to leases on its way.
struct AnswerFacts {
    const LeasesAsked* asked;
    std::size_t asked_at;
    std::int64_t engine_time;
    std::uint64_t life;
    std::map<std::uint64_t, bool> was_last;  ///< By lease: nobody else had got its event.
};

class DeliveryFacts {
 public:
    explicit DeliveryFacts(const History& history) : history_(history), events_(history) {}

    const EventIndex& events() const { return events_; }
    std::size_t now() const { return now_; }
    std::uint64_t life() const { return life_; }
    /// As skald knows it by that name; null: there is none.
    SubscriberFacts* active(const std::string& name);
    std::map<std::int64_t, SubscriberFacts>& all() { return all_; }
    /// Null: nobody got such a lease.
    const LeasePlace* lease(std::uint64_t number) const;
    const LeasePlace* call(std::uint64_t number) const;
    const AnswerFacts* answer(std::uint64_t number) const;
    const AskedChange* change(std::uint64_t number) const;
    /// Whether a change of `name` for which `is_it` says so may have come to pass between.
    template <typename IsIt>
    bool may_be_between(const std::string& name, std::size_t from, std::size_t to,
                        const IsIt& is_it) const {
        const auto found = of_name_.find(name);
        if (found == of_name_.end()) return false;
        for (const std::size_t index : found->second) {
            const AskedChange& change = changes_[index];
            if (change.may_be_between(from, to) && is_it(change)) return true;
        }
        return false;
    }
    /// A rewind that makes everything behind `offset - 1` new.
    bool may_be_rewound(const std::string& name, std::int64_t offset, std::size_t from) const;
    bool may_be_passed_over(const std::string& name, std::int64_t offset, std::size_t from) const;
    bool may_be_revived(const std::string& name, std::int64_t offset, std::size_t from) const;
    bool may_be_discarded(const std::string& name, std::int64_t offset, std::size_t from) const;
    /// It is held by whom it was given to, for certain.
    bool is_held(const LeasePlace& lease, std::int64_t engine_time) const;
    bool has_begun(const std::string& request_key) const { return begun_.contains(request_key); }

    // ---- Moves on
    void move_on() { ++now_; }
    /// Its event stands at `offset`.
    void add(SubscriberFacts& subscriber, std::int64_t offset, const HandedOut& out);
    void add(const Seen& seen, const LeasesAsked& asked);
    void add(const LeasesAnswered& answered);
    void add(const PushTold& told);
    void add(const ChangeAsked& asked);
    void add(const ChangeAnswered& answered);
    void add(const Seen& seen, const Crashed& crashed);
    void add(const Journaled& journaled);
    /// `stand` is what is durable of it now.
    SubscriberFacts& add(std::int64_t key, const Stand& stand);
    /// What is handed out from now on is of those that are there now.
    void tell();
    /// What was said to processes before counts no more.
    void begin_life();
    bool is_life_begun() const { return is_life_begun_; }

 private:
    const History& history_;
    const EventIndex events_;
    std::size_t now_ = 0;
    std::uint64_t life_ = 1;
    bool is_life_begun_ = false;
    std::map<std::int64_t, SubscriberFacts> all_;
    std::map<std::string, std::int64_t> active_;
    std::map<std::uint64_t, LeasePlace> leases_, calls_;
    std::map<std::uint64_t, AnswerFacts> answers_;
    std::vector<AskedChange> changes_;
    std::map<std::uint64_t, std::size_t> by_number_;
    std::map<std::string, std::vector<std::size_t>> of_name_;
    std::map<std::string, std::size_t> begun_;
};

}  // namespace skald::simulation::oracle
