#include "sagas/saga_scope.h"

#include <algorithm>
#include <string>

#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

const Json& null_value() {
    static const Json kNull;
    return kNull;
}

Scope::Found borrowed(const Value& value) {
    if (value == nullptr) return std::monostate{};
    return value.get();
}

/// Settled well without an output: skipped, or an optional step that failed.
bool has_null_output(const StepState& state) {
    return std::holds_alternative<Succeeded>(state) || std::holds_alternative<Skipped>(state) ||
           std::holds_alternative<Failed>(state) || std::holds_alternative<InDoubt>(state);
}

Scope::Found step_output(const StepRun& run) {
    if (run.output == nullptr && has_null_output(run.state)) return &null_value();
    return borrowed(run.output);
}

/// Several fields of one name are one list (RFC 9110, 5.3).
Scope::Found header(const Reply& reply, const std::string& name) {
    std::string joined;
    bool is_there = false;
    for (const Header& field : reply.headers) {
        if (field.name != name) continue;
        if (is_there) joined += ", ";
        joined += field.value;
        is_there = true;
    }
    // Bytes that are no text (RFC 9110's obs-text) can't be a JSON string: as if it were not there.
    if (!is_there || !is_utf8(joined)) return std::monostate{};
    return Json(std::move(joined));
}

}  // namespace

SagaScope& SagaScope::in(StepIndex step, Phase phase) {
    step_ = step;
    phase_ = phase;
    return *this;
}

SagaScope& SagaScope::with(const Reply& reply) {
    reply_ = &reply;
    return *this;
}

SagaScope& SagaScope::with(const Secrets& secrets) {
    secrets_ = &secrets;
    return *this;
}

Scope::Found SagaScope::find(const Root& root) const {
    switch (root.kind) {
        case RootKind::Input:
            return borrowed(saga_.input);
        case RootKind::StepOutput:
            return step_output(saga_.step(root.step));
        case RootKind::StepStatus:
            return Json(status_text(saga_.step(root.step).state));
        case RootKind::SagaId:
            return Json(saga_.id);
        case RootKind::SagaStartedAt:
            return Json(to_rfc3339(saga_.started_at));
        case RootKind::Key:
        case RootKind::OwnOutput:
        case RootKind::ActionKey:
        case RootKind::FailureStep:
        case RootKind::FailureReason:
            return find_own(root.kind);
        case RootKind::ResponseStatus:
        case RootKind::ResponseHeader:
        case RootKind::ResponseBody:
            return find_response(root);
        case RootKind::Secret:
            return find_secret(root.name);
        case RootKind::Item:
        case RootKind::Index:
            return find_item(root.kind);
        case RootKind::Event:
            return std::monostate{};
    }
    return std::monostate{};
}

Scope::Found SagaScope::find_item(RootKind kind) const {
    const auto item = step_ ? item_of(*step_) : std::nullopt;
    if (!item) return std::monostate{};
    if (kind == RootKind::Index) return Json(*item);
    return &saga_.step(step_of(*step_)).items->at(*item);
}

Scope::Found SagaScope::find_own(RootKind kind) const {
    if (!step_) return std::monostate{};
    if (kind == RootKind::Key) return Json(idempotency_key(definition_, saga_, *step_, phase_));
    if (phase_ != Phase::Compensation) return std::monostate{};
    if (kind == RootKind::OwnOutput) return borrowed(saga_.step(*step_).output);
    if (kind == RootKind::ActionKey) {
        return Json(idempotency_key(definition_, saga_, *step_, Phase::Action));
    }
    if (!saga_.turned) return std::monostate{};
    if (kind == RootKind::FailureReason) return Json(saga_.turned->reason);
    if (!saga_.turned->step) return &null_value();
    return Json(definition_.step(*saga_.turned->step).name);
}

Scope::Found SagaScope::find_response(const Root& root) const {
    if (reply_ == nullptr) return std::monostate{};
    if (root.kind == RootKind::ResponseStatus) return Json(reply_->status);
    if (root.kind == RootKind::ResponseHeader) return header(*reply_, root.name);
    const auto* const value = std::get_if<Value>(&reply_->body);
    if (value == nullptr) return std::monostate{};
    return borrowed(*value);
}

Scope::Found SagaScope::find_secret(const std::string& name) const {
    if (secrets_ == nullptr) return std::monostate{};
    std::optional<std::string> value = secrets_->find(name);
    if (!value) return std::monostate{};
    return Json(std::move(*value));
}

}  // namespace skald::sagas
