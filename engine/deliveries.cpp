#include "engine/deliveries.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "sagas/backoff.h"

namespace skald::engine {
namespace {

constexpr const char* kExpired = "not acknowledged in time";

store::Offset next_offset(store::Offset offset) {
    return store::Offset{static_cast<std::int64_t>(offset) + 1};
}
store::Offset previous_offset(store::Offset offset) {
    return store::Offset{static_cast<std::int64_t>(offset) - 1};
}

}  // namespace

bool DeliveryChanges::empty() const {
    return !progress && tries.empty() && ended_tries.empty() && dead_letters.empty() &&
           ended_dead_letters.empty();
}

sagas::Result<OffsetRanges> settled_offsets(const SubscriptionProgress& progress) {
    auto settled = OffsetRanges::parse(progress.settled);
    if (settled) settled->add(store::Offset{1}, progress.cursor);
    return settled;
}

Deliveries::Deliveries(Rules rules, LeaseNumbers& numbers, OffsetRanges settled,
                       std::vector<DeliveryTry> tries)
    : rules_(std::move(rules)),
      numbers_(numbers),
      settled_(std::move(settled)),
      offered_(settled_.end_of_run(store::Offset{0})) {
    for (DeliveryTry& stored : tries) {
        stored_tries_.insert(stored.offset);
        tries_.emplace(stored.offset, std::move(stored));
    }
}

// ---- Events come from the log -------------------------------------------------------------------

std::optional<store::Offset> Deliveries::wants_more() const {
    return room() > 0 ? std::optional(read_until()) : std::nullopt;
}

Deliveries::Offered Deliveries::offer(store::Offset offset, std::string_view subject,
                                      Wanted wanted) {
    if (offset <= offered_ || offset > next_offset(read_until())) return Offered::NotNow;
    const bool is_new = !settled_.contains(offset) && open_.count(offset) == 0;
    if (is_new && wanted == Wanted::Yes) {
        if (room() == 0) return Offered::NotNow;
        open_event(offset, subject);
    }
    pass(offset);
    return Offered::Yes;
}

std::uint64_t Deliveries::skip(store::Offset after, store::Offset through) {
    return after <= read_until() && through > offered_ ? pass(through) : 0;
}

/// What lies between those offered so far and `through`, and is not open, is settled; what is open
/// may be taken now. Returns how many were not settled.
std::uint64_t Deliveries::pass(store::Offset through) {
    forget_tries(through);
    std::uint64_t count = 0;
    store::Offset first = next_offset(offered_);
    offered_ = through;
    for (auto event = open_.lower_bound(first); event != open_.end() && event->first <= through;
         ++event) {
        count += settle_unopened(first, previous_offset(event->first));
        first = next_offset(event->first);
        --ahead_;
        if (event->second.state == Event::State::Idle) rest(event->first, event->second);
    }
    return count + settle_unopened(first, through);
}

std::uint64_t Deliveries::settle_unopened(store::Offset first, store::Offset last) {
    const std::uint64_t missing = settled_.count_missing(first, last);
    if (missing == 0) return 0;
    settled_.add(first, last);
    has_moved_ = true;
    note(Unwritten::Passed);
    return missing;
}

/// Of events that come no more, or are not wanted any more.
void Deliveries::forget_tries(store::Offset through) {
    while (!tries_.empty() && tries_.begin()->first <= through) {
        changed_.insert(tries_.begin()->first);
        tries_.erase(tries_.begin());
        note(Unwritten::Passed);
    }
}

void Deliveries::drop(store::Offset offset) {
    const auto event = open_.find(offset);
    if (event == open_.end()) return;
    const bool is_kept =
        event->second.state == Event::State::Leased || event->second.is_dead_letter;
    if (!is_kept) settle(event);
}

Deliveries::Reopened Deliveries::reopen(store::Offset offset, std::string_view subject) {
    if (ended_letters_.count(offset) > 0) return Reopened::IsOver;
    if (const auto event = open_.find(offset); event != open_.end()) {
        event->second.is_dead_letter = true;
        return Reopened::IsOpen;
    }
    if (open_.size() >= rules_.window) return Reopened::NotNow;
    if (settled_.contains(offset)) {
        settled_.remove(offset);
        has_moved_ = true;
        note(Unwritten::Outcomes);
    }
    open_event(offset, subject).is_dead_letter = true;
    letters_.erase(offset);  // It died in this very moment, and again.
    return Reopened::Yes;
}

void Deliveries::bury(store::Offset offset) {
    const auto event = open_.find(offset);
    if (event != open_.end() && event->second.is_dead_letter) settle(event);
    end_letter(offset);
    note(Unwritten::Outcomes);
}

void Deliveries::end_letter(store::Offset offset) {
    letters_[offset] = std::nullopt;
    ended_letters_.insert(offset);
    if (ended_letters_.size() > kEndedLettersMax) ended_letters_.erase(ended_letters_.begin());
}

void Deliveries::restart(store::Offset cursor) {
    std::vector<std::pair<store::Offset, std::string>> letters;
    for (const auto& [offset, event] : open_) {
        if (!event.is_dead_letter) continue;
        letters.emplace_back(offset, event.line != nullptr ? event.line->first : std::string());
    }
    changed_.insert(stored_tries_.begin(), stored_tries_.end());
    tries_.clear();
    open_.clear();
    lines_.clear();
    ready_.clear();
    waiting_.clear();
    leased_.clear();
    ahead_ = 0;
    settled_ = OffsetRanges::begun_at(cursor);
    offered_ = cursor;
    for (const auto& [offset, subject] : letters) {
        settled_.remove(offset);
        open_event(offset, subject).is_dead_letter = true;
    }
    has_moved_ = true;
    note(Unwritten::Outcomes);
}

Deliveries::Event& Deliveries::open_event(store::Offset offset, std::string_view subject) {
    Event& event = open_[offset];
    ahead_ += offset > offered_;
    if (!subject.empty()) join_line(offset, event, subject);
    const auto stored = tries_.find(offset);
    if (stored == tries_.end()) {
        rest(offset, event);
        return event;
    }
    // Where fewer attempts are allowed now, it has one left.
    event.attempts = std::min(stored->second.attempts, attempts_max() - 1);
    event.error = std::move(stored->second.error);
    event.next_at = stored->second.next_at;
    tries_.erase(stored);
    wait(offset, event, event.next_at);
    return event;
}

// ---- Lines --------------------------------------------------------------------------------------

void Deliveries::join_line(store::Offset offset, Event& event, std::string_view subject) {
    event.line = &*lines_.try_emplace(std::string(subject)).first;
    std::set<store::Offset>& line = event.line->second;
    const auto behind = std::next(line.insert(offset).first);
    if (behind != line.end()) ready_.erase(*behind);  // Of those in line, only the first was ready.
}

void Deliveries::leave_line(store::Offset offset, Lines::value_type& line) {
    line.second.erase(offset);
    if (line.second.empty()) {
        lines_.erase(lines_.find(line.first));
        return;
    }
    const auto next = open_.find(*line.second.begin());
    if (next->second.state == Event::State::Idle) rest(next->first, next->second);
}

/// It may be taken as soon as nothing in its line is before it; what is not offered yet may be.
void Deliveries::rest(store::Offset offset, Event& event) {
    event.state = Event::State::Idle;
    const bool is_first = event.line == nullptr || *event.line->second.begin() == offset;
    if (is_first && offset <= offered_) ready_.insert(offset);
}

void Deliveries::wait(store::Offset offset, Event& event, sagas::Timestamp until) {
    event.state = Event::State::Waiting;
    event.until = until;
    waiting_.emplace(until, offset);
}

void Deliveries::wake(sagas::Timestamp now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        const store::Offset offset = waiting_.extract(waiting_.begin()).value().second;
        rest(offset, open_.at(offset));
    }
}

