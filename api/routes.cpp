#include "api/routes.h"

#include <memory>
#include <thread>

#include "api/event_pace.h"
#include "api/handlers.h"
#include "api/simulation_turn.h"

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
        {"GET",
         "/v1/definitions/{name}/versions/{a}/diff/{b}",
         "getDefinitionDiff",
         Audience::Clients,
         {},
         {ProblemType::DefinitionNotFound, ProblemType::StoreUnavailable},
         with(services, get_definition_diff)},
        {"GET",
         "/v1/definitions/{name}/graph",
         "getDefinitionGraph",
         Audience::Clients,
         {"format", "version"},
         {ProblemType::DefinitionNotFound, ProblemType::StoreUnavailable},
         with(services, get_definition_graph)},
        {"GET",
         "/v1/schemas/definition.json",
         "getDefinitionSchema",
         Audience::Clients,
         {},
         {},
         get_definition_schema},
        {"POST",
         "/v1/lint",
         "lintDefinition",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::StoreUnavailable},
         with(services, lint_definition)},
    };
}

Route simulation_route(const Services& services) {
    // Shared, for a std::function must be copyable.
    const auto turn = std::make_shared<SimulationTurn>();
    return {"POST",
            "/v1/simulate",
            "simulateDefinition",
            Audience::Clients,
            {},
            {ProblemType::MalformedJson, ProblemType::InvalidDefinition, ProblemType::InvalidInput,
             ProblemType::Busy},
            [&services, turn](const Request& request) {
                return simulate_definition(services, turn, request);
            }};
}

std::vector<Route> saga_routes(const Services& services) {
    return {
        {"POST",
         "/v1/sagas",
         "startSaga",
         Audience::Clients,
         {"wait"},
         {ProblemType::MalformedJson, ProblemType::DefinitionNotFound, ProblemType::IdTaken,
          ProblemType::IdUsed, ProblemType::InvalidDefinition, ProblemType::InvalidInput,
          ProblemType::IdempotencyKeyReused, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, start_saga)},
        {"POST",
         "/v1/sagas/batch",
         "startSagas",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::StoreUnavailable},
         with(services, start_sagas),
         kBatchBytesMax},
        {"POST",
         "/v1/sagas/{id}/replay",
         "replaySaga",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::SagaNotFound, ProblemType::DefinitionNotFound,
          ProblemType::Conflict, ProblemType::IdTaken, ProblemType::IdUsed,
          ProblemType::InvalidDefinition, ProblemType::InvalidInput,
          ProblemType::IdempotencyKeyReused, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, replay_saga)},
        {"GET",
         "/v1/sagas",
         "listSagas",
         Audience::Clients,
         {"status", "definition", "version", "label", "started_after", "started_before", "step",
          "error", "failing", "count", "cursor", "limit"},
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
        {"GET",
         "/v1/sagas/{id}/plan",
         "getSagaPlan",
         Audience::Clients,
         {},
         {ProblemType::SagaNotFound, ProblemType::StoreUnavailable},
         with(services, get_saga_plan)},
    };
}

Route callback_route(const Services& services) {
    return {"POST",
            "/v1/callbacks/{token}",
            "callBack",
            Audience::Participants,
            {},
            {ProblemType::MalformedJson, ProblemType::UnknownCallback, ProblemType::Busy,
             ProblemType::StoreUnavailable, ProblemType::Draining},
            with(services, call_back)};
}

/// Shared, for a std::function must be copyable; the server's streams end before its routes.
using TurnsPtr = std::shared_ptr<ReadingTurns>;

std::vector<Route> event_routes(const Services& services, const TurnsPtr& turns) {
    return {
        {"GET",
         "/v1/sagas/{id}/events",
         "streamSagaEvents",
         Audience::Clients,
         {"after"},
         {ProblemType::SagaNotFound, ProblemType::Busy, ProblemType::StoreUnavailable},
         [&services, turns](const Request& request) {
             return stream_saga_events(services, *turns, request);
         }},
        {"GET",
         "/v1/events",
         "streamEvents",
         Audience::Clients,
         {"after", "status", "definition", "version", "label", "step"},
         {ProblemType::Busy, ProblemType::StoreUnavailable},
         [&services, turns](const Request& request) {
             return stream_events(services, *turns, request);
         }},
    };
}

