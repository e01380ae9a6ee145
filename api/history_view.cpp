#include "api/history_view.h"

#include <algorithm>
#include <variant>

#include "api/masking.h"
#include "api/saga_view.h"
#include "api/step_place.h"
#include "api/trigger_starts.h"
#include "sagas/event_match.h"
#include "sagas/record.h"

namespace skald::api {
namespace {

/// The members that tell what came.
class CauseMembers {
 public:
    CauseMembers(const sagas::Definition& definition, Document& item)
        : definition_(definition), item_(item) {}

    void operator()(const sagas::Begin& cause) const {
        if (cause.lock) item_["lock"] = *cause.lock;
        if (cause.parent) item_["parent"] = cause.parent->saga;
        if (!cause.replay) {
            started_by(cause.request);
            return;
        }
        item_["replay_of"] = cause.replay->of;
        item_["by"] = cause.replay->by;
        set_text(item_, "reason", cause.replay->reason);
    }
    void operator()(const sagas::AnsweredCause& cause) const {
        attempt(cause.step, cause.phase, cause.attempt);
        outcome(cause.outcome, cause.http_status, cause.error);
        output(cause.step, cause.output);
    }
    void operator()(const sagas::UnsendableCause& cause) const {
        attempt(cause.step, cause.phase, cause.attempt);
        set_text(item_, "error", cause.error);
    }
    void operator()(const sagas::Due& cause) const {
        attempt(cause.step, cause.phase, cause.attempt);
    }
    void operator()(const sagas::LateCause& cause) const {
        attempt(cause.step, cause.phase, cause.attempt);
        outcome(cause.outcome, cause.http_status, cause.error);
        event(cause.event);
    }
    void operator()(const sagas::CalledBackCause& cause) const {
        attempt(cause.step, cause.phase, cause.attempt);
        outcome(cause.outcome, 0, cause.error);
        event(cause.event);
        output(cause.step, cause.output);
    }
    void operator()(const sagas::DeadlinePassed&) const {}
    void operator()(const sagas::LockGranted&) const {}
    void operator()(const sagas::ParentTurned&) const {}
    void operator()(const sagas::Cancel& cause) const { who(cause.who); }
    void operator()(const sagas::Retry& cause) const {
        if (cause.step) step(*cause.step);
        who(cause.who);
    }
    void operator()(const sagas::Resolve& cause) const {
        step(cause.step);
        item_["as"] = sagas::to_text(cause.as);
        output(cause.step, cause.output);
        who(cause.who);
    }
    void operator()(const sagas::Abandon& cause) const { who(cause.who); }
    void operator()(const sagas::Suspend& cause) const { who(cause.who); }
    void operator()(const sagas::Resume& cause) const { who(cause.who); }

 private:
    void step(sagas::StepIndex index) const { set_place(item_, definition_, index); }
    void attempt(sagas::StepIndex index, sagas::Phase phase, std::uint32_t number) const {
        step(index);
        item_["phase"] = sagas::to_text(phase);
        item_["attempt"] = number;
    }
    void outcome(sagas::Outcome outcome, int http_status, const std::string& error) const {
        item_["outcome"] = sagas::to_text(outcome);
        if (http_status != 0) item_["http_status"] = http_status;
        set_text(item_, "error", error);
    }
    void event(const std::optional<sagas::EventRef>& ref) const {
        if (ref) item_["event"] = {{"topic", ref->topic}, {"offset", ref->offset}};
    }
    void output(sagas::StepIndex index, const sagas::Value& value) const {
        if (value) item_["output"] = masked(value, definition_.sensitive.of(index).output);
    }
    void who(const sagas::Operator& who) const {
        item_["by"] = who.by;
        set_text(item_, "reason", who.reason);
        key(who.request);
    }
    void started_by(const std::optional<sagas::RequestKey>& request) const {
        const auto event = request ? read_trigger_key(request->key) : std::nullopt;
        if (!event) return key(request);
        item_["trigger"] = {{"source", event->source}, {"id", event->id}};
    }
    void key(const std::optional<sagas::RequestKey>& request) const {
        if (request) item_["idempotency_key"] = request->key;
    }

    const sagas::Definition& definition_;
    Document& item_;
};

/// Whether a try by event is said to begin: that is over with the same record, which says what
/// became of it behind.
bool is_passing(const sagas::Definition& definition, const sagas::StepChange& change) {
    const bool is_action = std::holds_alternative<sagas::Calling>(change.state);
    if (!is_action && !std::holds_alternative<sagas::Compensating>(change.state)) return false;
    const auto phase = is_action ? sagas::Phase::Action : sagas::Phase::Compensation;
    return sagas::event_called(definition.step(change.step), phase) != nullptr;
}

Document changes_document(const sagas::Definition& definition, const sagas::Decision& decision) {
    Document changes = Document::array();
    for (auto change = decision.steps.begin(); change != decision.steps.end(); ++change) {
        const auto is_of_same = [&](const auto& later) { return later.step == change->step; };
        if (is_passing(definition, *change) &&
            std::any_of(change + 1, decision.steps.end(), is_of_same)) {
            continue;
        }
        Document step;
        set_place(step, definition, change->step);
        set_state(step, definition.step(change->step), change->state);
        changes.push_back(std::move(step));
    }
    return changes;
}

Document end_document(const sagas::Definition& definition, const sagas::End& end) {
    Document document;
    document["status"] = sagas::to_text(end.status);
    if (end.output) document["output"] = masked(end.output, definition.sensitive.output);
    set_text(document, "output_error", end.output_error);
    return document;
}

}  // namespace

Document history_item(const sagas::Definition& definition, const store::JournalRow& row) {
    const sagas::Decision& decision = row.record.decision;
    Document item;
    item["seq"] = row.seq;
    set_time(item, "at", row.record.at);
    item["type"] = sagas::to_text(sagas::type(row.record.cause));
    std::visit(CauseMembers(definition, item), row.record.cause);
    for (const auto& [step, items] : decision.items) {
        item["for_each"].push_back(
            {{"step", definition.step(step).name}, {"elements", items ? items->size() : 0}});
    }
    item["changes"] = changes_document(definition, decision);
    for (const auto& [step, error] : decision.errors) {
        Document& entry = item["errors"].emplace_back(Document::object());
        set_place(entry, definition, step);
        entry["error"] = error;
    }
    if (decision.turned) item["turned"] = failure_document(definition, *decision.turned);
    if (decision.wanted == sagas::Wanted::Lapsed) item["turn_wanted"] = nullptr;
    if (decision.wanted == sagas::Wanted::Set && decision.turn_wanted) {
        item["turn_wanted"] = failure_document(definition, *decision.turn_wanted);
    }
    if (decision.end) item["end"] = end_document(definition, *decision.end);
    return item;
}

}  // namespace skald::api
