#include "api/saga_view.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/json_writer.h"
#include "api/masking.h"
#include "api/step_place.h"
#include "api/waiting_for.h"
#include "sagas/event_match.h"
#include "sagas/request.h"
#include "sagas/saga_scope.h"

namespace skald::api {
namespace {

using sagas::StepIndex;

std::string_view word_for(sagas::UndoneBy by) {
    switch (by) {
        case sagas::UndoneBy::Call:
            return "call";
        case sagas::UndoneBy::Operator:
            return "operator";
        case sagas::UndoneBy::Waived:
            return "waived";
    }
    return "";
}

/// What is shown of a step's state: its name, and what it holds beside that, which mostly is
/// nothing.
struct ShownState {
    std::string_view status;
    bool is_doubtful = false;
    std::string_view due_name;  ///< Empty: nothing is due.
    sagas::Timestamp due_at{};
    std::string_view stuck_reason;  ///< Or empty.
    std::string_view undone_by;     ///< Or empty.
};

class ReadState {
 public:
    explicit ReadState(ShownState& shown) : shown_(shown) {}

    void operator()(const sagas::Calling& state) const { doubtful(state); }
    void operator()(const sagas::Settling& state) const { doubtful(state); }
    void operator()(const sagas::BackingOff& state) const {
        doubtful(state);
        due("next_try_at", state);
    }
    void operator()(const sagas::CompensationBackingOff& state) const { due("next_try_at", state); }
    void operator()(const sagas::Waiting& state) const { due("until", state); }
    void operator()(const sagas::AwaitingCallback& state) const {
        doubtful(state);
        due("callback_until", state);
    }
    void operator()(const sagas::CompensationAwaitingCallback& state) const {
        due("callback_until", state);
    }
    void operator()(const sagas::StuckAction& state) const {
        doubtful(state);
        shown_.stuck_reason = sagas::to_text(state.reason);
    }
    void operator()(const sagas::StuckCompensation& state) const {
        shown_.stuck_reason = sagas::to_text(state.reason);
    }
    void operator()(const sagas::Compensated& state) const {
        shown_.undone_by = word_for(state.by);
    }
    template <typename Other>
    void operator()(const Other&) const {}

 private:
    template <typename State>
    void doubtful(const State& state) const {
        shown_.is_doubtful = state.is_doubtful;
    }
    template <typename State>
    void due(std::string_view name, const State& state) const {
        shown_.due_name = name;
        shown_.due_at = state.due_at;
    }

    ShownState& shown_;
};

/// Whether what the state waits for is an event.
bool awaits_event(const sagas::Step& step, const sagas::StepState& state) {
    const bool is_undo = std::holds_alternative<sagas::CompensationAwaitingCallback>(state);
    if (!is_undo && !std::holds_alternative<sagas::AwaitingCallback>(state)) return false;
    const auto phase = is_undo ? sagas::Phase::Compensation : sagas::Phase::Action;
    return sagas::awaited_event(step, phase) != nullptr;
}

ShownState shown_state(const sagas::Step& step, const sagas::StepState& state) {
    ShownState shown;
    shown.status = sagas::status_text(state);
    std::visit(ReadState(shown), state);
    if (awaits_event(step, state)) shown.due_name = "event_until";
    return shown;
}

const sagas::Template* action_input(const sagas::Action& action) {
    if (const auto* call = std::get_if<sagas::HttpCall>(&action)) {
        return call->body ? &*call->body : nullptr;
    }
    if (const auto* call = std::get_if<sagas::EventCall>(&action)) {
        return call->data ? &*call->data : nullptr;
    }
    const auto* child = std::get_if<sagas::ChildSaga>(&action);
    return child != nullptr ? &child->input : nullptr;
}

/// A saga on its way to its text.
class SagaText {
 public:
    SagaText(const sagas::Definition& definition, const sagas::Saga& saga,
             const SagaSurroundings& around, JsonWriter& to)
        : definition_(definition), saga_(saga), around_(around), to_(to) {}

    void step(StepIndex index) {
        const sagas::Step& step = definition_.step(index);
        const sagas::StepRun& run = saga_.step(index);
        to_.begin_object();
        to_.member("name").text(step.name);
        write_run(index, run);
        if (!step.for_each && run.started_at) write_input(index, step.action);
        write_output(index, run);
        if (!run.elements.empty()) write_elements(index, run);
        to_.end_object();
    }

