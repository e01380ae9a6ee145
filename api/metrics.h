#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/coordinator.h"
#include "engine/telemetry.h"
#include "store/store.h"

namespace skald::api {

/// How the engine stands at one moment.
struct EngineStats {
    engine::CoordinatorStats coordinator;
    engine::CallerStats caller;
    std::uint64_t wal_bytes = 0;
};

/// What is shown to Prometheus. Counts what the engine and the HTTP server tell it; what is polled
/// comes with each scrape.
///
/// The number of time series is bounded: definitions beyond the first kDefinitionsMax are counted
/// together as "other", and so are steps beyond kStepsMax and topics beyond kTopicsMax.
///
/// Threads: the members of Telemetry on the loop's thread only; `request_answered` and `scrape`
/// from any number at once.
class Metrics : public engine::Telemetry {
 public:
    static constexpr std::size_t kDefinitionsMax = 1'000;
    static constexpr std::size_t kStepsMax = 10'000;
    static constexpr std::size_t kTopicsMax = 1'000;

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

    /// One HTTP request was answered; `operation_id` is empty when no route matched.
    void request_answered(std::string_view operation_id, std::string_view method, int code);

    /// Everything in Prometheus' text format (0.0.4). Null: not known now; those gauges keep what
    /// they had.
    std::string scrape(const EngineStats* stats, const store::Counts* counts);

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace skald::api
