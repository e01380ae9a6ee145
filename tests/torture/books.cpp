#include "tests/torture/books.h"

#include <optional>
#include <utility>

namespace skald::torture {
namespace {

constexpr std::size_t kIdsKept = 10'000;
constexpr std::size_t kExamples = 3;
constexpr std::size_t kHeldKept = 1'000;  ///< Of each lock.

Step step_at(std::size_t position) { return static_cast<Step>(position); }

std::string key_of(Step step, Phase phase) {
    return std::string(name_of(step)) + '/' + std::string(name_of(phase));
}

bool has_effect(Reply reply) {
    return reply == Reply::Done || reply == Reply::Broken || reply == Reply::Reset ||
           reply == Reply::Silent || reply == Reply::Later;
}

}  // namespace

Books::Row& Books::Pages::row(Step step, Phase phase) {
    return (phase == Phase::Action ? actions : compensations).at(static_cast<std::size_t>(step));
}

const Books::Row& Books::Pages::row(Step step, Phase phase) const {
    return const_cast<Pages*>(this)->row(step, phase);
}

Books::Verdict Books::enter(const BookedCall& call, Barrier barrier) {
    const std::lock_guard lock(mutex_);
    ++totals_.calls;
    auto found = live_.find(call.saga);
    if (found == live_.end()) {
        if (const std::optional<End> end = settled_.find(call.saga); end.has_value()) {
            return enter_settled(call, *end);
        }
        found = live_.try_emplace(std::string(call.saga)).first;
        found->second.story = call.story;
        found->second.first_life = life_;
    }
    Pages& pages = found->second;
    pages.last_life = call.is_from_the_dead ? pages.last_life : life_;
    Row& row = pages.row(call.step, call.phase);
    row.first = row.calls == 0 ? totals_.calls : row.first;
    row.last = totals_.calls;
    ++row.calls;
    if (!call.lock.empty()) {
        pages.lock = call.lock;
    }
    if (!call.is_from_the_dead) {
        pages.first = pages.first == 0 ? totals_.calls : pages.first;
        pages.last = totals_.calls;
    }

    Verdict verdict{reply_of(call.story, call.step, call.phase, row.calls), {}};
    if (call.story != pages.story) {
        verdict.fault = "its input changed from " + std::string(name_of(pages.story)) + " to " +
                        std::string(name_of(call.story));
    }
    if (!has_effect(verdict.reply)) {
        return verdict;
    }
    if (row.effects != 0 && barrier == Barrier::Holds) {
        ++totals_.absorbed;
        return verdict;
    }
    if (call.phase == Phase::Compensation) {
        const Row& action = pages.row(call.step, Phase::Action);
        row.bars = true;
        row.effects += action.effects > row.effects ? 1 : 0;
    } else if (pages.row(call.step, Phase::Compensation).bars) {
        verdict.reply = Reply::Refused;
    } else {
        ++row.effects;
    }
    return verdict;
}

void Books::on_killed() {
    const std::lock_guard lock(mutex_);
    ++life_;
}

Books::Verdict Books::enter_settled(const BookedCall& call, End end) {
    Verdict verdict{call.phase == Phase::Action ? Reply::Refused : Reply::Done, {}};
    if (call.is_from_the_dead) {
        ++totals_.late_calls;
    } else {
        verdict.fault = key_of(call.step, call.phase) + " was called after the saga had ended as " +
                        std::string(name_of(end));
    }
    return verdict;
}

/// Holds the pages of one saga against its end.
class Books::Check {
 public:
    Check(const Pages& pages, End end, const Expectation& expected)
        : pages_(pages), end_(end), expected_(expected), standing_(standing(pages.story, end)) {}

    std::vector<std::string> faults() {
        if (!expected_.ends.contains(end_)) {
            fault("it ended as " + std::string(name_of(end_)) + ", which it must not");
        }
        for (std::size_t i = 0; i < kSteps; ++i) {
            check_effects(step_at(i));
            check_order(step_at(i));
        }
        return std::move(faults_);
    }

    std::uint64_t effects_wanted() const {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < kSteps; ++i) {
            count += is_wanted(step_at(i)) ? 1 : 0;
        }
        return count;
    }

 private:
    void fault(std::string text) { faults_.push_back(std::move(text)); }

    bool is_wanted(Step step) const {
        return standing_.contains(step) || expected_.waived.contains(step);
    }

