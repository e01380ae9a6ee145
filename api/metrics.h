#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/coordinator.h"
#include "engine/nats/bridge.h"
#include "engine/telemetry.h"
#include "store/store.h"

namespace skald::api {

/// How the engine stands at one moment.
struct EngineStats {
    engine::CoordinatorStats coordinator;
    engine::CallerStats caller;
    std::uint64_t wal_bytes = 0;
};

/// How one subscription stands at one moment.
struct SubscriptionStats {
    std::string name;
    std::uint64_t lag = 0;
    std::uint64_t dead_letters = 0;
};

/// What is shown to Prometheus. Counts what the engine and the HTTP server tell it; what is polled
/// comes with each scrape.
///
/// The number of time series is bounded: definitions beyond the first kDefinitionsMax are counted
/// together as "other", and so are steps beyond kStepsMax, topics beyond kTopicsMax, the deliveries
/// of subscriptions beyond kSubscriptionsMax, and the events of bridges beyond kBridgesMax.
///
/// Threads: the members of Telemetry, and those of bridges, on the loop's thread only;
/// `request_answered` and `scrape` from any number at once.
class Metrics : public engine::Telemetry {
 public:
    static constexpr std::size_t kDefinitionsMax = 1'000;
    static constexpr std::size_t kStepsMax = 10'000;
    static constexpr std::size_t kTopicsMax = 1'000;
    static constexpr std::size_t kSubscriptionsMax = 2'000;
    static constexpr std::size_t kBridgesMax = 1'000;

    /// `sqlite`: the library's version, for skald_build_info.
    explicit Metrics(std::string_view version, std::string_view sqlite);
    ~Metrics() override;

    void saga_started(std::string_view definition) override;
    void saga_ended(std::string_view definition, sagas::Status status) override;
    void attempt_ended(std::string_view definition, std::string_view step, sagas::Phase phase,
                       sagas::Outcome outcome, double seconds) override;
    void committed(std::size_t rows, double seconds) override;
    void timer_fired(double lag_seconds) override;
    void events_published(std::string_view topic, std::size_t all, std::size_t repeated) override;
    void event_hit() override;
    void event_delivered(std::string_view subscription, Delivery outcome) override;
    void events_missed(std::string_view subscription, std::uint64_t count) override;

    void bridge_events(const std::string& bridge, engine::NatsEvent what, std::size_t count);
    void bridge_connected(const std::string& bridge, bool is_connected);
    /// It was deleted: whether it is connected is shown no longer.
    void bridge_gone(const std::string& bridge);

    /// One HTTP request was answered; `operation_id` is empty when no route matched.
    void request_answered(std::string_view operation_id, std::string_view method, int code);

    /// Everything in Prometheus' text format (0.0.4). Null: not known now; those gauges keep what
    /// they had.
    std::string scrape(const EngineStats* stats, const store::Counts* counts,
                       const std::vector<SubscriptionStats>* subscriptions);

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace skald::api
