#include "sagas/classify.h"

#include <cstddef>
#include <string_view>

#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

constexpr std::size_t kExcerptBytesMax = 200;

/// The table of docs/definitions.md, "Outcomes and doubt".
Outcome default_outcome(int status) {
    if (status >= 200 && status < 300) {
        return Outcome::Success;
    }
    if (status == 425 || status == 429) {
        return Outcome::Retry;
    }
    if (status == 408 || status >= 500) {
        return Outcome::Unknown;
    }
    return Outcome::Failure;
}

bool is_gone(int status) { return status == 404 || status == 410; }

bool is_delete(const Undo& undo) {
    const auto* compensation = std::get_if<Compensation>(&undo);
    const auto* call =
        compensation == nullptr ? nullptr : std::get_if<HttpCall>(&compensation->call);
    return call != nullptr && call->method == "DELETE";
}

/// At most kExcerptBytesMax bytes, whole characters of UTF-8.
std::string cut(std::string text) {
    if (text.size() <= kExcerptBytesMax) {
        return text;
    }
    std::size_t end = kExcerptBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) {
        --end;
    }
    text.resize(end);
    return text + "…";
}

constexpr std::string_view kReplied = "HTTP ";

std::string excerpt(const Json& body) {
    return cut(body.is_string() ? body.get<std::string>() : body.dump());
}

/// The body is left out where it may repeat what the definition calls sensitive.
std::string describe(const Definition& definition, StepIndex step, const Reply& reply) {
    std::string text = std::string(kReplied) + std::to_string(reply.status);
    const auto* body = std::get_if<Value>(&reply.body);
    if (body == nullptr || *body == nullptr || (*body)->is_null()) {
        return text;
    }
    return text + ": " +
           (definition.sensitive.hides_replies(step) ? std::string(kMasked) : excerpt(**body));
}

Classified by_reply(const Definition& definition, const Saga& saga, StepIndex index, Phase phase,
                    const Reply& reply) {
    Classified result{default_outcome(reply.status), Basis::Table, reply.status, {}, {}};
    const Step& step = definition.step(index);
    if (phase == Phase::Compensation) {
        if (is_gone(reply.status) && is_delete(step.undo)) {
            result.outcome = Outcome::Success;
        }
    } else if (!step.outcome.empty()) {
        const SagaScope scope = SagaScope(definition, saga).in(index, phase).with(reply);
        for (const OutcomeRule& rule : step.outcome) {
            if (rule.when.holds(scope).value_or(false)) {
                result.outcome = rule.is;
                result.basis = Basis::Rule;
                break;
            }
        }
    }
    if (result.outcome != Outcome::Success) {
        result.error = describe(definition, index, reply);
        result.retry_after = reply.retry_after;
    }
    return result;
}

/// A child that completed took effect, and one that is compensated did nothing in the end. That
/// says nothing of the children of earlier tries: a failure does not clear their doubt.
Classified by_child(const Definition& definition, StepIndex index, Phase phase,
                    const ChildEnd& end) {
    const bool undoes_itself = phase == Phase::Compensation &&
                               std::holds_alternative<NoCompensation>(definition.step(index).undo);
    const auto wanted = undoes_itself ? ChildEnd::How::Compensated : ChildEnd::How::Completed;
    if (end.how == wanted) {
        return {Outcome::Success, Basis::Table, 0, {}, {}};
    }
    std::string because;
    if (!end.error.empty()) {
        const bool is_hidden = definition.sensitive.hides_replies(index);
        because = ": " + (is_hidden ? std::string(kMasked) : cut(end.error));
    }
    switch (end.how) {
        case ChildEnd::How::Completed:
            return {
                Outcome::Failure, Basis::Table, 0, "the child saga can't be undone" + because, {}};
        case ChildEnd::How::Compensated:
            return {Outcome::Failure, Basis::Table, 0, "the child saga was undone" + because, {}};
        case ChildEnd::How::Abandoned:
            break;
    }
    const Outcome outcome = phase == Phase::Action ? Outcome::Unknown : Outcome::Failure;
    return {outcome, Basis::Table, 0, "the child saga was abandoned" + because, {}};
}

}  // namespace

Classified classify(const Definition& definition, const Saga& saga, StepIndex step, Phase phase,
                    const Answer& answer) {
    if (const auto* not_sent = std::get_if<NotSent>(&answer)) {
        return {Outcome::Retry, Basis::Table, 0, not_sent->reason, {}};
    }
    if (const auto* lost = std::get_if<Lost>(&answer)) {
        return {Outcome::Unknown, Basis::Table, 0, lost->reason, {}};
    }
    if (const auto* child = std::get_if<ChildEnd>(&answer)) {
        return by_child(definition, step, phase, *child);
    }
    return by_reply(definition, saga, step, phase, std::get<Reply>(answer));
}

bool tell_the_same(std::string_view error, std::string_view other) {
    const auto essence = [](std::string_view text) {
        return text.starts_with(kReplied) ? text.substr(0, text.find(':')) : text;
    };
    return essence(error) == essence(other);
}

}  // namespace skald::sagas
