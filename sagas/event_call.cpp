#include "sagas/event_call.h"

#include <optional>
#include <string_view>
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

/// Writes the members of an event, in the order of their names.
class EventText {
 public:
    void add(std::string_view name, std::string_view value) {
        begin(name);
        append_json_string(text_, value);
    }
    void add_json(std::string_view name, const Json& value) {
        begin(name);
        append_json(text_, value);
    }
    std::string take() { return std::move(text_ += '}'); }

 private:
    void begin(std::string_view name) {
        text_.append(1, text_.empty() ? '{' : ',').append(1, '"').append(name).append("\":");
    }

    std::string text_;
};

/// What keeps an event from being written to the log, if anything does.
Result<void> check_size(const std::string& text) {
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

Result<RenderedEvent> render_event(const Definition& definition, const Saga& saga, StepIndex step,
                                   Phase phase, std::uint32_t attempt, Timestamp now) {
    const EventCall* const call = event_called(definition.step(step), phase);
    SKALD_CHECK(call != nullptr);
    const SagaScope scope = SagaScope(definition, saga).in(step, phase);
    auto subject = subject_of(*call, scope);
    if (!subject) return tl::unexpected<Error>(std::move(subject.error()));
    std::optional<Json> data;
    if (call->data) {
        Result<Json> rendered = call->data->render(scope);
        if (!rendered) return in_member("data", rendered.error());
        data = std::move(*rendered);
    }
    const std::string key = idempotency_key(definition, saga, step, phase);
    RenderedEvent event{{},
                        call->type,
                        "/v1/sagas/" + percent_encode(saga.id),
                        key + '/' + std::to_string(attempt),
                        subject->value_or("")};
    // No Json is made of it: that would take several times as long.
    EventText text;
    try {
        if (data) text.add_json("data", *data);
        text.add("datacontenttype", "application/json");
        text.add("id", event.id);
        text.add("sagaid", saga.id);
        text.add("sagakey", key);
        text.add("sagaphase", to_text(phase));
        text.add("sagastep", event_step(definition, step));
        text.add("source", event.source);
        text.add("specversion", "1.0");
        if (*subject) text.add("subject", event.subject);
        text.add("time", to_rfc3339(now));
        text.add("type", event.type);
    } catch (const Json::type_error&) {
        return fail(ErrorCode::InvalidArgument, "a text of the event is not UTF-8");
    }
    event.text = text.take();
    if (Result<void> good = check_size(event.text); !good) {
        return tl::unexpected<Error>(std::move(good.error()));
    }
    return event;
}

}  // namespace skald::sagas
