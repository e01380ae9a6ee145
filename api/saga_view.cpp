#include "api/saga_view.h"

#include <algorithm>
#include <variant>

#include "api/masking.h"
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

/// The body of the step's action, as it was sent but for what must not be shown; none: it has no
/// body, or it could not be made.
std::optional<Document> action_body(const sagas::Definition& definition, const sagas::Saga& saga,
                                    StepIndex index) {
    const auto& call = std::get<sagas::HttpCall>(definition.step(index).action);
    if (!call.body) return std::nullopt;
    static const sagas::MaskedSecrets kMasked;
    const auto body = call.body->render(
        sagas::SagaScope(definition, saga).in(index, sagas::Phase::Action).with(kMasked));
    if (!body) return std::nullopt;
    return masked(Document(*body), definition.sensitive.of(index).body);
}

Document step_document(const sagas::Definition& definition, const sagas::Saga& saga,
                       StepIndex index) {
    const sagas::StepRun& run = saga.step(index);
    Document step;
    step["name"] = definition.step(index).name;
    set_state(step, run.state);
    step["attempts"] = run.attempts;
    step["compensation_attempts"] = run.compensation_attempts;
    set_time(step, "started_at", run.started_at);
    set_time(step, "ended_at", run.ended_at);
    set_time(step, "failing_since", run.failing_since);
    set_text(step, "error", run.error);
    if (run.started_at) {
        if (auto body = action_body(definition, saga, index)) step["input"] = std::move(*body);
    }
    if (run.output) step["output"] = masked(run.output, definition.sensitive.of(index).output);
    return step;
}

/// Since when some step's tries go wrong: the first of them.
std::optional<sagas::Timestamp> failing_since(const sagas::Saga& saga) {
    std::optional<sagas::Timestamp> first;
    for (const sagas::StepRun& run : saga.steps) {
        if (run.failing_since && (!first || *run.failing_since < *first)) {
            first = run.failing_since;
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
    document["step"] =
        failure.step ? Document(definition.step(*failure.step).name) : Document(nullptr);
    document["reason"] = failure.reason;
    return document;
}

Document saga_document(const engine::Version& version, const sagas::Saga& saga,
                       const store::Labels& labels) {
    const sagas::Definition& definition = version.definition;
    Document document;
    document["id"] = saga.id;
    document["definition"] = definition.name;
    document["version"] = version.number;
    document["status"] = sagas::to_text(sagas::status(saga));
    document["direction"] = saga.direction == sagas::Direction::Forward ? "forward" : "backward";
    document["suspended"] = saga.suspension == sagas::Suspension::Suspended;
    set_time(document, "started_at", saga.started_at);
    if (saga.end) set_time(document, "ended_at", saga.end->at);
    set_time(document, "deadline_at", saga.deadline_at);
    set_time(document, "failing_since", failing_since(saga));
    document["labels"] = Document(labels);
    set_text(document, "replay_of", saga.replay_of);
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
        steps.push_back(step_document(definition, saga, StepIndex{static_cast<std::uint32_t>(at)}));
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
