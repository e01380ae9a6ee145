#include "sagas/event_call.h"

#include <optional>
#include <utility>

#include "sagas/check.h"
#include "sagas/event_match.h"
#include "sagas/json_text.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {
namespace {

tl::unexpected<Error> in_member(const char* member, const Error& error) {
    return fail(error.code, std::string(member) + ": " + error.message);
}

/// None: the event has no subject.
Result<std::optional<std::string>> subject_of(const EventCall& call, const Scope& scope) {
    if (!call.subject) return std::optional<std::string>();
    auto subject = call.subject->render_optional_text(scope, nullptr);
    if (!subject) return in_member("subject", subject.error());
    if (*subject && (*subject)->empty()) {
        return fail(ErrorCode::InvalidArgument, "subject: the text is empty");
    }
    return subject;
}

/// What keeps `event` from being written to the log, if anything does.
Result<void> check_size(const Json& event) {
    std::string text;
    try {
        append_json(text, event);
    } catch (const Json::type_error&) {
        return fail(ErrorCode::InvalidArgument, "a text of the event is not UTF-8");
    }
    if (text.size() <= kEventBytesMax) return {};
    return fail(ErrorCode::InvalidArgument, "the event has " + std::to_string(text.size()) +
                                                " bytes; at most " +
                                                std::to_string(kEventBytesMax) + " are allowed");
}

}  // namespace

std::string event_step(const Definition& definition, StepIndex step) {
    std::string text = definition.step(step).name;
    if (const auto item = item_of(step)) text.append(1, '/').append(std::to_string(*item));
    return text;
}

Result<Json> render_event(const Definition& definition, const Saga& saga, StepIndex step,
                          Phase phase, std::uint32_t attempt, Timestamp now) {
    const EventCall* const call = event_called(definition.step(step), phase);
    SKALD_CHECK(call != nullptr);
    const SagaScope scope = SagaScope(definition, saga).in(step, phase);
    const std::string key = idempotency_key(definition, saga, step, phase);
    Json event{{"specversion", "1.0"},
               {"id", key + '/' + std::to_string(attempt)},
               {"source", "/v1/sagas/" + percent_encode(saga.id)},
               {"type", call->type},
               {"time", to_rfc3339(now)},
               {"datacontenttype", "application/json"},
               {"sagaid", saga.id},
               {"sagastep", event_step(definition, step)},
               {"sagaphase", to_text(phase)},
               {"sagakey", key}};
    auto subject = subject_of(*call, scope);
    if (!subject) return tl::unexpected<Error>(std::move(subject.error()));
    if (*subject) event["subject"] = std::move(**subject);
    if (call->data) {
        Result<Json> data = call->data->render(scope);
        if (!data) return in_member("data", data.error());
        event["data"] = std::move(*data);
    }
    if (Result<void> good = check_size(event); !good) {
        return tl::unexpected<Error>(std::move(good.error()));
    }
    return event;
}

}  // namespace skald::sagas
