#include "sagas/answer_events.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sagas/advance.h"
#include "sagas/event_match.h"
#include "sagas/settled.h"
#include "sagas/tries.h"

namespace skald::sagas {

namespace {

/// The action's try that a callback answers: any that is open, for its URL is the same for all.
std::optional<Calling> open_try(const StepState& state) {
    if (const auto* calling = std::get_if<Calling>(&state)) {
        return *calling;
    }
    if (const auto* awaiting = std::get_if<AwaitingCallback>(&state)) {
        return Calling{awaiting->attempt, awaiting->budget_from, awaiting->is_doubtful};
    }
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        return Calling{waiting->attempt - 1, waiting->budget_from, waiting->is_doubtful};
    }
    return std::nullopt;
}

std::optional<Compensating> open_undo(const StepState& state) {
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        return *compensating;
    }
    if (const auto* awaiting = std::get_if<CompensationAwaitingCallback>(&state)) {
        return Compensating{awaiting->attempt, awaiting->budget_from};
    }
    if (const auto* waiting = std::get_if<CompensationBackingOff>(&state)) {
        return Compensating{waiting->attempt - 1, waiting->budget_from};
    }
    return std::nullopt;
}

/// Why the callback is no success. What it says is left out where it may repeat what the definition
/// calls sensitive.
std::string error_of(const Draft& draft, const CalledBack& event) {
    if (event.outcome == Outcome::Success) {
        return {};
    }
    const std::string text = event.event ? "told by event: " : "called back: ";
    if (event.error.empty()) {
        return text + std::string(to_text(event.outcome));
    }
    const bool is_hidden = draft.definition().sensitive.hides_replies(event.step);
    return text + (is_hidden ? std::string(kMasked) : event.error);
}

CalledBackCause cause_of(const Draft& draft, const CalledBack& event, std::uint32_t attempt) {
    return {event.step, event.phase, attempt, event.outcome, error_of(draft, event),
            nullptr,    event.event};
}

/// Whether it says that the action did nothing, and may say so of an earlier try than the one which
/// is open: participants may call back twice, and by the same URL for all tries.
bool may_be_repeated(const CalledBack& event, std::uint32_t attempt) {
    return event.outcome == Outcome::Retry && attempt > 1;
}

void on_action_callback(Draft& draft, const CalledBack& event, Calling calling) {
    CalledBackCause cause = cause_of(draft, event, calling.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
        return advance(draft);
    }
    draft.accept(std::move(cause));
    if (event.outcome == Outcome::Failure) {
        calling.is_doubtful = false;  // It speaks for every try.
        give_up(draft, event.step, calling, StuckReason::Refused);
    } else {
        calling.is_doubtful |=
            event.outcome == Outcome::Unknown || may_be_repeated(event, calling.attempt);
        try_again(draft, event.step, calling, std::nullopt);
    }
    advance(draft);
}

/// The next try comes in any case: all that a callback can add is doubt.
void doubt_backing_off(Draft& draft, const CalledBack& event, BackingOff waiting) {
    draft.accept(cause_of(draft, event, waiting.attempt - 1));
    waiting.is_doubtful = true;
    draft.set(event.step, waiting);
}

void on_settling_callback(Draft& draft, const CalledBack& event, const Settling& settling) {
    CalledBackCause cause = cause_of(draft, event, settling.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
    } else if (event.outcome == Outcome::Unknown || may_be_repeated(event, settling.attempt)) {
        draft.accept(std::move(cause));  // The reply, or that none comes, settles it.
        draft.set(event.step, Settling{settling.attempt, true});
    } else {
        draft.accept(std::move(cause));
        const bool is_denied = event.outcome == Outcome::Failure;
        draft.set(event.step, settled(settling, event.outcome, is_denied));
    }
    advance(draft);
}

/// Parked doubt is cleared by a callback that says what happened.
void on_parked_callback(Draft& draft, const CalledBack& event, const StuckAction& stuck) {
    CalledBackCause cause = cause_of(draft, event, stuck.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
    } else {
        draft.accept(std::move(cause));
        settle_failed(draft, event.step, stuck.attempt, StuckReason::Refused);
    }
    advance(draft);
}

void on_compensation_callback(Draft& draft, const CalledBack& event,
                              const Compensating& compensating) {
    draft.accept(cause_of(draft, event, compensating.attempt));
    if (event.outcome == Outcome::Success) {
        draft.set(event.step, Compensated{UndoneBy::Call});
    } else if (event.outcome == Outcome::Failure) {
        draft.set(event.step,
                  StuckCompensation{StuckReason::CompensationRefused, compensating.attempt});
    } else {
        undo_again(draft, event.step, compensating, std::nullopt);
    }
    advance(draft);
}