// ---- Deliveries ---------------------------------------------------------------------------------

std::vector<Deliveries::Taken> Deliveries::take(std::size_t limit, sagas::Timestamp now,
                                                sagas::Timestamp until) {
    wake(now);
    std::vector<Taken> taken;
    taken.reserve(std::min(limit, ready_.size()));
    while (taken.size() < limit && !ready_.empty()) {
        const store::Offset offset = ready_.extract(ready_.begin()).value();
        Event& event = open_.at(offset);
        event.state = Event::State::Leased;
        event.until = until;
        event.lease = ++numbers_.last;
        leased_.emplace(until, offset);
        taken.push_back({{offset, event.lease}, event.attempts + 1});
    }
    return taken;
}

Deliveries::Events::iterator Deliveries::leased_by(const Lease& lease) {
    const auto event = open_.find(lease.offset);
    const bool is_current = event != open_.end() && event->second.state == Event::State::Leased &&
                            event->second.lease == lease.number;
    return is_current ? event : open_.end();
}

Deliveries::Answered Deliveries::acknowledge(const Lease& lease) {
    const auto event = leased_by(lease);
    if (event == open_.end()) return Answered::Stale;
    if (event->second.is_dead_letter) end_letter(lease.offset);
    settle(event);
    return Answered::Done;
}