    void parent(const sagas::Parent& parent) {
        to_.member("parent").begin_object();
        to_.member("id").text(parent.saga);
        if (around_.parent_step) to_.member("step").text(*around_.parent_step);
        to_.end_object();
    }

    void lock(const sagas::SagaLock& lock) {
        to_.member("lock").begin_object();
        to_.member("value").text(lock.value);
        to_.member("held").boolean(lock.is_held && !saga_.end);
        if (around_.lock) {
            to_.member("behind").text(around_.lock->head);
            to_.member("before").number(around_.lock->before);
        }
        to_.end_object();
    }

    void labels(const store::Labels& labels) {
        to_.member("labels").begin_object();
        for (const auto& [name, value] : labels) to_.foreign_member(name).text(value);
        to_.end_object();
    }

    /// What is sensitive in it is not shown.
    void value(std::string_view name, const sagas::Value& value,
               const std::vector<sagas::SensitivePath>& sensitive) {
        to_.member(name);
        if (value && sensitive.empty()) {
            to_.value(*value);
        } else {
            to_.value(masked(value, sensitive));
        }
    }

 private:
    void write_run(StepIndex index, const sagas::StepRun& run) {
        write_state(definition_.step(index), run.state);
        to_.member("attempts").number(run.attempts);
        to_.member("compensation_attempts").number(run.compensation_attempts);
        to_.time_if_any("started_at", run.started_at);
        to_.time_if_any("ended_at", run.ended_at);
        to_.time_if_any("failing_since", run.failing_since);
        to_.text_unless_empty("error", run.error);
        write_child("child", index, sagas::Phase::Action);
        write_child("undo_child", index, sagas::Phase::Compensation);
    }
    void write_state(const sagas::Step& step, const sagas::StepState& state) {
        const ShownState shown = shown_state(step, state);
        to_.member("status").text(shown.status);
        if (shown.is_doubtful) to_.member("doubtful").boolean(true);
        if (!shown.due_name.empty()) to_.member(shown.due_name).time(shown.due_at);
        to_.text_unless_empty("stuck_reason", shown.stuck_reason);
        to_.text_unless_empty("undone_by", shown.undone_by);
    }
    /// The body of the step's action as it was sent, the data of its event, or the input of its
    /// child, but for what must not be shown; nothing where it has none, or it could not be made.
    void write_input(StepIndex index, const sagas::Action& action) {
        const sagas::Template* input = action_input(action);
        if (input == nullptr) return;
        static const sagas::MaskedSecrets kMasked;
        const sagas::SagaScope scope =
            sagas::SagaScope(definition_, saga_).in(index, sagas::Phase::Action).with(kMasked);
        const auto& sensitive = definition_.sensitive.of(index).body;
        if (sensitive.empty()) {
            if (const auto made = input->render_json(scope)) to_.member("input").raw(*made);
        } else if (const auto made = input->render(scope)) {
            to_.member("input").value(masked(Document(*made), sensitive));
        }
    }
    void write_output(StepIndex index, const sagas::StepRun& run) {
        if (run.output) value("output", run.output, definition_.sensitive.of(index).output);
    }
    void write_child(std::string_view name, StepIndex index, sagas::Phase phase) {
        const bool has_one_each = !saga_.step(index).elements.empty();
        if (has_one_each) return;
        const auto child = child_of(definition_, saga_, index, phase);
        if (!child) return;
        to_.member(name).begin_object();
        to_.member("id").text(child->id);
        to_.member("definition").text(child->definition);
        const auto status = around_.children.find(child->id);
        if (status != around_.children.end()) {
            to_.member("status").text(sagas::to_text(status->second));
        }
        to_.end_object();
    }
    /// {counts, items}
    void write_elements(StepIndex index, const sagas::StepRun& run) {
        to_.member("elements").begin_object();
        write_counts(run.elements);
        to_.member("items").begin_array();
        for (std::size_t at = 0; at < run.elements.size(); ++at) {
            const StepIndex place = sagas::element_of(index, at);
            to_.begin_object();
            to_.member("item").number(at);
            write_run(place, run.elements[at]);
            write_output(place, run.elements[at]);
            to_.end_object();
        }
        to_.end_array();
        to_.end_object();
    }
    /// The statuses in the order in which they come.
    void write_counts(const std::vector<sagas::StepRun>& elements) {
        std::vector<std::pair<std::string_view, std::size_t>> counts;
        for (const sagas::StepRun& element : elements) {
            const std::string_view status = sagas::status_text(element.state);
            const auto known =
                std::find_if(counts.begin(), counts.end(),
                             [status](const auto& count) { return count.first == status; });
            if (known == counts.end()) {
                counts.emplace_back(status, 1);
            } else {
                ++known->second;
            }
        }
        to_.member("counts").begin_object();
        for (const auto& [status, count] : counts) to_.member(status).number(count);
        to_.end_object();
    }

