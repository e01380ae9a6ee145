#include "api/problem.h"

#include <array>
#include <cstddef>

#include "sagas/check.h"

namespace skald::api {
namespace {

struct Row {
    ProblemType type;
    int status;
    std::string_view urn;
    std::string_view title;
};

constexpr std::array kRows{
    Row{ProblemType::MalformedJson, 400, "urn:skald:problem:malformed-json",
        "The body is not valid JSON"},
    Row{ProblemType::InvalidRequest, 400, "urn:skald:problem:invalid-request",
        "The request is not valid"},
    Row{ProblemType::Unauthorized, 401, "urn:skald:problem:unauthorized",
        "A valid token is needed"},
    Row{ProblemType::OriginNotAllowed, 403, "urn:skald:problem:origin-not-allowed",
        "Pages of this origin may not call this server"},
    Row{ProblemType::ReservedTopic, 403, "urn:skald:problem:reserved-topic",
        "The topic is the server's own"},
    Row{ProblemType::NotFound, 404, "urn:skald:problem:not-found", "No such resource"},
    Row{ProblemType::SagaNotFound, 404, "urn:skald:problem:saga-not-found", "No such saga"},
    Row{ProblemType::DefinitionNotFound, 404, "urn:skald:problem:definition-not-found",
        "No such definition"},
    Row{ProblemType::TopicNotFound, 404, "urn:skald:problem:topic-not-found", "No such topic"},
    Row{ProblemType::SubscriptionNotFound, 404, "urn:skald:problem:subscription-not-found",
        "No such subscription"},
    Row{ProblemType::BridgeNotFound, 404, "urn:skald:problem:bridge-not-found", "No such bridge"},
    Row{ProblemType::UnknownCallback, 404, "urn:skald:problem:unknown-callback",
        "No such callback"},
    Row{ProblemType::MethodNotAllowed, 405, "urn:skald:problem:method-not-allowed",
        "The resource does not take this method"},
    Row{ProblemType::RequestTimeout, 408, "urn:skald:problem:request-timeout",
        "The request did not arrive in time"},
    Row{ProblemType::Conflict, 409, "urn:skald:problem:conflict",
        "Not possible in the present state"},
    Row{ProblemType::IdTaken, 409, "urn:skald:problem:id-taken", "Another saga has this id"},
    Row{ProblemType::IdUsed, 409, "urn:skald:problem:id-used",
        "A saga that was deleted had this id"},
    Row{ProblemType::LengthRequired, 411, "urn:skald:problem:length-required",
        "The body needs a Content-Length"},
    Row{ProblemType::VersionMismatch, 412, "urn:skald:problem:version-mismatch",
        "It was changed in the meantime"},
    Row{ProblemType::BodyTooLarge, 413, "urn:skald:problem:body-too-large",
        "The body is too large"},
    Row{ProblemType::TargetTooLong, 414, "urn:skald:problem:target-too-long",
        "The request target is too long"},
    Row{ProblemType::UnsupportedMediaType, 415, "urn:skald:problem:unsupported-media-type",
        "The body is of a kind that is not taken"},
    Row{ProblemType::MisdirectedRequest, 421, "urn:skald:problem:misdirected-request",
        "The request is meant for another host"},
    Row{ProblemType::InvalidDefinition, 422, "urn:skald:problem:invalid-definition",
        "The definition is not valid"},
    Row{ProblemType::InvalidInput, 422, "urn:skald:problem:invalid-input",
        "The input does not fit the definition"},
    Row{ProblemType::ContractBroken, 422, "urn:skald:problem:contract-broken",
        "An event breaks the contract of its topic"},
    Row{ProblemType::InvalidContract, 422, "urn:skald:problem:invalid-contract",
        "The document of the topic is not valid"},
    Row{ProblemType::InvalidSubscription, 422, "urn:skald:problem:invalid-subscription",
        "The document of the subscription is not valid"},
    Row{ProblemType::InvalidBridge, 422, "urn:skald:problem:invalid-bridge",
        "The document of the bridge is not valid"},
    Row{ProblemType::IdempotencyKeyReused, 422, "urn:skald:problem:idempotency-key-reused",
        "The idempotency key was used with another request"},
    Row{ProblemType::HeadersTooLarge, 431, "urn:skald:problem:headers-too-large",
        "The headers are too many or too large"},
    Row{ProblemType::Internal, 500, "urn:skald:problem:internal", "Internal error"},
    Row{ProblemType::Busy, 503, "urn:skald:problem:busy", "The server is busy"},
    Row{ProblemType::StoreUnavailable, 503, "urn:skald:problem:store-unavailable",
        "The store is not available"},
    Row{ProblemType::Draining, 503, "urn:skald:problem:draining", "The server is stopping"},
    Row{ProblemType::HttpVersionNotSupported, 505, "urn:skald:problem:http-version-not-supported",
        "The HTTP version is not supported"},
};

constexpr auto kTypes = [] {
    std::array<ProblemType, kRows.size()> types{};
    for (std::size_t i = 0; i < kRows.size(); ++i) types[i] = kRows[i].type;
    return types;
}();

constexpr bool rows_are_in_order() {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        if (static_cast<std::size_t>(kRows[i].type) != i) return false;
    }
    return true;
}
static_assert(rows_are_in_order(), "one row for each type, in the order of the enumeration");

const Row& row(ProblemType type) {
    const auto index = static_cast<std::size_t>(type);
    SKALD_CHECK(index < kRows.size());
    return kRows[index];
}

}  // namespace

std::span<const ProblemType> problem_types() { return kTypes; }

std::string_view urn(ProblemType type) { return row(type).urn; }

int http_status(ProblemType type) { return row(type).status; }

std::string_view title(ProblemType type) { return row(type).title; }

std::optional<int> retry_after(ProblemType type) {
    switch (type) {
        case ProblemType::Busy:
            return 1;
        case ProblemType::StoreUnavailable:
        case ProblemType::Draining:
            return 5;
        default:
            return std::nullopt;
    }
}

sagas::Json to_json(const Problem& problem, std::string_view request_id) {
    const Row& fixed = row(problem.type);
    sagas::Json json = {{"type", fixed.urn},
                        {"title", fixed.title},
                        {"status", fixed.status},
                        {"detail", problem.detail},
                        {"request_id", request_id}};
    if (!problem.errors.empty()) {
        sagas::Json& errors = json["errors"] = sagas::Json::array();
        for (const sagas::Problem& error : problem.errors) {
            sagas::Json& entry = errors.emplace_back(sagas::Json{
                {"code", error.code}, {"pointer", error.pointer}, {"detail", error.detail}});
            if (!error.hint.empty()) entry["hint"] = error.hint;
        }
    }
    if (problem.extensions.is_object()) {
        for (const auto& [name, value] : problem.extensions.items()) {
            if (!json.contains(name)) json[name] = value;
        }
    }
    return json;
}

}  // namespace skald::api
