#include "tests/sagas/played.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "sagas/event_match.h"
#include "tests/sagas/always_true.h"
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

Json cloud_event(std::string_view type, Json data) {
    Json event{{"specversion", "1.0"}, {"id", "1"}, {"source", "/somebody"}, {"type", type}};
    if (!data.is_null()) event["data"] = std::move(data);
    return event;
}

Operator somebody() { return {"local", "test", std::nullopt}; }

Played::Played(std::shared_ptr<const Definition> definition, Json input)
    : definition_(std::move(definition)),
      saga_(make_saga(*definition_, "s1", kStart, make_value(std::move(input)))) {}

StepIndex Played::step_named(std::string_view name) const {
    for (std::size_t i = 0; i < definition_->steps.size(); ++i) {
        if (definition_->steps[i].name == name) return StepIndex{static_cast<std::uint32_t>(i)};
    }
    std::cerr << "no step " << name << "\n";
    std::abort();
}

StepIndex Played::index(std::string_view step) const {
    const std::size_t slash = step.find('/');
    const StepIndex index = step_named(step.substr(0, slash));
    if (slash == std::string_view::npos) return index;
    return element_of(index, std::stoul(std::string(step.substr(slash + 1))));
}

Played::Told Played::tell(const Event& event) {
    const Saga before = saga_;
    Transition transition = apply(*definition_, saga_, event, now_);
    expect_always_true(*definition_, before, event, transition, now_);
    if (!is_forced_) expect_fold(*definition_, before, transition);
    saga_ = transition.saga;
    if (transition.record) journal_.push_back(*transition.record);
    return {std::move(transition.record), std::move(transition.effects),
            std::move(transition.refusal), std::move(transition.publications),
            std::move(transition.expectations)};
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

Played::Told Played::answer_open(std::string_view step, Answer answer) {
    const StepIndex at = index(step);
    for (const Effect& effect : sagas::owed(*definition_, saga_)) {
        if (const auto* child = std::get_if<Child>(&effect); child && child->step == at) {
            return tell(Answered{at, child->phase, child->attempt, std::move(answer)});
        }
    }
    const bool is_undo = std::holds_alternative<Compensating>(saga_.step(at).state);
    const StepRun& run = saga_.step(at);
    return tell(Answered{at, is_undo ? Phase::Compensation : Phase::Action,
                         is_undo ? run.compensation_attempts : run.attempts, std::move(answer)});
}

Played::Told Played::lose(std::string_view step) { return answer_open(step, Lost{"no reply"}); }

Played::Told Played::not_send(std::string_view step) {
    return answer_open(step, NotSent{"connection refused"});
}

Played::Told Played::call_back(std::string_view step, Outcome outcome, Json output) {
    return tell(CalledBack{index(step), Phase::Action, outcome,
                           output.is_null() ? nullptr : make_value(std::move(output)), ""});
}

Played::Told Played::call_back_undo(std::string_view step, Outcome outcome) {
    return tell(CalledBack{index(step), Phase::Compensation, outcome, nullptr, ""});
}

Played::Told Played::hear(StepIndex step, Phase phase, std::string_view type, Json data) {
    const AwaitedEvent* awaited = awaited_event(definition_->step(step), phase);
    if (awaited == nullptr) {
        std::cerr << "it waits for no event: " << place_name(*definition_, step) << "\n";
        std::abort();
    }
    const auto told = reply_by_event(*definition_, step, phase, cloud_event(type, std::move(data)),
                                     {awaited->topic, ++last_offset_});
    if (!told) {
        std::cerr << "the step does not wait for " << type << "\n";
        std::abort();
    }
    return tell(*told);
}

Played::Told Played::hear(std::string_view step, std::string_view type, Json data) {
    return hear(index(step), Phase::Action, type, std::move(data));
}

Played::Told Played::hear_undo(std::string_view step, std::string_view type, Json data) {
    return hear(index(step), Phase::Compensation, type, std::move(data));
}

Played::Told Played::end_child(std::string_view step, ChildEnd::How how, Json output) {
    return answer_open(step, ChildEnd{how, make_value(std::move(output)), ""});
}

Due Played::due_event(StepIndex step) {
    for (const Effect& effect : sagas::owed(*definition_, saga_)) {
        const auto* wake = std::get_if<WakeStep>(&effect);
        if (wake == nullptr || wake->step != step) continue;
        now_ = std::max(now_, wake->at);
        return {step, wake->phase, wake->attempt};
    }
    return {step, Phase::Action, 1};
}

Played::Told Played::due(std::string_view step) { return tell(due_event(index(step))); }

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
