#include "api/waiting_for.h"

#include <optional>
#include <string>
#include <variant>

#include "api/step_place.h"
#include "sagas/event_match.h"

namespace skald::api {
namespace {

using sagas::Phase;
using sagas::StepIndex;

/// Of one step or element; none: nothing that lasts.
class AwaitedByStep {
 public:
    AwaitedByStep(const sagas::Definition& definition, const sagas::Saga& saga,
                  const SagaSurroundings& around, StepIndex place)
        : definition_(definition), saga_(saga), around_(around), place_(place) {}

    using Text = std::optional<std::string>;

    Text operator()(const sagas::Waiting& state) const {
        return "timer of step " + name() + until(state.due_at);
    }
    Text operator()(const sagas::AwaitingCallback& state) const {
        return answer(Phase::Action) + until(state.due_at);
    }
    Text operator()(const sagas::CompensationAwaitingCallback& state) const {
        return answer(Phase::Compensation) + until(state.due_at);
    }
    Text operator()(const sagas::Calling&) const { return child(Phase::Action); }
    Text operator()(const sagas::Settling&) const { return child(Phase::Action); }
    Text operator()(const sagas::Compensating&) const {
        const bool is_undone_by_itself =
            std::holds_alternative<sagas::NoCompensation>(definition_.step(place_).undo);
        return child(is_undone_by_itself ? Phase::Action : Phase::Compensation);
    }
    template <typename Other>
    Text operator()(const Other&) const {
        return std::nullopt;
    }

 private:
    std::string name() const { return place_text(definition_, place_); }
    static std::string until(sagas::Timestamp time) { return " until " + sagas::to_rfc3339(time); }
    /// "callback from step charge", "reply on inventory.events to step reserve".
    std::string answer(Phase phase) const {
        const std::string which =
            (phase == Phase::Action ? "step " : "the compensation of step ") + name();
        const sagas::Step& step = definition_.step(place_);
        const sagas::AwaitedEvent* event = sagas::awaited_event(step, phase);
        if (event == nullptr) return "callback from " + which;
        const bool is_reply = sagas::event_called(step, phase) != nullptr;
        return (is_reply ? "reply on " : "event on ") + event->topic +
               (is_reply ? " to " : " for ") + which;
    }
    Text child(Phase phase) const {
        const auto child = child_of(definition_, saga_, place_, phase);
        if (!child) return std::nullopt;
        const auto status = around_.children.find(child->id);
        const bool is_stuck =
            status != around_.children.end() && status->second == sagas::Status::Stuck;
        return "child " + child->id + " of step " + name() + (is_stuck ? ", which is stuck" : "");
    }

    const sagas::Definition& definition_;
    const sagas::Saga& saga_;
    const SagaSurroundings& around_;
    const StepIndex place_;
};

std::string lock_text(const sagas::Saga& saga, const std::optional<store::LockPlace>& place) {
    std::string text = "lock " + saga.lock->value;
    if (!place || place->head == saga.id) return text;
    text += ", held by " + place->head;
    if (place->before > 1) text += " (" + std::to_string(place->before) + " sagas come before)";
    return text;
}

}  // namespace

Document waiting_for(const sagas::Definition& definition, const sagas::Saga& saga,
                     const SagaSurroundings& around) {
    Document texts = Document::array();
    if (saga.end) return texts;
    std::size_t left_out = 0;
    const auto add = [&](const std::optional<std::string>& text) {
        if (!text) return;
        if (texts.size() < kWaitingForMax) {
            texts.push_back(*text);
        } else {
            ++left_out;
        }
    };
    if (saga.lock && !saga.lock->is_held) add(lock_text(saga, around.lock));
    const auto look_at = [&](StepIndex place) {
        add(std::visit(AwaitedByStep(definition, saga, around, place), saga.step(place).state));
    };
    for (const StepIndex step : definition.order) {
        look_at(step);
        for (std::size_t item = 0; item < saga.step(step).elements.size(); ++item) {
            look_at(sagas::element_of(step, item));
        }
    }
    if (left_out > 0) texts.push_back("and " + std::to_string(left_out) + " more");
    return texts;
}

}  // namespace skald::api