std::vector<Route> topic_routes(const Services& services, const TurnsPtr& turns) {
    return {
        {"GET",
         "/v1/topics",
         "listTopics",
         Audience::Clients,
         {"cursor", "limit"},
         {ProblemType::StoreUnavailable},
         with(services, list_topics)},
        {"GET",
         "/v1/topics/{topic}",
         "getTopic",
         Audience::Clients,
         {"version"},
         {ProblemType::TopicNotFound, ProblemType::StoreUnavailable},
         with(services, get_topic)},
        {"PUT",
         "/v1/topics/{topic}",
         "putTopic",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::ReservedTopic, ProblemType::VersionMismatch,
          ProblemType::InvalidContract, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, put_topic)},
        {"POST",
         "/v1/topics/{topic}/events",
         "publishEvents",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::ReservedTopic, ProblemType::ContractBroken,
          ProblemType::Busy, ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, publish_events),
         kBatchBytesMax,
         BodyKind::CloudEvents},
        {"GET",
         "/v1/topics/{topic}/events",
         "readEvents",
         Audience::Clients,
         {"after", "from", "limit", "wait"},
         {ProblemType::TopicNotFound, ProblemType::Busy, ProblemType::StoreUnavailable},
         [&services, turns](const Request& request) {
             return read_events(services, *turns, request);
         }},
    };
}

std::vector<Route> subscription_routes(const Services& services) {
    return {
        {"GET",
         "/v1/subscriptions",
         "listSubscriptions",
         Audience::Clients,
         {"cursor", "limit"},
         {ProblemType::StoreUnavailable},
         with(services, list_subscriptions)},
        {"GET",
         "/v1/subscriptions/{name}",
         "getSubscription",
         Audience::Clients,
         {},
         {ProblemType::SubscriptionNotFound, ProblemType::StoreUnavailable},
         with(services, get_subscription)},
        {"PUT",
         "/v1/subscriptions/{name}",
         "putSubscription",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::Conflict, ProblemType::VersionMismatch,
          ProblemType::InvalidSubscription, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, put_subscription)},
        {"DELETE",
         "/v1/subscriptions/{name}",
         "deleteSubscription",
         Audience::Clients,
         {},
         {ProblemType::SubscriptionNotFound, ProblemType::Conflict, ProblemType::VersionMismatch,
          ProblemType::Busy, ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, delete_subscription)},
        {"GET",
         "/v1/subscriptions/{name}/dead-letters",
         "listDeadLetters",
         Audience::Clients,
         {"after", "limit"},
         {ProblemType::SubscriptionNotFound, ProblemType::StoreUnavailable},
         with(services, list_dead_letters)},
    };
}

/// What is asked of one subscription's events.
Route delivery_route(const Services& services, const std::string& command, const char* operation_id,
                     ServiceHandler handler) {
    return {"POST",
            "/v1/subscriptions/{name}/" + command,
            operation_id,
            Audience::Clients,
            {},
            {ProblemType::MalformedJson, ProblemType::SubscriptionNotFound, ProblemType::Conflict,
             ProblemType::Busy, ProblemType::StoreUnavailable, ProblemType::Draining},
            with(services, handler)};
}

std::vector<Route> delivery_routes(const Services& services) {
    return {
        delivery_route(services, "fetch", "fetchEvents", fetch_events),
        delivery_route(services, "ack", "acknowledgeEvents", acknowledge_events),
        delivery_route(services, "nack", "refuseEvents", refuse_events),
        delivery_route(services, "extend", "extendLeases", extend_leases),
        delivery_route(services, "replay", "replaySubscription", replay_subscription),
        delivery_route(services, "dead-letters/replay", "replayDeadLetters", replay_dead_letters),
        delivery_route(services, "dead-letters/discard", "discardDeadLetters",
                       discard_dead_letters),
    };
}

