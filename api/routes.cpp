#include "api/routes.h"

#include "api/handlers.h"

namespace skald::api {
namespace {

using ServiceHandler = Answer (*)(const Services&, const Request&);

Handler with(const Services& services, ServiceHandler handler) {
    return [&services, handler](const Request& request) { return handler(services, request); };
}

std::vector<Route> definition_routes(const Services& services) {
    return {
        {"PUT",
         "/v1/definitions/{name}",
         "putDefinition",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::VersionMismatch, ProblemType::InvalidDefinition,
          ProblemType::Busy, ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, put_definition)},
        {"GET",
         "/v1/definitions/{name}",
         "getDefinition",
         Audience::Clients,
         {},
         {ProblemType::DefinitionNotFound, ProblemType::StoreUnavailable},
         with(services, get_definition)},
        {"DELETE",
         "/v1/definitions/{name}",
         "deleteDefinition",
         Audience::Clients,
         {},
         {ProblemType::DefinitionNotFound, ProblemType::VersionMismatch, ProblemType::Busy,
          ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, delete_definition)},
        {"GET",
         "/v1/definitions",
         "listDefinitions",
         Audience::Clients,
         {"cursor", "limit"},
         {ProblemType::StoreUnavailable},
         with(services, list_definitions)},
        {"GET",
         "/v1/definitions/{name}/versions/{version}",
         "getDefinitionVersion",
         Audience::Clients,
         {},
         {ProblemType::DefinitionNotFound, ProblemType::StoreUnavailable},
         with(services, get_definition_version)},
        {"POST",
         "/v1/lint",
         "lintDefinition",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson},
         lint_definition},
    };
}

std::vector<Route> saga_routes(const Services& services) {
    return {
        {"POST",
         "/v1/sagas",
         "startSaga",
         Audience::Clients,
         {"wait"},
         {ProblemType::MalformedJson, ProblemType::DefinitionNotFound, ProblemType::IdTaken,
          ProblemType::IdUsed, ProblemType::InvalidInput, ProblemType::IdempotencyKeyReused,
          ProblemType::Busy, ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, start_saga)},
        {"GET",
         "/v1/sagas",
         "listSagas",
         Audience::Clients,
         {"status", "definition", "version", "cursor", "limit"},
         {ProblemType::StoreUnavailable},
         with(services, list_sagas)},
        {"GET",
         "/v1/sagas/{id}",
         "getSaga",
         Audience::Clients,
         {"wait"},
         {ProblemType::SagaNotFound, ProblemType::StoreUnavailable},
         with(services, get_saga)},
        {"GET",
         "/v1/sagas/{id}/history",
         "getSagaHistory",
         Audience::Clients,
         {"cursor", "limit"},
         {ProblemType::SagaNotFound, ProblemType::StoreUnavailable},
         with(services, get_saga_history)},
        {"POST",
         "/v1/sagas/{id}/cancel",
         "cancelSaga",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::SagaNotFound, ProblemType::Conflict,
          ProblemType::IdempotencyKeyReused, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, cancel_saga)},
    };
}

std::vector<Route> ops_routes(const Services& services) {
    return {
        {"GET", "/healthz", "getHealth", Audience::Ops, {}, {}, get_health},
        {"GET", "/readyz", "getReadiness", Audience::Ops, {}, {}, with(services, get_readiness)},
        {"GET", "/metrics", "getMetrics", Audience::Ops, {}, {}, with(services, get_metrics)},
        {"GET", "/", "getIndex", Audience::Clients, {}, {}, get_index},
    };
}

}  // namespace

std::vector<Route> make_routes(const Services& services) {
    std::vector<Route> routes = definition_routes(services);
    for (auto& more : {saga_routes(services), ops_routes(services)}) {
        routes.insert(routes.end(), more.begin(), more.end());
    }
    return routes;
}

}  // namespace skald::api
