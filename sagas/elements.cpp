#include "sagas/elements.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sagas/advance.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

template <typename State>
bool in_state(const StepState& state) {
    return std::holds_alternative<State>(state);
}

bool is_under_way(const StepState& state) {
    return in_state<Calling>(state) || in_state<BackingOff>(state) ||
           in_state<AwaitingCallback>(state) || in_state<Settling>(state);
}

bool is_being_undone(const StepState& state) {
    return in_state<Compensating>(state) || in_state<CompensationBackingOff>(state) ||
           in_state<CompensationAwaitingCallback>(state);
}

template <typename Question>
std::size_t how_many(const StepRun& run, Question is_so) {
    return static_cast<std::size_t>(
        std::count_if(run.elements.begin(), run.elements.end(),
                      [&is_so](const StepRun& element) { return is_so(element.state); }));
}

Result<Value> items_of(const Draft& draft, StepIndex step, const ForEach& for_each) {
    auto items =
        for_each.items.render(SagaScope(draft.definition(), draft.saga()).in(step, Phase::Action));
    if (!items) {
        return fail(items.error().code, "for_each: " + items.error().message);
    }
    if (!items->is_array()) {
        return fail(ErrorCode::InvalidArgument,
                    "for_each: not an array, but " + std::string(items->type_name()));
    }
    if (items->size() > kItemsMax) {
        return fail(ErrorCode::InvalidArgument, "for_each: " + std::to_string(items->size()) +
                                                    " items; at most " + std::to_string(kItemsMax) +
                                                    " are allowed");
    }
    if (draft.saga().bytes + size_of(*items) > kSagaBytesMax) {
        return fail(ErrorCode::InvalidArgument,
                    "for_each: the input and outputs of the saga together grow over 4 MiB");
    }
    return make_value(std::move(*items));
}

/// What became of the elements that were undone: what people said outweighs the calls. None: none
/// was.
std::optional<UndoneBy> who_undid(const StepRun& run) {
    std::optional<UndoneBy> by;
    for (const StepRun& element : run.elements) {
        if (const auto* compensated = std::get_if<Compensated>(&element.state)) {
            by = std::max(by.value_or(UndoneBy::Call), compensated->by);
        }
    }
    return by;
}

/// What a step is whose elements are all closed.
StepState undone_state(const StepRun& run) {
    if (const auto by = who_undid(run)) {
        return Compensated{*by};
    }
    if (how_many(run, in_state<InDoubt>) > 0) {
        return InDoubt{};
    }
    if (how_many(run, in_state<Succeeded>) > 0) {
        return Succeeded{};
    }
    return how_many(run, in_state<Failed>) > 0 ? StepState{Failed{}} : StepState{Cancelled{}};
}

}  // namespace

bool has_settled_well(const Step& step, const StepState& state) {
    if (in_state<Succeeded>(state) || in_state<Skipped>(state)) {
        return true;
    }
    return step.necessity == Necessity::Optional &&
           (in_state<Failed>(state) || in_state<InDoubt>(state));
}

bool needs_undo(const Step& step, const StepState& state) {
    const bool has_undo =
        std::holds_alternative<Compensation>(step.undo) || is_undone_by_child(step);
    return has_undo && (in_state<Succeeded>(state) || in_state<InDoubt>(state));
}

bool is_element_open(const Step& step, const StepState& state) {
    return needs_undo(step, state) || in_state<Settling>(state) || is_being_undone(state) ||
           in_state<StuckCompensation>(state);
}

bool has_open_elements(const Step& step, const StepRun& run) {
    return std::any_of(run.elements.begin(), run.elements.end(), [&step](const StepRun& element) {
        return is_element_open(step, element.state);
    });
}

void begin_iterating(Draft& draft, StepIndex step) {
    auto items = items_of(draft, step, *draft.definition().step(step).for_each);
    if (!items) {
        draft.set_error(step, items.error().message);
        settle_failed(draft, step, 0, StuckReason::ExpressionError);
        return;
    }
    draft.set_items(step, std::move(*items));
    draft.set(step, Iterating{});
}

void go_on_iterating(Draft& draft, StepIndex index) {
    const Step& step = draft.definition().step(index);
    const StepRun& run = draft.saga().step(index);
    std::size_t under_way = how_many(run, is_under_way);
    bool is_done = true;
    // One that failed for good, or waits for an operator, holds the others back.
    const bool may_start = how_many(run, in_state<StuckAction>) == 0;
    for (std::size_t item = 0; item < run.elements.size(); ++item) {
        const StepIndex element = element_of(index, item);
        const bool starts = may_start && in_state<Pending>(draft.state(element)) &&
                            under_way < step.for_each->max_parallel;
        if (starts) {
            draft.set(element, Calling{1, 1, false});
            ++under_way;
        }
        is_done = is_done && has_settled_well(step, draft.state(element));
    }
    if (is_done) {
        draft.set(index, Succeeded{});
    }
}

void undo_elements(Draft& draft, StepIndex index) {
    const Step& step = draft.definition().step(index);
    const StepRun& run = draft.saga().step(index);
    const bool can_undo = draft.saga().suspension == Suspension::None;
    std::size_t under_way = how_many(run, is_under_way) + how_many(run, is_being_undone);
    for (std::size_t item = run.elements.size(); can_undo && item-- > 0;) {
        const StepIndex element = element_of(index, item);
        if (in_state<Settling>(draft.state(element))) {
            break;  // It may be the next one to undo.
        }
        if (under_way < step.for_each->max_parallel && needs_undo(step, draft.state(element))) {
            if (!in_state<Iterating>(draft.state(index))) {
                draft.set(index, Iterating{});
            }
            const std::uint32_t next = draft.saga().step(element).compensation_attempts + 1;
            draft.set(element, Compensating{next, next});
            ++under_way;
        }
    }
    if (in_state<Iterating>(draft.state(index)) && !has_open_elements(step, run)) {
        draft.set(index, undone_state(run));
    }
}

}  // namespace skald::sagas
