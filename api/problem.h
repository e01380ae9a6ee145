#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sagas/json.h"
#include "sagas/lint.h"
#include "sagas/result.h"

namespace skald::api {

/// The kinds of problem that this server answers with: a closed set, each with its URN, HTTP status
/// and title (problem.cpp), documented in docs/api.md.
enum class ProblemType : std::uint8_t {
    MalformedJson,         ///< 400 malformed-json
    InvalidRequest,        ///< 400 invalid-request: a bad parameter, id, cursor, duration, member.
    Unauthorized,          ///< 401, with WWW-Authenticate
    OriginNotAllowed,      ///< 403
    ReservedTopic,         ///< 403 the topic is the server's own
    NotFound,              ///< 404 no such route
    SagaNotFound,          ///< 404
    DefinitionNotFound,    ///< 404 (also the version)
    TopicNotFound,         ///< 404 (also the version of its document)
    SubscriptionNotFound,  ///< 404
    BridgeNotFound,        ///< 404
    UnknownCallback,       ///< 404 the token is none of ours, or its saga was deleted
    MethodNotAllowed,      ///< 405, with Allow
    RequestTimeout,        ///< 408 the request did not arrive whole in time
    Conflict,              ///< 409 not in the saga's present state
    IdTaken,               ///< 409 another saga has this id
    IdUsed,                ///< 409 the id of a saga that was deleted
    LengthRequired,        ///< 411
    VersionMismatch,       ///< 412 If-Match
    BodyTooLarge,          ///< 413
    TargetTooLong,         ///< 414
    UnsupportedMediaType,  ///< 415
    MisdirectedRequest,    ///< 421 Host
    InvalidDefinition,     ///< 422 with errors[]
    InvalidInput,          ///< 422 with errors[]: breaks the definition's input_schema.
    ContractBroken,        ///< 422 with errors[]: events break the contract of their topic.
    InvalidContract,       ///< 422 with errors[]: the document of a topic.
    InvalidSubscription,   ///< 422 with errors[]: the document of a subscription.
    InvalidBridge,         ///< 422 with errors[]: the document of a bridge.
    IdempotencyKeyReused,  ///< 422 the key was sent with another body
    HeadersTooLarge,       ///< 431
    Internal,              ///< 500
    Busy,                  ///< 503 with Retry-After
    StoreUnavailable,      ///< 503 with Retry-After: disk full, locked, or not read in time
    Draining,              ///< 503 with Retry-After
    HttpVersionNotSupported,  ///< 505
};

/// A problem document (RFC 9457).
struct Problem {
    ProblemType type;
    std::string detail;  ///< What is wrong here and what to do.
    std::vector<sagas::Problem> errors;
    sagas::Json extensions;  ///< An object of further members, or null.
};

inline Problem make_problem(ProblemType type, std::string detail) {
    return Problem{type, std::move(detail), {}, nullptr};
}

/// All of them, in the order of the enumeration.
std::span<const ProblemType> problem_types();

std::string_view urn(ProblemType type);  ///< "urn:skald:problem:id-taken"
int http_status(ProblemType type);
std::string_view title(ProblemType type);  ///< Short, always the same for a type.
/// Seconds for `Retry-After`, which the transport adds to each 503. None: trying again won't help.
std::optional<int> retry_after(ProblemType type);

/// The document: type, title, status, detail, request_id; `errors` (each with code, pointer and
/// detail, and hint unless it is empty) when there are any; then the extensions, which can't
/// replace one of these.
sagas::Json to_json(const Problem& problem, std::string_view request_id);

}  // namespace skald::api