std::vector<Route> bridge_routes(const Services& services) {
    return {
        {"GET",
         "/v1/bridges",
         "listBridges",
         Audience::Clients,
         {"cursor", "limit"},
         {ProblemType::StoreUnavailable},
         with(services, list_bridges)},
        {"GET",
         "/v1/bridges/{name}",
         "getBridge",
         Audience::Clients,
         {},
         {ProblemType::BridgeNotFound, ProblemType::StoreUnavailable},
         with(services, get_bridge)},
        {"PUT",
         "/v1/bridges/{name}",
         "putBridge",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::Conflict, ProblemType::VersionMismatch,
          ProblemType::InvalidBridge, ProblemType::Busy, ProblemType::StoreUnavailable,
          ProblemType::Draining},
         with(services, put_bridge)},
        {"DELETE",
         "/v1/bridges/{name}",
         "deleteBridge",
         Audience::Clients,
         {},
         {ProblemType::BridgeNotFound, ProblemType::VersionMismatch, ProblemType::Busy,
          ProblemType::StoreUnavailable, ProblemType::Draining},
         with(services, delete_bridge)},
    };
}

Route operator_route(const Services& services, const std::string& command, ServiceHandler handler) {
    return {"POST",
            "/v1/sagas/{id}/" + command,
            command + "Saga",
            Audience::Clients,
            {},
            {ProblemType::MalformedJson, ProblemType::SagaNotFound, ProblemType::Conflict,
             ProblemType::IdempotencyKeyReused, ProblemType::Busy, ProblemType::StoreUnavailable,
             ProblemType::Draining},
            with(services, handler)};
}

std::vector<Route> operator_routes(const Services& services) {
    return {
        operator_route(services, "cancel", cancel_saga),
        operator_route(services, "suspend", suspend_saga),
        operator_route(services, "resume", resume_saga),
        operator_route(services, "retry", retry_saga),
        operator_route(services, "resolve", resolve_saga),
        operator_route(services, "abandon", abandon_saga),
    };
}

std::vector<Route> ops_routes(const Services& services) {
    return {
        {"POST",
         "/v1/backup",
         "backupStore",
         Audience::Clients,
         {},
         {ProblemType::MalformedJson, ProblemType::Conflict, ProblemType::StoreUnavailable},
         with(services, back_up_store)},
        {"GET",
         "/v1/doctor",
         "getDoctor",
         Audience::Clients,
         {"deep"},
         {},
         with(services, get_doctor)},
        {"GET", "/healthz", "getHealth", Audience::Ops, {}, {}, get_health},
        {"GET", "/readyz", "getReadiness", Audience::Ops, {}, {}, with(services, get_readiness)},
        {"GET", "/metrics", "getMetrics", Audience::Ops, {}, {}, with(services, get_metrics)},
        {"GET",
         "/openapi.json",
         "getOpenApi",
         Audience::Clients,
         {},
         {},
         with(services, get_openapi)},
        {"GET", "/", "getIndex", Audience::Clients, {}, {}, get_index},
    };
}

}  // namespace

std::vector<Route> make_routes(const Services& services) {
    std::vector<Route> routes = definition_routes(services);
    routes.push_back(simulation_route(services));
    routes.push_back(callback_route(services));
    const auto turns = std::make_shared<ReadingTurns>(std::thread::hardware_concurrency());
    for (auto& more :
         {saga_routes(services), event_routes(services, turns), topic_routes(services, turns),
          subscription_routes(services), delivery_routes(services), bridge_routes(services),
          operator_routes(services), ops_routes(services)}) {
        routes.insert(routes.end(), more.begin(), more.end());
    }
    return routes;
}

}  // namespace skald::api
