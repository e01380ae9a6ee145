#include "sagas/request.h"

#include <algorithm>

#include "sagas/ascii.h"
#include "sagas/check.h"
#include "sagas/saga_scope.h"
#include "sagas/url.h"

namespace skald::sagas {
namespace {

// Those that are sent unasked.
constexpr std::size_t kOwnHeadersMax = 6;

/// What one phase of a step calls with.
struct Plan {
    const HttpCall& call;
    Milliseconds timeout;
};

Plan plan_of(const Step& step, Phase phase) {
    if (phase == Phase::Action) return {std::get<HttpCall>(step.action), step.timeout};
    const auto* const compensation = std::get_if<Compensation>(&step.undo);
    SKALD_CHECK(compensation != nullptr);
    return {std::get<HttpCall>(compensation->call), compensation->timeout};
}

bool has_forbidden_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char byte) {
        const auto code = static_cast<std::uint8_t>(byte);
        return code < 0x20 || code == 0x7F;
    });
}

/// Makes one request; the first error ends it.
class Rendering {
 public:
    Rendering(const HttpCall& call, const Scope& scope) : call_(call), scope_(scope) {}

    Result<std::string> target() const {
        Result<std::string> target = call_.target.render_text(scope_, percent_encode);
        if (!target) return in("url", target.error());
        char separator = target->find('?') == std::string::npos ? '?' : '&';
        for (const auto& [name, text] : call_.query) {
            Result<std::optional<std::string>> value =
                text.render_optional_text(scope_, percent_encode);
            if (!value) return in("query", value.error());
            if (!*value) continue;
            *target += separator;
            *target += percent_encode(name) + '=' + **value;
            separator = '&';
        }
        if (target->size() > kTargetBytesMax) {
            return fail(ErrorCode::InvalidArgument,
                        "the url is longer than " + std::to_string(kTargetBytesMax) + " bytes");
        }
        if (has_dot_segment(*target)) {
            return fail(ErrorCode::InvalidArgument,
                        "an inserted value makes a \".\" or \"..\" segment of the url's path");
        }
        return target;
    }

    Result<std::vector<std::pair<std::string, std::string>>> headers() const {
        std::vector<std::pair<std::string, std::string>> headers;
        headers.reserve(call_.headers.size() + kOwnHeadersMax);
        std::size_t bytes = 0;
        for (const auto& [name, text] : call_.headers) {
            Result<std::optional<std::string>> value = text.render_optional_text(scope_, nullptr);
            if (!value) return in("header " + name, value.error());
            if (!*value) continue;
            if (has_forbidden_character(**value)) {
                return fail(ErrorCode::InvalidArgument,
                            "header " + name + ": the value holds a control character");
            }
            bytes += name.size() + (*value)->size();
            headers.emplace_back(name, std::move(**value));
        }
        if (bytes > kHeaderBytesMax) {
            return fail(ErrorCode::InvalidArgument,
                        "the headers have more than " + std::to_string(kHeaderBytesMax) + " bytes");
        }
        return headers;
    }

    Result<std::string> body() const {
        if (!call_.body) return std::string();
        try {
            Result<std::string> body = call_.body->render_json(scope_);
            if (!body) return in("body", body.error());
            if (body->size() > kBodyBytesMax) {
                return fail(ErrorCode::InvalidArgument,
                            "body: longer than " + std::to_string(kBodyBytesMax) + " bytes");
            }
            return body;
        } catch (const Json::type_error&) {
            // Its text would show bytes of the secret.
            return fail(ErrorCode::InvalidArgument, "body: a secret is not UTF-8");
        }
    }

 private:
    static tl::unexpected<Error> in(const std::string& part, const Error& error) {
        return fail(error.code, part + ": " + error.message);
    }

    const HttpCall& call_;
    const Scope& scope_;
};

}  // namespace

Result<Value> render_child_input(const Definition& definition, const Saga& saga, StepIndex step,
                                 Phase phase) {
    const ChildSaga* const child = child_called(definition.step(step), phase);
    SKALD_CHECK(child != nullptr);
    auto input = child->input.render(SagaScope(definition, saga).in(step, phase));
    if (!input) return fail(input.error().code, "input: " + input.error().message);
    return make_value(std::move(*input));
}

const ChildSaga* child_called(const Step& step, Phase phase) {
    if (phase == Phase::Action) return std::get_if<ChildSaga>(&step.action);
    const auto* const compensation = std::get_if<Compensation>(&step.undo);
    return compensation == nullptr ? nullptr : std::get_if<ChildSaga>(&compensation->call);
}

std::optional<std::string> MaskedSecrets::find(std::string_view) const { return "***"; }

std::string MaskedCallbackUrls::url(std::string_view, StepIndex, Phase) const { return "***"; }

Result<Request> render(const Definition& definition, const Saga& saga, StepIndex step, Phase phase,
                       const Secrets& secrets, const CallbackUrls& callbacks) {
    const Plan plan = plan_of(definition.step(step), phase);
    SagaScope scope(definition, saga);
    scope.in(step, phase).with(secrets);
    const Rendering rendering(plan.call, scope);

    Result<std::string> target = rendering.target();
    if (!target) return tl::unexpected<Error>(std::move(target.error()));
    auto headers = rendering.headers();
    if (!headers) return tl::unexpected<Error>(std::move(headers.error()));
    Result<std::string> body = rendering.body();
    if (!body) return tl::unexpected<Error>(std::move(body.error()));

    const bool has_type = std::any_of(headers->begin(), headers->end(), [](const auto& header) {
        return are_equal_texts(header.first, "content-type");
    });
    if (plan.call.body && !has_type) headers->emplace_back("Content-Type", "application/json");
    headers->emplace_back("Idempotency-Key",
                          '"' + idempotency_key(definition, saga, step, phase) + '"');
    headers->emplace_back("Skald-Saga", saga.id);
    headers->emplace_back("Skald-Step", definition.step(step).name);
    headers->emplace_back("Skald-Phase", to_text(phase));
    if (plan.call.reply == ReplyMode::Callback) {
        headers->emplace_back("Skald-Callback", callbacks.url(saga.id, step, phase));
    }
    return Request{plan.call.method,   plan.call.scheme,    plan.call.host,   plan.call.port,
                   std::move(*target), std::move(*headers), std::move(*body), plan.timeout};
}

}  // namespace skald::sagas
