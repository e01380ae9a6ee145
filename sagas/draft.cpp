#include "sagas/draft.h"

#include <algorithm>
#include <utility>

#include "sagas/assign.h"
#include "sagas/check.h"

namespace skald::sagas {

namespace {

constexpr std::size_t kTouchedUsual = 2;  // A step that is done, and the next one.

/// The order of all_places.
bool is_before_in_place(StepIndex left, StepIndex right) {
    return std::pair(to_size(left), item_of(left)) < std::pair(to_size(right), item_of(right));
}

}  // namespace

Draft::Draft(const Definition& definition, Saga saga, Timestamp now)
    : definition_(definition),
      saga_(std::move(saga)),
      now_(now),
      deadline_before_(owed_by_deadline(definition_, saga_)),
      lock_before_(owed_by_lock(saga_)) {
    touched_.reserve(kTouchedUsual);
}

void Draft::accept(Cause cause) {
    SKALD_CHECK(!record_);
    if (std::holds_alternative<Suspend>(cause) || std::holds_alternative<Resume>(cause)) {
        for (const StepIndex place : all_places(saga_)) {
            keep_owed(place);
        }
    }
    absorb(saga_, cause, now_);
    record_ = Record{now_, std::move(cause), {}};
    record_->decision.steps.reserve(kTouchedUsual);
}

void Draft::keep_owed(StepIndex step) {
    touched_.push_back({step, owed_by(definition_, saga_, step)});
}

bool Draft::has_begun_try(StepIndex step) const {
    return std::any_of(touched_.begin(), touched_.end(), [step](const Touched& touched) {
        return touched.step == step && touched.is_begun;
    });
}

void Draft::set(StepIndex step, StepState state) {
    keep_owed(step);
    touched_.back().is_begun = std::holds_alternative<Calling>(state);
    assign(saga_, step, state, now_);
    if (record_) {
        record_->decision.steps.push_back({step, std::move(state)});
    }
}

void Draft::set_error(StepIndex step, std::string error) {
    SKALD_CHECK(record_);
    sagas::set_error(saga_.step(step), error, now_);
    record_->decision.errors.emplace_back(step, std::move(error));
}

void Draft::set_items(StepIndex step, Value items) {
    SKALD_CHECK(record_);
    begin_elements(saga_, step, items);
    record_->decision.items.emplace_back(step, std::move(items));
}

void Draft::turn(Failure failure) {
    SKALD_CHECK(record_ && saga_.direction == Direction::Forward);
    sagas::turn(saga_, failure);
    record_->decision.turned = std::move(failure);
}

void Draft::want_turn(Failure failure) {
    SKALD_CHECK(record_);
    saga_.turn_wanted = failure;
    record_->decision.wanted = Wanted::Set;
    record_->decision.turn_wanted = std::move(failure);
}

void Draft::drop_wanted_turn() {
    SKALD_CHECK(record_);
    if (saga_.turn_wanted) {
        saga_.turn_wanted.reset();
        record_->decision.wanted = Wanted::Lapsed;
    }
}

void Draft::end(End end) {
    SKALD_CHECK(record_);
    expectations_.clear();
    saga_.end = end;
    record_->decision.end = std::move(end);
}

void Draft::publish(Publication publication) {
    SKALD_CHECK(record_);
    publications_.push_back(std::move(publication));
}

void Draft::expect(Expectation expectation) {
    SKALD_CHECK(record_);
    expectations_.push_back(std::move(expectation));
}

void Draft::refuse(RefusalCode code, std::string detail) {
    SKALD_CHECK(!record_ || code == RefusalCode::AlreadySo);
    refusal_ = Refusal{code, std::move(detail)};
}

Transition Draft::finish() && {
    const auto is_before = [](const Touched& one, const Touched& other) {
        return is_before_in_place(one.step, other.step);
    };
    if (!std::is_sorted(touched_.begin(), touched_.end(), is_before)) {
        std::stable_sort(touched_.begin(), touched_.end(), is_before);
    }
    const auto end = std::unique(
        touched_.begin(), touched_.end(),
        [](const Touched& first, const Touched& later) { return first.step == later.step; });
    std::vector<Effect> effects;
    for (auto touched = touched_.begin(); touched != end; ++touched) {
        Owed now = owed_by(definition_, saga_, touched->step);
        if (now && now != touched->before) {
            effects.push_back(std::move(*now));
        }
    }
    Owed deadline = owed_by_deadline(definition_, saga_);
    if (deadline && deadline != deadline_before_) {
        effects.push_back(std::move(*deadline));
    }
    Owed lock = owed_by_lock(saga_);
    if (lock && lock != lock_before_) {
        effects.push_back(std::move(*lock));
    }
    return {std::move(saga_),         std::move(record_),       std::move(effects),
            std::move(publications_), std::move(expectations_), std::move(refusal_)};
}

}  // namespace skald::sagas
