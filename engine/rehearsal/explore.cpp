#include "engine/rehearsal/explore.h"

#include <algorithm>
#include <optional>

namespace skald::rehearsal {
namespace {

/// A fault, and what a run with nothing else wrong came by.
struct Single {
    Fault fault;
    Reach reach;
};

bool has_parallel(const Family& family) {
    for (std::size_t i = 0; i < family.size(); ++i) {
        if (has_parallel_calls(family.at(i))) return true;
    }
    return false;
}

class Explorer {
 public:
    Explorer(const Stage& stage, const Limits& limits, const Took& took)
        : stage_(stage),
          limits_(limits),
          took_(took),
          has_parallel_(has_parallel(stage.family())) {}

    Explored explore(const Played& first);

 private:
    /// None: it was broken off.
    std::optional<Reach> run(const Schedule& schedule);
    bool run_singles(const Reach& base);
    bool run_ways_back();
    bool run_pairs();
    /// Calls `take(fault, fault)` for every pair, each once; stops when it gives false.
    template <typename Take>
    void for_each_pair(const Take& take) const;
    const Single* find(const Fault& fault) const;
    bool is_on_way_back(Place place) const;
    std::size_t undos_in(const Reach& reach) const;
    bool was_on_way_back(const Fault& one, const Fault& other) const;

    const Stage& stage_;
    const Limits& limits_;
    const Took& took_;
    const bool has_parallel_;
    std::vector<Single> singles_;        ///< In the order of their faults.
    std::optional<std::size_t> turned_;  ///< The single fault that calls most compensations.
    std::size_t done_ = 1, total_ = 1;
    Explored explored_;
};

std::optional<Reach> Explorer::run(const Schedule& schedule) {
    Played played = play(stage_, schedule, Telling::No);
    took_(schedule, played);
    ++done_;
    total_ = std::max(total_, done_);
    if (limits_.goes_on && !limits_.goes_on(done_, total_)) {
        explored_.is_broken_off = true;
        return std::nullopt;
    }
    return std::move(played.reach);
}

bool Explorer::run_singles(const Reach& base) {
    std::vector<Fault> faults = faults_at(base, has_parallel_);
    std::sort(faults.begin(), faults.end());
    total_ += faults.size();
    for (const Fault& fault : faults) {
        auto reach = run({fault});
        ++explored_.singles;
        if (!reach) return false;
        const std::size_t undos = undos_in(*reach);
        if (undos > 0 && (!turned_ || undos > undos_in(singles_[*turned_].reach))) {
            turned_ = singles_.size();
        }
        singles_.push_back({fault, std::move(*reach)});
    }
    return true;
}

/// Whether the place is only come by when something is undone.
bool Explorer::is_on_way_back(Place place) const {
    return place.phase == Phase::Compensation || stage_.cast().role(place.spot.saga).is_undoing;
}

std::size_t Explorer::undos_in(const Reach& reach) const {
    return static_cast<std::size_t>(
        std::count_if(reach.calls.begin(), reach.calls.end(),
                      [this](const Reached& call) { return is_on_way_back(call.place); }));
}

/// No compensation runs unless something turns the saga: their single faults come behind the fault
/// that makes most of them run.
bool Explorer::run_ways_back() {
    if (!turned_) return true;
    const Single& turning = singles_[*turned_];
    for (const Fault& fault : faults_at(turning.reach, has_parallel_)) {
        if (!was_on_way_back(turning.fault, fault)) continue;
        ++explored_.singles;
        if (!run({turning.fault, fault})) return false;
    }
    return true;
}

bool Explorer::was_on_way_back(const Fault& one, const Fault& other) const {
    return turned_ && singles_[*turned_].fault == one && is_of_call(other) &&
           is_on_way_back(other.place);
}

const Single* Explorer::find(const Fault& fault) const {
    const auto found = std::lower_bound(
        singles_.begin(), singles_.end(), fault,
        [](const Single& each, const Fault& wanted) { return each.fault < wanted; });
    return found != singles_.end() && found->fault == fault ? &*found : nullptr;
}

template <typename Take>
void Explorer::for_each_pair(const Take& take) const {
    for (const Single& one : singles_) {
        for (const Fault& other : faults_at(one.reach, has_parallel_)) {
            if (!go_together(one.fault, other)) continue;
            // From both sides: counted from the first.
            const Single* back = other < one.fault ? find(other) : nullptr;
            if (back != nullptr && reaches(back->reach, one.fault)) continue;
            if (was_on_way_back(one.fault, other)) continue;
            if (!take(one.fault, other)) return;
        }
    }
}

bool Explorer::run_pairs() {
    for_each_pair([this](const Fault&, const Fault&) {
        ++explored_.pairs_known;
        return true;
    });
    const std::size_t known = explored_.pairs_known;
    const std::size_t room = limits_.schedules_max > done_ ? limits_.schedules_max - done_ : 0;
    const std::size_t chosen = std::min(known, room);
    total_ = done_ + chosen;
    std::size_t at = 0;
    for_each_pair([&](const Fault& one, const Fault& other) {
        // Evenly: the n-th of `known` is among the chosen where n · chosen / known steps up.
        const bool is_chosen = (at + 1) * chosen / known != at * chosen / known;
        ++at;
        if (!is_chosen) return true;
        ++explored_.pairs;
        return run({one, other}).has_value();
    });
    return !explored_.is_broken_off;
}

Explored Explorer::explore(const Played& first) {
    took_({}, first);
    if (run_singles(first.reach) && run_ways_back() && limits_.depth == Depth::Pairs) run_pairs();
    return explored_;
}

}  // namespace

Explored explore(const Stage& stage, const Played& first, const Limits& limits, const Took& took) {
    return Explorer(stage, limits, took).explore(first);
}

}  // namespace skald::rehearsal