    void check_effects(Step step) {
        const std::string name(name_of(step));
        const Row& action = pages_.row(step, Phase::Action);
        const Row& compensation = pages_.row(step, Phase::Compensation);
        const std::uint32_t undone = compensation.effects + (action.is_undone_by_hand ? 1 : 0);
        if (action.effects > 1) {
            fault(name + " took effect " + std::to_string(action.effects) + " times");
        }
        if (undone > action.effects) {
            fault(name + " was undone " + std::to_string(undone) + " times, and done " +
                  std::to_string(action.effects) + " times");
        }
        const bool stands = action.effects > undone;
        if (stands && !is_wanted(step)) {
            fault(name + "'s effect stands, though the saga is " + std::string(name_of(end_)));
        }
        if (!stands && is_wanted(step)) {
            fault(name + "'s effect is not there, though the saga is " +
                  std::string(name_of(end_)));
        }
        if (end_ == End::Completed && compensation.calls != 0) {
            fault(name + " was compensated, though the saga is completed");
        }
        if (action.calls + compensation.calls != 0 && !steps_of(pages_.story).contains(step)) {
            fault(name + " was called, and is not in the definition");
        }
    }

    void check_order(Step step) {
        const Row& compensation = pages_.row(step, Phase::Compensation);
        expect_before(step, Phase::Action, step, Phase::Compensation);
        for (std::size_t i = 0; i < kSteps; ++i) {
            const Step later = step_at(i);
            if (!before(pages_.story, later).contains(step)) {
                continue;
            }
            expect_before(step, Phase::Action, later, Phase::Action);
            if (compensation.calls != 0) {
                expect_before(later, Phase::Action, step, Phase::Compensation);
                expect_before(later, Phase::Compensation, step, Phase::Compensation);
            }
        }
    }

    void expect_before(Step first, Phase first_phase, Step then, Phase then_phase) {
        const Row& early = pages_.row(first, first_phase);
        const Row& late = pages_.row(then, then_phase);
        if (early.calls != 0 && late.calls != 0 && early.last >= late.first) {
            fault(key_of(then, then_phase) + " began (call " + std::to_string(late.first) +
                  ") before " + key_of(first, first_phase) + " was settled (call " +
                  std::to_string(early.last) + ')');
        }
    }

    const Pages& pages_;
    const End end_;
    const Expectation& expected_;
    const Steps standing_;
    std::vector<std::string> faults_;
};

std::vector<std::string> Books::check_lock(std::string_view saga, const Pages& pages) {
    if (pages.lock.empty() || pages.first == 0) {
        return {};
    }
    std::deque<Held>& held = held_[pages.lock];
    std::vector<std::string> faults;
    for (const Held& other : held) {
        if (pages.first <= other.last && other.first <= pages.last) {
            faults.push_back("it was called (calls " + std::to_string(pages.first) + " to " +
                             std::to_string(pages.last) + ") while " + other.saga + " was (" +
                             std::to_string(other.first) + " to " + std::to_string(other.last) +
                             "), which has the same lock");
        }
    }
    held.push_back({std::string(saga), pages.first, pages.last});
    if (held.size() > kHeldKept) {
        held.pop_front();
    }
    return faults;
}

Books::Settlement Books::settle(std::string_view saga, End end, const Expectation& expected) {
    const std::lock_guard lock(mutex_);
    Settlement settlement;
    if (!settled_.insert(saga, end)) {
        settlement.faults.push_back("two starts gave this one saga");
        return settlement;
    }
    last_settled_.push_back({std::chrono::steady_clock::now(), std::string(saga)});
    while (last_settled_.size() > kIdsKept &&
           last_settled_.front().at + keep_ids_ < last_settled_.back().at) {
        last_settled_.pop_front();
    }
    Pages pages;
    pages.story = expected.story;
    if (const auto found = live_.find(saga); found != live_.end()) {
        pages = found->second;
        live_.erase(found);
    }
    Check check(pages, end, expected);
    settlement.faults = check.faults();
    for (std::string& fault : check_lock(saga, pages)) {
        settlement.faults.push_back(std::move(fault));
    }
    if (pages.story != expected.story) {
        settlement.faults.push_back("it played the story " + std::string(name_of(pages.story)) +
                                    " instead of " + std::string(name_of(expected.story)));
    }
    if (!settlement.faults.empty()) {
        settlement.pages = print(pages);
    }
    ++totals_.settled;
    totals_.interrupted += pages.first_life < pages.last_life ? 1 : 0;
    ++totals_.ends.at(static_cast<std::size_t>(end));
    ++totals_.stories.at(static_cast<std::size_t>(expected.story));
    totals_.effects_wanted += check.effects_wanted();
    for (std::size_t i = 0; i < kSteps; ++i) {
        totals_.effects_done += pages.actions[i].effects;
        totals_.effects_undone +=
            pages.compensations[i].effects + (pages.actions[i].is_undone_by_hand ? 1u : 0u);
    }
    return settlement;
}