Deliveries::Answered Deliveries::extend(const Lease& lease, sagas::Timestamp until) {
    const auto event = leased_by(lease);
    if (event == open_.end()) return Answered::Stale;
    leased_.erase({event->second.until, lease.offset});
    event->second.until = until;
    leased_.emplace(until, lease.offset);
    return Answered::Done;
}

Deliveries::Refused Deliveries::refuse(const Lease& lease, std::string error,
                                       sagas::Timestamp now) {
    const auto event = leased_by(lease);
    return event == open_.end() ? Refused::Stale : fail(event, std::move(error), now);
}

Deliveries::Answered Deliveries::put_back(const Lease& lease, sagas::Timestamp at) {
    const auto event = leased_by(lease);
    if (event == open_.end()) return Answered::Stale;
    leased_.erase({event->second.until, lease.offset});
    wait(lease.offset, event->second, at);
    return Answered::Done;
}

std::vector<Deliveries::Refused> Deliveries::expire(sagas::Timestamp now) {
    std::vector<Refused> expired;
    while (!leased_.empty() && leased_.begin()->first <= now) {
        expired.push_back(fail(open_.find(leased_.begin()->second), kExpired, now));
    }
    wake(now);
    return expired;
}

Deliveries::Refused Deliveries::fail(Events::iterator found, std::string error,
                                     sagas::Timestamp now) {
    auto& [offset, event] = *found;
    ++event.attempts;
    if (event.attempts >= attempts_max()) {
        letters_[offset] = DeadLetter{offset, event.attempts, now, std::move(error)};
        ended_letters_.erase(offset);
        settle(found);
        return Refused::Dead;
    }
    leased_.erase({event.until, offset});
    event.error = std::move(error);
    const std::string key = rules_.name + '/' + std::to_string(static_cast<std::int64_t>(offset));
    event.next_at = now + sagas::backoff(rules_.retry, event.attempts, key, event.attempts + 1);
    wait(offset, event, event.next_at);
    if (rules_.retry.maximum_attempts) {
        changed_.insert(offset);
        note(Unwritten::Outcomes);
    }
    return Refused::Again;
}

void Deliveries::settle(Events::iterator found) {
    const auto& [offset, event] = *found;
    leased_.erase({event.until, offset});
    waiting_.erase({event.until, offset});
    ready_.erase(offset);
    if (event.attempts > 0 || stored_tries_.count(offset) > 0) changed_.insert(offset);
    ahead_ -= offset > offered_;
    settled_.add(offset);
    has_moved_ = true;
    note(Unwritten::Outcomes);
    if (event.line != nullptr) leave_line(offset, *event.line);
    open_.erase(found);
}

std::optional<sagas::Timestamp> Deliveries::next_due() const {
    std::optional<sagas::Timestamp> due;
    if (!waiting_.empty()) due = waiting_.begin()->first;
    if (!leased_.empty() && leased_.begin()->first != kForever) {
        due = std::min(due.value_or(kForever), leased_.begin()->first);
    }
    return due;
}

std::uint32_t Deliveries::attempts_max() const {
    return rules_.retry.maximum_attempts.value_or(std::numeric_limits<std::uint32_t>::max());
}

// ---- What has come of it ------------------------------------------------------------------------

void Deliveries::note(Unwritten what) { unwritten_ = std::max(unwritten_, what); }

DeliveryChanges Deliveries::changes() {
    DeliveryChanges changes;
    if (has_moved_) changes.progress = {cursor(), settled_.text_behind(cursor())};
    add_tries_to(changes);
    for (auto& [offset, letter] : letters_) {
        if (letter) {
            changes.dead_letters.push_back(std::move(*letter));
        } else {
            changes.ended_dead_letters.push_back(offset);
        }
    }
    has_moved_ = false;
    changed_.clear();
    letters_.clear();
    unwritten_ = Unwritten::Nothing;
    return changes;
}

void Deliveries::add_tries_to(DeliveryChanges& changes) {
    for (const store::Offset offset : changed_) {
        const auto found = open_.find(offset);
        if (found != open_.end() && found->second.attempts > 0) {
            const Event& event = found->second;
            changes.tries.push_back({offset, event.attempts, event.next_at, event.error});
            stored_tries_.insert(offset);
        } else if (stored_tries_.erase(offset) > 0) {
            changes.ended_tries.push_back(offset);
        }
    }
}

}  // namespace skald::engine
