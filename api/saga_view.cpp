#include "api/saga_view.h"

#include <algorithm>
#include <variant>

#include "api/masking.h"
#include "api/step_place.h"
#include "api/waiting_for.h"
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

/// What a state holds beside its name; most hold nothing.
class StateMembers {
 public:
    explicit StateMembers(Document& step) : step_(step) {}

    void operator()(const sagas::Calling& state) const { doubtful(state.is_doubtful); }
    void operator()(const sagas::Settling& state) const { doubtful(state.is_doubtful); }
    void operator()(const sagas::BackingOff& state) const {
        doubtful(state.is_doubtful);
        set_time(step_, "next_try_at", state.due_at);
    }
    void operator()(const sagas::CompensationBackingOff& state) const {
        set_time(step_, "next_try_at", state.due_at);
    }
    void operator()(const sagas::Waiting& state) const { set_time(step_, "until", state.due_at); }
    void operator()(const sagas::AwaitingCallback& state) const {
        doubtful(state.is_doubtful);
        set_time(step_, "callback_until", state.due_at);
    }
    void operator()(const sagas::CompensationAwaitingCallback& state) const {
        set_time(step_, "callback_until", state.due_at);
    }
    void operator()(const sagas::StuckAction& state) const {
        doubtful(state.is_doubtful);
        step_["stuck_reason"] = sagas::to_text(state.reason);
    }
    void operator()(const sagas::StuckCompensation& state) const {
        step_["stuck_reason"] = sagas::to_text(state.reason);
    }
    void operator()(const sagas::Compensated& state) const {
        step_["undone_by"] = word_for(state.by);
    }
    template <typename Other>
    void operator()(const Other&) const {}

 private:
    void doubtful(bool is_doubtful) const {
        if (is_doubtful) step_["doubtful"] = true;
    }

    Document& step_;
};

/// The body of the step's action as it was sent, or the input of its child, but for what must not
/// be shown; none: it has none, or it could not be made.
std::optional<Document> action_input(const sagas::Definition& definition, const sagas::Saga& saga,
                                     StepIndex index) {
    const sagas::Action& action = definition.step(index).action;
    const sagas::Template* input = nullptr;
    if (const auto* call = std::get_if<sagas::HttpCall>(&action); call && call->body) {
        input = &*call->body;
    } else if (const auto* child = std::get_if<sagas::ChildSaga>(&action)) {
        input = &child->input;
    }
    if (input == nullptr) return std::nullopt;
    static const sagas::MaskedSecrets kMasked;
    const auto made = input->render(
        sagas::SagaScope(definition, saga).in(index, sagas::Phase::Action).with(kMasked));
    if (!made) return std::nullopt;
    return masked(Document(*made), definition.sensitive.of(index).body);
}

/// A saga on its way to its document.
class SagaShown {
 public:
    SagaShown(const sagas::Definition& definition, const sagas::Saga& saga,
              const SagaSurroundings& around)
        : definition_(definition), saga_(saga), around_(around) {}

    Document step(StepIndex index) const {
        Document step;
        step["name"] = definition_.step(index).name;
        const sagas::StepRun& run = saga_.step(index);
        set_run(step, index, run);
        const bool is_single = !definition_.step(index).for_each;
        if (is_single && run.started_at) {
            if (auto input = action_input(definition_, saga_, index)) {
                step["input"] = std::move(*input);
            }
        }
        set_output(step, index, run);
        if (!run.elements.empty()) step["elements"] = elements(index, run);
        return step;
    }

    std::optional<Document> parent() const {
        if (!saga_.parent) return std::nullopt;
        Document parent{{"id", saga_.parent->saga}};
        if (around_.parent_step) parent["step"] = *around_.parent_step;
        return parent;
    }

    std::optional<Document> lock() const {
        if (!saga_.lock) return std::nullopt;
        Document lock{{"value", saga_.lock->value}, {"held", saga_.lock->is_held && !saga_.end}};
        if (around_.lock) {
            lock["behind"] = around_.lock->head;
            lock["before"] = around_.lock->before;
        }
        return lock;
    }