    const sagas::Definition& definition_;
    const sagas::Saga& saga_;
    const SagaSurroundings& around_;
    JsonWriter& to_;
};

/// Since when some step's tries go wrong: the first of them.
std::optional<sagas::Timestamp> failing_since(const std::vector<sagas::StepRun>& runs) {
    std::optional<sagas::Timestamp> first;
    for (const sagas::StepRun& run : runs) {
        for (const auto& since : {run.failing_since, failing_since(run.elements)}) {
            if (since && (!first || *since < *first)) first = since;
        }
    }
    return first;
}

}  // namespace

void set_state(Document& shown_step, const sagas::Step& step, const sagas::StepState& state) {
    const ShownState shown = shown_state(step, state);
    shown_step["status"] = shown.status;
    if (shown.is_doubtful) shown_step["doubtful"] = true;
    if (!shown.due_name.empty()) shown_step[shown.due_name] = sagas::to_rfc3339(shown.due_at);
    if (!shown.stuck_reason.empty()) shown_step["stuck_reason"] = shown.stuck_reason;
    if (!shown.undone_by.empty()) shown_step["undone_by"] = shown.undone_by;
}

Document failure_document(const sagas::Definition& definition, const sagas::Failure& failure) {
    Document document;
    document["step"] = nullptr;
    if (failure.step) set_place(document, definition, *failure.step);
    document["reason"] = failure.reason;
    return document;
}

std::string saga_text(const engine::Version& version, const sagas::Saga& saga,
                      const store::Labels& labels, const SagaSurroundings& around) {
    const sagas::Definition& definition = version.definition;
    JsonWriter to;
    SagaText text(definition, saga, around, to);
    to.begin_object();
    to.member("id").text(saga.id);
    to.member("definition").text(definition.name);
    to.member("version").number(version.number);
    to.member("status").text(sagas::to_text(sagas::status(saga)));
    if (const auto what = waiting_for(definition, saga, around); !what.empty()) {
        to.member("waiting_for").value(what);
    }
    to.member("direction")
        .text(saga.direction == sagas::Direction::Forward ? "forward" : "backward");
    to.member("suspended").boolean(saga.suspension == sagas::Suspension::Suspended);
    to.member("started_at").time(saga.started_at);
    if (saga.end) to.member("ended_at").time(saga.end->at);
    to.time_if_any("deadline_at", saga.deadline_at);
    to.time_if_any("failing_since", failing_since(saga.steps));
    text.labels(labels);
    to.text_unless_empty("replay_of", saga.replay_of);
    if (saga.parent) text.parent(*saga.parent);
    if (saga.lock) text.lock(*saga.lock);
    if (saga.turned) to.member("failure").value(failure_document(definition, *saga.turned));
    if (saga.turn_wanted) {
        to.member("turn_wanted").value(failure_document(definition, *saga.turn_wanted));
    }
    text.value("input", saga.input, definition.sensitive.input);
    if (saga.end && saga.end->status == sagas::Status::Completed) {
        text.value("output", saga.end->output, definition.sensitive.output);
        to.text_unless_empty("output_error", saga.end->output_error);
    }
    to.member("steps").begin_array();
    for (std::size_t at = 0; at < saga.steps.size(); ++at) {
        text.step(StepIndex{static_cast<std::uint32_t>(at)});
    }
    to.end_array();
    to.text_unless_empty("replayed_as", around.replayed_as);
    to.end_object();
    return to.take();
}

Document saga_item(const store::SagaRow& row) {
    Document item;
    item["id"] = row.id;
    item["definition"] = row.definition;
    item["version"] = row.version;
    item["status"] = sagas::to_text(row.summary.status);
    set_time(item, "started_at", row.started_at);
    set_time(item, "ended_at", row.summary.ended_at);
    set_time(item, "deadline_at", row.deadline_at);
    set_time(item, "failing_since", row.summary.failing_since);
    item["labels"] = Document(row.labels);
    if (!row.summary.last_error.empty()) {
        item["last_error"] = {{"step", row.summary.last_step}, {"error", row.summary.last_error}};
    }
    return item;
}

}  // namespace skald::api
