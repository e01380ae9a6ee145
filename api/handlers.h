#pragma once

#include <cstddef>
#include <memory>

#include "api/route.h"
#include "api/services.h"

/// One function per operation; the table that binds them to methods and paths is routes.cpp.
namespace skald::api {

class ReadingTurns;
class SimulationTurn;

// definitions.cpp
Answer put_definition(const Services& services, const Request& request);
Answer delete_definition(const Services& services, const Request& request);
Answer lint_definition(const Services& services, const Request& request);
// definitions_read.cpp
Answer get_definition(const Services& services, const Request& request);
Answer get_definition_version(const Services& services, const Request& request);
Answer list_definitions(const Services& services, const Request& request);
// definition_diff.cpp
Answer get_definition_diff(const Services& services, const Request& request);
// definition_graph.cpp
Answer get_definition_graph(const Services& services, const Request& request);
// definition_schema.cpp
Answer get_definition_schema(const Request& request);
// simulate.cpp
Answer simulate_definition(const Services& services, const std::shared_ptr<SimulationTurn>& turn,
                           const Request& request);
// sagas_start.cpp
Answer start_saga(const Services& services, const Request& request);
// sagas_batch.cpp
Answer start_sagas(const Services& services, const Request& request);
inline constexpr std::size_t kBatchMax = 1'000;
inline constexpr std::size_t kBatchBytesMax = 16u << 20;
// sagas_replay.cpp
Answer replay_saga(const Services& services, const Request& request);
// sagas_read.cpp
Answer list_sagas(const Services& services, const Request& request);
Answer get_saga(const Services& services, const Request& request);
Answer get_saga_history(const Services& services, const Request& request);
// sagas_operate.cpp
Answer cancel_saga(const Services& services, const Request& request);
Answer suspend_saga(const Services& services, const Request& request);
Answer resume_saga(const Services& services, const Request& request);
Answer retry_saga(const Services& services, const Request& request);
Answer resolve_saga(const Services& services, const Request& request);
Answer abandon_saga(const Services& services, const Request& request);
// callbacks.cpp
Answer call_back(const Services& services, const Request& request);
// saga_plan.cpp
Answer get_saga_plan(const Services& services, const Request& request);
// event_streams.cpp
Answer stream_saga_events(const Services& services, ReadingTurns& turns, const Request& request);
Answer stream_events(const Services& services, ReadingTurns& turns, const Request& request);
// topics.cpp
Answer put_topic(const Services& services, const Request& request);
// topics_read.cpp
Answer get_topic(const Services& services, const Request& request);
Answer list_topics(const Services& services, const Request& request);
// events_publish.cpp
Answer publish_events(const Services& services, const Request& request);
// events_read.cpp
Answer read_events(const Services& services, ReadingTurns& turns, const Request& request);
// subscriptions.cpp
Answer put_subscription(const Services& services, const Request& request);
Answer delete_subscription(const Services& services, const Request& request);
// subscriptions_read.cpp
Answer list_subscriptions(const Services& services, const Request& request);
Answer get_subscription(const Services& services, const Request& request);
Answer list_dead_letters(const Services& services, const Request& request);
// subscription_fetch.cpp
Answer fetch_events(const Services& services, const Request& request);
Answer acknowledge_events(const Services& services, const Request& request);
Answer refuse_events(const Services& services, const Request& request);
Answer extend_leases(const Services& services, const Request& request);
// subscription_replay.cpp
Answer replay_subscription(const Services& services, const Request& request);
Answer replay_dead_letters(const Services& services, const Request& request);
Answer discard_dead_letters(const Services& services, const Request& request);
// bridges.cpp
Answer put_bridge(const Services& services, const Request& request);
Answer delete_bridge(const Services& services, const Request& request);
// bridges_read.cpp
Answer list_bridges(const Services& services, const Request& request);
Answer get_bridge(const Services& services, const Request& request);
// openapi.cpp
Answer get_openapi(const Services& services, const Request& request);
// backup.cpp
Answer back_up_store(const Services& services, const Request& request);
// doctor.cpp
Answer get_doctor(const Services& services, const Request& request);
// ops.cpp
Answer get_health(const Request& request);
Answer get_readiness(const Services& services, const Request& request);
Answer get_metrics(const Services& services, const Request& request);
Answer get_index(const Request& request);

}  // namespace skald::api