/// Of an event that nobody waits for any more; of a step that never did, it is foreign.
void on_late_event(Draft& draft, const CalledBack& event) {
    const StepRun& run = draft.saga().step(event.step);
    const bool is_action = event.phase == Phase::Action;
    const bool has_begun = is_action ? run.started_at.has_value() : run.compensation_attempts > 0;
    if (has_begun) {
        const std::uint32_t tries = is_action ? run.attempts : run.compensation_attempts;
        draft.accept(LateCause{event.step, event.phase, std::max(tries, 1u), event.outcome, 0,
                               error_of(draft, event), event.event});
    }
}

/// A callback that nobody waits for is noted once for each try that was given up.
void on_unawaited(Draft& draft, const CalledBack& event) {
    if (event.event) {
        return on_late_event(draft, event);
    }
    const auto& unanswered = draft.saga().step(event.step).unanswered;
    const auto last =
        std::find_if(unanswered.rbegin(), unanswered.rend(),
                     [&event](const Unanswered& each) { return each.phase == event.phase; });
    if (last != unanswered.rend()) {
        draft.accept(LateCause{event.step, event.phase, last->attempt, event.outcome, 0,
                               error_of(draft, event)});
    }
}

/// Whether the step may be told so: by the URL that its participant got, or once by each event that
/// says how it ended.
bool is_asked_for(const Draft& draft, const CalledBack& event) {
    if (!draft.saga().has(event.step)) {
        return false;
    }
    const Step& step = draft.definition().step(event.step);
    if (!event.event) {
        return may_call_back(step, event.phase);
    }
    const auto& heard = draft.saga().heard;
    const bool is_known =
        std::find(heard.begin(), heard.end(), HeardEvent{event.step, event.phase, *event.event}) !=
        heard.end();
    const bool is_of_elements = step.for_each && !item_of(event.step);
    const bool says_how_it_ended =
        event.outcome == Outcome::Success || event.outcome == Outcome::Failure;
    return !is_known && !is_of_elements && says_how_it_ended &&
           awaited_event(step, event.phase) != nullptr;
}

void on_callback_of_action(Draft& draft, const CalledBack& event) {
    const StepState state = draft.state(event.step);
    const bool says_how_it_ended =
        event.outcome == Outcome::Success || event.outcome == Outcome::Failure;
    const auto* waiting = std::get_if<BackingOff>(&state);
    if (waiting != nullptr && !says_how_it_ended) {
        const bool is_new = event.outcome == Outcome::Unknown && !waiting->is_doubtful;
        return is_new ? doubt_backing_off(draft, event, *waiting) : on_unawaited(draft, event);
    }
    if (const auto calling = open_try(state)) {
        return on_action_callback(draft, event, *calling);
    }
    if (const auto* settling = std::get_if<Settling>(&state)) {
        const bool is_new = says_how_it_ended || !settling->is_doubtful;
        return is_new ? on_settling_callback(draft, event, *settling) : on_unawaited(draft, event);
    }
    const auto* stuck = std::get_if<StuckAction>(&state);
    if (stuck != nullptr && stuck->is_doubtful && says_how_it_ended) {
        return on_parked_callback(draft, event, *stuck);
    }
    return on_unawaited(draft, event);
}

void on_callback_of_compensation(Draft& draft, const CalledBack& event) {
    const StepState state = draft.state(event.step);
    const auto undo = open_undo(state);
    const bool says_how_it_ended =
        event.outcome == Outcome::Success || event.outcome == Outcome::Failure;
    if (undo && (says_how_it_ended || !std::holds_alternative<CompensationBackingOff>(state))) {
        return on_compensation_callback(draft, event, *undo);
    }
    const auto* stuck = std::get_if<StuckCompensation>(&state);
    const bool is_cleared = stuck != nullptr && event.outcome == Outcome::Success &&
                            stuck->reason == StuckReason::CompensationExhausted;
    if (is_cleared) {  // Its tries ended without an answer; this is one.
        return on_compensation_callback(draft, event, {stuck->attempt, stuck->attempt});
    }
    return on_unawaited(draft, event);
}

}  // namespace

void on(Draft& draft, const CalledBack& event) {
    if (!is_asked_for(draft, event)) {
        return;
    }
    if (draft.saga().end) {
        return on_unawaited(draft, event);
    }
    return event.phase == Phase::Action ? on_callback_of_action(draft, event)
                                        : on_callback_of_compensation(draft, event);
}

}  // namespace skald::sagas
