#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sagas/definition.h"
#include "sagas/saga.h"

namespace skald::sagas {

/// The values of `$secrets`; from files and the environment.
///
/// Threads: `find` from any number at once.
class Secrets {
 public:
    virtual ~Secrets() = default;
    virtual std::optional<std::string> find(std::string_view name) const = 0;
};

/// Shows every secret as "***": for what people see.
class MaskedSecrets : public Secrets {
 public:
    std::optional<std::string> find(std::string_view name) const override;
};

/// Makes the URLs by which participants call back: the same one for every try of a phase, whatever
/// happened between.
///
/// Threads: `url` from any number at once.
class CallbackUrls {
 public:
    virtual ~CallbackUrls() = default;
    /// Absolute. It is the authority to answer: never logged, stored or shown.
    virtual std::string url(std::string_view saga_id, StepIndex step, Phase phase) const = 0;
};

/// Shows every URL as "***": for what people see.
class MaskedCallbackUrls : public CallbackUrls {
 public:
    std::string url(std::string_view saga_id, StepIndex step, Phase phase) const override;
};

/// Bytes of a request line's target, and of the names and values of the headers together.
inline constexpr std::size_t kTargetBytesMax = 8u << 10;
inline constexpr std::size_t kHeaderBytesMax = 32u << 10;

/// One HTTP request, complete but for what changes with each try (Skald-Attempt, Skald-Deadline)
/// and for Host and Content-Length.
struct Request {
    std::string method;
    HttpCall::Scheme scheme;
    std::string host;
    std::uint16_t port;
    std::string target;  ///< "/refunds?x=1": what stands in the request line.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< Empty: none.
    Milliseconds timeout;
};

/// The request of `phase` of `step`, with Idempotency-Key (quoted), Skald-Saga, Skald-Step and
/// Skald-Phase, Skald-Callback where the reply may come by one, and `Content-Type:
/// application/json` where there is a body and the definition names no other. Pure; every try of
/// one phase gives the same bytes. A header or query parameter that is a single expression and null
/// is left out.
///
/// Precondition: `step` has such a call in its definition.
/// Errors: InvalidArgument (an expression error; a header value with control characters; a path
/// that values made "." or ".." segments of; over a limit below, or kBodyBytesMax). The message
/// never holds a secret's value.
Result<Request> render(const Definition& definition, const Saga& saga, StepIndex step, Phase phase,
                       const Secrets& secrets, const CallbackUrls& callbacks);

/// The saga that `phase` of `step` calls; null: it calls none.
const ChildSaga* child_called(const Step& step, Phase phase);

/// The input of the child that `phase` of `step` calls. Precondition: it calls one.
/// Errors: InvalidArgument (an expression error).
Result<Value> render_child_input(const Definition& definition, const Saga& saga, StepIndex step,
                                 Phase phase);

}  // namespace skald::sagas