void Books::undo_by_hand(std::string_view saga, Step step) {
    const std::lock_guard lock(mutex_);
    if (const auto found = live_.find(saga); found != live_.end()) {
        found->second.row(step, Phase::Action).is_undone_by_hand = true;
        found->second.row(step, Phase::Compensation).bars = true;
    }
}

std::string Books::give_up(std::string_view saga) {
    const std::lock_guard lock(mutex_);
    given_up_.emplace(saga);
    const auto found = live_.find(saga);
    if (found == live_.end()) {
        return {};
    }
    std::string pages = print(found->second);
    live_.erase(found);
    return pages;
}

std::string Books::audit(std::string_view saga, std::string_view status) {
    const std::lock_guard lock(mutex_);
    const std::string_view parent = parent_of(saga);
    const std::optional<End> settled = settled_.find(parent.empty() ? saga : parent);
    if (given_up_.contains(std::string(parent.empty() ? saga : parent))) {
        return {};
    }
    if (!settled.has_value()) {
        return "nobody asked for this saga, which is " + std::string(status);
    }
    if (parent.empty() && !settled_.tick_off(saga)) {
        return "it is listed twice";
    }
    if (status != name_of(*settled)) {
        return "it had ended as " + std::string(name_of(*settled)) + ", and is " +
               std::string(status) + " now";
    }
    return {};
}

Totals Books::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

std::size_t Books::live() const {
    const std::lock_guard lock(mutex_);
    return live_.size();
}

std::vector<std::string> Books::unsettled() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sagas;
    for (const auto& [saga, pages] : live_) {
        if (!given_up_.contains(saga)) {
            sagas.push_back(saga);
        }
    }
    return sagas;
}

std::string Books::pages_of(std::string_view saga) const {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(saga);
    return found == live_.end() ? std::string() : print(found->second);
}

Books::Unlisted Books::unlisted_since(std::chrono::steady_clock::time_point since) const {
    const std::lock_guard lock(mutex_);
    Unlisted unlisted;
    for (const Settled& settled : last_settled_) {
        if (settled.at < since || settled_.is_ticked_off(settled.saga)) {
            continue;
        }
        ++unlisted.count;
        if (unlisted.examples.size() < kExamples) {
            unlisted.examples.push_back(settled.saga);
        }
    }
    return unlisted;
}

Books::Unlisted Books::unlisted() const {
    Unlisted unlisted = unlisted_since({});
    const std::lock_guard lock(mutex_);
    unlisted.count = settled_.size() - settled_.ticked_off();
    return unlisted;
}

void Books::keep_ids(std::chrono::seconds time) {
    const std::lock_guard lock(mutex_);
    keep_ids_ = time;
}

std::string Books::print(const Pages& pages) {
    std::string text = "story " + std::string(name_of(pages.story)) + '\n';
    for (const Phase phase : {Phase::Action, Phase::Compensation}) {
        for (std::size_t i = 0; i < kSteps; ++i) {
            const Row& row = pages.row(step_at(i), phase);
            if (row.calls == 0) {
                continue;
            }
            text += "  " + key_of(step_at(i), phase) + ": " + std::to_string(row.calls) +
                    (row.calls == 1 ? " call (" : " calls (") + std::to_string(row.first) +
                    (row.calls == 1 ? "" : " to " + std::to_string(row.last)) + "), " +
                    (phase == Phase::Action ? "took effect " : "undid ") +
                    std::to_string(row.effects) + (row.effects == 1 ? " time" : " times") +
                    (row.is_undone_by_hand ? ", undone by hand" : "") + '\n';
        }
    }
    return text;
}

}  // namespace skald::torture