 private:
    void set_run(Document& step, StepIndex index, const sagas::StepRun& run) const {
        set_state(step, run.state);
        step["attempts"] = run.attempts;
        step["compensation_attempts"] = run.compensation_attempts;
        set_time(step, "started_at", run.started_at);
        set_time(step, "ended_at", run.ended_at);
        set_time(step, "failing_since", run.failing_since);
        set_text(step, "error", run.error);
        set_child(step, "child", index, sagas::Phase::Action);
        set_child(step, "undo_child", index, sagas::Phase::Compensation);
    }
    void set_output(Document& step, StepIndex index, const sagas::StepRun& run) const {
        if (run.output) step["output"] = masked(run.output, definition_.sensitive.of(index).output);
    }
    void set_child(Document& step, const char* name, StepIndex index, sagas::Phase phase) const {
        const bool has_one_each = !saga_.step(index).elements.empty();
        if (has_one_each) return;
        const auto child = child_of(definition_, saga_, index, phase);
        if (!child) return;
        step[name] = {{"id", child->id}, {"definition", child->definition}};
        const auto status = around_.children.find(child->id);
        if (status != around_.children.end()) {
            step[name]["status"] = sagas::to_text(status->second);
        }
    }
    /// {counts, items}
    Document elements(StepIndex index, const sagas::StepRun& run) const {
        Document counts = Document::object();
        Document items = Document::array();
        for (std::size_t at = 0; at < run.elements.size(); ++at) {
            const StepIndex place = sagas::element_of(index, at);
            Document item{{"item", at}};
            set_run(item, place, run.elements[at]);
            set_output(item, place, run.elements[at]);
            Document& count = counts[item["status"].get_ref<const std::string&>()];
            count = count.is_null() ? 1 : count.get<std::size_t>() + 1;
            items.push_back(std::move(item));
        }
        return {{"counts", std::move(counts)}, {"items", std::move(items)}};
    }

    const sagas::Definition& definition_;
    const sagas::Saga& saga_;
    const SagaSurroundings& around_;
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

void set_state(Document& step, const sagas::StepState& state) {
    step["status"] = sagas::status_text(state);
    std::visit(StateMembers(step), state);
}

Document failure_document(const sagas::Definition& definition, const sagas::Failure& failure) {
    Document document;
    document["step"] = nullptr;
    if (failure.step) set_place(document, definition, *failure.step);
    document["reason"] = failure.reason;
    return document;
}

Document saga_document(const engine::Version& version, const sagas::Saga& saga,
                       const store::Labels& labels, const SagaSurroundings& around) {
    const sagas::Definition& definition = version.definition;
    const SagaShown shown(definition, saga, around);
    Document document;
    document["id"] = saga.id;
    document["definition"] = definition.name;
    document["version"] = version.number;
    document["status"] = sagas::to_text(sagas::status(saga));
    if (auto what = waiting_for(definition, saga, around); !what.empty()) {
        document["waiting_for"] = std::move(what);
    }
    document["direction"] = saga.direction == sagas::Direction::Forward ? "forward" : "backward";
    document["suspended"] = saga.suspension == sagas::Suspension::Suspended;
    set_time(document, "started_at", saga.started_at);
    if (saga.end) set_time(document, "ended_at", saga.end->at);
    set_time(document, "deadline_at", saga.deadline_at);
    set_time(document, "failing_since", failing_since(saga.steps));
    document["labels"] = Document(labels);
    set_text(document, "replay_of", saga.replay_of);
    if (auto parent = shown.parent()) document["parent"] = std::move(*parent);
    if (auto lock = shown.lock()) document["lock"] = std::move(*lock);
    if (saga.turned) document["failure"] = failure_document(definition, *saga.turned);
    if (saga.turn_wanted) {
        document["turn_wanted"] = failure_document(definition, *saga.turn_wanted);
    }
    document["input"] = masked(saga.input, definition.sensitive.input);
    if (saga.end && saga.end->status == sagas::Status::Completed) {
        document["output"] = masked(saga.end->output, definition.sensitive.output);
        set_text(document, "output_error", saga.end->output_error);
    }
    Document steps = Document::array();
    for (std::size_t at = 0; at < saga.steps.size(); ++at) {
        steps.push_back(shown.step(StepIndex{static_cast<std::uint32_t>(at)}));
    }
    document["steps"] = std::move(steps);
    return document;
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
