#include "tests/sagas/played.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/sagas/described.h"

namespace skald::sagas {

std::shared_ptr<const Definition> define(std::string_view text) {
    const auto document = parse_json(text);
    if (!document) {
        std::cerr << "not JSON: " << document.error().message << "\n" << text << "\n";
        std::abort();
    }
    Checked checked = check_definition(*document, std::nullopt);
    if (!checked.definition) {
        for (const Problem& problem : checked.errors) {
            std::cerr << problem.pointer << ": " << problem.code << ": " << problem.detail << "\n";
        }
        std::abort();
    }
    return checked.definition;
}

Reply reply(int status, Json body) {
    return {status, {}, make_value(std::move(body)), std::nullopt};
}

Operator somebody() { return {"local", "test", std::nullopt}; }

Played::Played(std::shared_ptr<const Definition> definition, Json input)
    : definition_(std::move(definition)),
      saga_(make_saga(*definition_, "s1", kStart, make_value(std::move(input)))) {}

StepIndex Played::index(std::string_view step) const {
    for (std::size_t i = 0; i < definition_->steps.size(); ++i) {
        if (definition_->steps[i].name == step) return StepIndex{static_cast<std::uint32_t>(i)};
    }
    std::cerr << "no step " << step << "\n";
    std::abort();
}

Played::Told Played::tell(const Event& event) {
    const Saga before = saga_;
    Transition transition = apply(*definition_, saga_, event, now_);
    hold(before, transition);
    saga_ = transition.saga;
    if (transition.record) journal_.push_back(*transition.record);
    return {std::move(transition.record), std::move(transition.effects),
            std::move(transition.refusal)};
}

void Played::hold(const Saga& before, const Transition& transition) {
    const std::vector<Effect> owed_before = sagas::owed(*definition_, before);
    std::vector<Effect> became_owed;
    for (const Effect& effect : sagas::owed(*definition_, transition.saga)) {
        if (std::find(owed_before.begin(), owed_before.end(), effect) == owed_before.end()) {
            became_owed.push_back(effect);
        }
    }
    EXPECT_EQ(describe(*definition_, transition.effects, now_),
              describe(*definition_, became_owed, now_));
    if (transition.record && !is_forced_) {
        EXPECT_EQ(fold(before, *transition.record), transition.saga)
            << describe(*definition_, *transition.record);
    }
    if (before.end) {
        Saga after = transition.saga;
        for (std::size_t i = 0; i < after.steps.size(); ++i) {
            after.steps[i].unanswered = before.steps[i].unanswered;  // A late answer is noted.
        }
        EXPECT_EQ(after, before) << (transition.record ? describe(*definition_, *transition.record)
                                                       : "no record");
        EXPECT_TRUE(transition.effects.empty());
    }
    for (const Effect& effect : transition.effects) {
        const auto* call = std::get_if<Call>(&effect);
        if (call == nullptr) continue;
        const Phase allowed =
            transition.saga.direction == Direction::Forward ? Phase::Action : Phase::Compensation;
        EXPECT_EQ(call->phase, allowed) << describe(*definition_, effect, now_);
    }
    if (transition.refusal) {
        EXPECT_FALSE(transition.record);
        EXPECT_EQ(transition.saga, before);
    }
}

Played::Told Played::answer(std::string_view step, int status, Json body) {
    const StepIndex at = index(step);
    const StepState& state = saga_.step(at).state;
    std::uint32_t attempt = saga_.step(at).attempts;
    if (const auto* settling = std::get_if<Settling>(&state)) attempt = settling->attempt;
    return tell(Answered{at, Phase::Action, attempt, reply(status, std::move(body))});
}

Played::Told Played::answer_undo(std::string_view step, int status, Json body) {
    const StepIndex at = index(step);
    return tell(Answered{at, Phase::Compensation, saga_.step(at).compensation_attempts,
                         reply(status, std::move(body))});
}

Played::Told Played::lose(std::string_view step) {
    const StepIndex at = index(step);
    const bool is_undo = std::holds_alternative<Compensating>(saga_.step(at).state);
    const StepRun& run = saga_.step(at);
    return tell(Answered{at, is_undo ? Phase::Compensation : Phase::Action,
                         is_undo ? run.compensation_attempts : run.attempts, Lost{"no reply"}});
}

Played::Told Played::not_send(std::string_view step) {
    const StepIndex at = index(step);
    const bool is_undo = std::holds_alternative<Compensating>(saga_.step(at).state);
    const StepRun& run = saga_.step(at);
    return tell(Answered{at, is_undo ? Phase::Compensation : Phase::Action,
                         is_undo ? run.compensation_attempts : run.attempts,
                         NotSent{"connection refused"}});
}

Played::Told Played::due(std::string_view step) {
    const StepIndex at = index(step);
    const StepState& state = saga_.step(at).state;
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        now_ = std::max(now_, waiting->due_at);
        return tell(Due{at, Phase::Action, waiting->attempt});
    }
    if (const auto* undoing = std::get_if<CompensationBackingOff>(&state)) {
        now_ = std::max(now_, undoing->due_at);
        return tell(Due{at, Phase::Compensation, undoing->attempt});
    }
    return tell(Due{at, Phase::Action, 1});
}

void Played::restart() {
    Saga folded = make_saga(*definition_, saga_.id, saga_.started_at, saga_.input);
    for (const Record& record : journal_) folded = fold(std::move(folded), record);
    saga_ = recovered(*definition_, std::move(folded));
}

std::string Played::state(std::string_view step) const {
    return describe(saga_.step(index(step)).state);
}

std::vector<std::string> Played::owed() const {
    std::vector<std::string> texts;
    for (const Effect& effect : sagas::owed(*definition_, saga_)) {
        texts.push_back(describe(*definition_, effect, now_));
    }
    return texts;
}

void Played::force(std::string_view step, StepState state) {
    saga_.step(index(step)).state = std::move(state);
    is_forced_ = true;
}

void Played::force(Saga saga) {
    saga_ = std::move(saga);
    is_forced_ = true;
}

}  // namespace skald::sagas
