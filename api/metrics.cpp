#include "api/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <functional>
#include <unordered_map>
#include <utility>

#include "engine/mutex.h"

namespace skald::api {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr const char* kOther = "other";
constexpr std::size_t kPhases = 2;
constexpr std::size_t kOutcomes = 4;
constexpr std::array<sagas::Status, 3> kEnds = {
    sagas::Status::Completed, sagas::Status::Compensated, sagas::Status::Abandoned};
constexpr std::array<sagas::Status, 3> kLive = {sagas::Status::Running, sagas::Status::Compensating,
                                                sagas::Status::Stuck};

/// Direction and outcome of an engine::NatsEvent.
constexpr std::array<std::array<const char*, 2>, 5> kBridgeEvents = {{{"out", "published"},
                                                                      {"out", "failed"},
                                                                      {"in", "received"},
                                                                      {"in", "repeated"},
                                                                      {"in", "refused"}}};

constexpr std::array<std::string_view, 3> kDeliveries = {"delivered", "failed", "dead"};

const Histogram::BucketBoundaries& step_buckets() {
    static const Histogram::BucketBoundaries kBuckets = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
    return kBuckets;
}
const Histogram::BucketBoundaries& commit_buckets() {
    static const Histogram::BucketBoundaries kBuckets = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
    return kBuckets;
}
const Histogram::BucketBoundaries& row_buckets() {
    static const Histogram::BucketBoundaries kBuckets = {1,   2,   4,   8,    16,   32,  64,
                                                         128, 256, 512, 1024, 2048, 4096};
    return kBuckets;
}

/// Finds by std::string_view, without making a string.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};
template <typename T>
using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// One step's series; `definition` and `step` are their labels.
struct StepSeries {
    std::string definition;
    std::string step;
    std::array<std::array<Counter*, kOutcomes>, kPhases> attempts{};
};
/// Of the attempts to deliver one subscription's events; null: there was none.
struct DeliverySeries {
    std::string name;
    std::array<Counter*, kDeliveries.size()> ended{};
    Counter* missed = nullptr;
};
struct SubscriptionGauges {
    Gauge* lag;
    Gauge* dead_letters;
};
struct DefinitionSeries {
    std::string name;
    Counter* started = nullptr;
    std::array<Counter*, kEnds.size()> ended{};
    std::array<Histogram*, kPhases> durations{};
    ByName<StepSeries> steps;
};

}  // namespace

class Metrics::Impl {
 public:
    Impl(std::string_view version, std::string_view sqlite) {
        prometheus::BuildGauge()
            .Name("skald_build_info")
            .Help("Always 1; the labels tell what runs.")
            .Register(registry_)
            .Add({{"version", std::string(version)}, {"sqlite", std::string(sqlite)}})
            .Set(1);
        for (std::size_t at = 0; at < kLive.size(); ++at) {
            live_[at] = &live_family_.Add({{"status", std::string(sagas::to_text(kLive[at]))}});
        }
    }

    /// The loop's thread only.
    DefinitionSeries& definition(std::string_view name) {
        const auto found = definitions_.find(name);
        if (found != definitions_.end()) return found->second;
        if (definitions_.size() >= kDefinitionsMax && name != kOther) return definition(kOther);
        return definitions_.emplace(std::string(name), new_definition(std::string(name)))
            .first->second;
    }

    StepSeries& step(DefinitionSeries& series, std::string_view name) {
        const auto found = series.steps.find(name);
        if (found != series.steps.end()) return found->second;
        const bool is_counted_together = step_count_ >= kStepsMax || series.name == kOther;
        if (is_counted_together && name != kOther) return step(series, kOther);
        ++step_count_;
        return series.steps
            .emplace(std::string(name), StepSeries{series.name, std::string(name), {}})
            .first->second;
    }

    Counter& attempts(DefinitionSeries& definition_series, std::string_view step_name,
                      sagas::Phase phase, sagas::Outcome outcome) {
        StepSeries& series = step(definition_series, step_name);
        Counter*& counter =
            series.attempts[static_cast<std::size_t>(phase)][static_cast<std::size_t>(outcome)];
        if (counter == nullptr) {
            counter = &attempts_.Add({{"definition", series.definition},
                                      {"step", series.step},
                                      {"phase", std::string(sagas::to_text(phase))},
                                      {"outcome", std::string(sagas::to_text(outcome))}});
        }
        return *counter;
    }

    /// The loop's thread only.
    Counter& published(std::string_view topic) {
        const auto found = published_by_topic_.find(topic);
        if (found != published_by_topic_.end()) return *found->second;
        if (published_by_topic_.size() >= kTopicsMax && topic != kOther) return published(kOther);
        Counter& counter = published_.Add({{"topic", std::string(topic)}});
        published_by_topic_.emplace(std::string(topic), &counter);
        return counter;
    }

    /// The loop's thread only.
    Counter& delivered(std::string_view subscription, engine::Telemetry::Delivery outcome) {
        DeliverySeries& series = deliveries(subscription);
        const auto at = static_cast<std::size_t>(outcome);
        if (series.ended[at] == nullptr) {
            series.ended[at] = &delivered_.Add(
                {{"subscription", series.name}, {"outcome", std::string(kDeliveries[at])}});
        }
        return *series.ended[at];
    }
    Counter& missed(std::string_view subscription) {
        DeliverySeries& series = deliveries(subscription);
        if (series.missed == nullptr) {
            series.missed = &missed_.Add({{"subscription", series.name}});
        }
        return *series.missed;
    }

    /// The loop's thread only; so are the two below.
    Counter& bridge_events(const std::string& bridge, engine::NatsEvent what) {
        if (!bridge_counters_.contains(bridge) && bridge_counters_.size() >= kBridgesMax &&
            bridge != kOther) {
            return bridge_events(kOther, what);
        }
        const auto at = static_cast<std::size_t>(what);
        Counter*& counter = bridge_counters_[bridge][at];
        if (counter == nullptr) {
            const auto& [direction, outcome] = kBridgeEvents[at];
            counter = &bridge_events_.Add(
                {{"bridge", bridge}, {"direction", direction}, {"outcome", outcome}});
        }
        return *counter;
    }
    void set_bridge_connected(const std::string& bridge, bool is_connected) {
        Gauge*& connected = bridge_connected_[bridge];
        if (connected == nullptr) connected = &connected_family_.Add({{"bridge", bridge}});
        connected->Set(is_connected ? 1 : 0);
    }
    void forget_bridge(const std::string& bridge) {
        const auto found = bridge_connected_.find(bridge);
        if (found == bridge_connected_.end()) return;
        connected_family_.Remove(found->second);
        bridge_connected_.erase(found);
    }

    Counter& requests(std::string_view operation_id, std::string_view method, int code)
        SKALD_EXCLUDES(requests_mutex_) {
        // Methods are a client's text: only those that we know make series of their own.
        static constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD",   "POST",
                                                                     "PUT", "DELETE", "OPTIONS"};
        std::string_view known = kOther;
        for (const std::string_view each : kMethods) {
            if (each == method) known = each;
        }
        std::string key(operation_id);
        key.append(1, ' ').append(known).append(1, ' ').append(std::to_string(code));
        const engine::MutexLock lock(requests_mutex_);
        Counter*& counter = requests_by_key_[key];
        if (counter == nullptr) {
            counter = &requests_.Add(
                {{"route", operation_id.empty() ? "none" : std::string(operation_id)},
                 {"method", std::string(known)},
                 {"code", std::to_string(code)}});
        }
        return *counter;
    }

    std::string scrape(const EngineStats* stats, const store::Counts* counts,
                       const std::vector<SubscriptionStats>* subscriptions)
        SKALD_EXCLUDES(scrape_mutex_) {
        const engine::MutexLock lock(scrape_mutex_);
        if (stats != nullptr) {
            mailbox_depth_.Set(static_cast<double>(stats->coordinator.mailbox_depth));
            failing_.Set(static_cast<double>(stats->coordinator.failing));
            timers_.Set(static_cast<double>(stats->coordinator.timers));
            in_memory_.Set(static_cast<double>(stats->coordinator.live));
            calls_in_flight_.Set(static_cast<double>(stats->caller.in_flight));
            calls_queued_.Set(static_cast<double>(stats->caller.queued));
            wal_bytes_.Set(static_cast<double>(stats->wal_bytes));
        }
        if (counts != nullptr) {
            for (std::size_t at = 0; at < kLive.size(); ++at) {
                const auto found = counts->by_status.find(kLive[at]);
                live_[at]->Set(
                    found == counts->by_status.end() ? 0.0 : static_cast<double>(found->second));
            }
        }
        if (subscriptions != nullptr) set_subscriptions(*subscriptions);
        return prometheus::TextSerializer().Serialize(registry_.Collect());
    }

    Histogram& commit_seconds() { return commit_seconds_; }
    Histogram& commit_rows() { return commit_rows_; }
    Histogram& timer_lag() { return timer_lag_; }
    Counter& duplicates() { return duplicates_; }
    Counter& event_hits() { return event_hits_; }

 private:
    Family<Counter>& counters(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    }
    Family<Gauge>& gauges(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    }
    Gauge& gauge(const char* name, const char* help) { return gauges(name, help).Add({}); }
    Family<Histogram>& histograms(const char* name, const char* help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    }

    /// Those that are gone are shown no longer.
    void set_subscriptions(const std::vector<SubscriptionStats>& subscriptions)
        SKALD_REQUIRES(scrape_mutex_) {
        ByName<SubscriptionGauges> before = std::exchange(by_subscription_, {});
        for (const SubscriptionStats& each : subscriptions) {
            const auto known = before.find(each.name);
            const prometheus::Labels labels = {{"subscription", each.name}};
            const SubscriptionGauges gauges =
                known == before.end()
                    ? SubscriptionGauges{&lag_.Add(labels), &dead_letters_.Add(labels)}
                    : known->second;
            gauges.lag->Set(static_cast<double>(each.lag));
            gauges.dead_letters->Set(static_cast<double>(each.dead_letters));
            by_subscription_.emplace(each.name, gauges);
            if (known != before.end()) before.erase(known);
        }
        for (const auto& [name, gauges] : before) {
            lag_.Remove(gauges.lag);
            dead_letters_.Remove(gauges.dead_letters);
        }
    }

    DeliverySeries& deliveries(std::string_view subscription) {
        const auto found = deliveries_.find(subscription);
        if (found != deliveries_.end()) return found->second;
        if (deliveries_.size() >= kSubscriptionsMax && subscription != kOther) {
            return deliveries(kOther);
        }
        std::string name(subscription);
        return deliveries_.emplace(name, DeliverySeries{name, {}, nullptr}).first->second;
    }

    DefinitionSeries new_definition(const std::string& name) {
        DefinitionSeries series;
        series.name = name;
        series.started = &started_.Add({{"definition", name}});
        for (std::size_t at = 0; at < kEnds.size(); ++at) {
            series.ended[at] = &finished_.Add(
                {{"definition", name}, {"status", std::string(sagas::to_text(kEnds[at]))}});
        }
        for (const sagas::Phase phase : {sagas::Phase::Action, sagas::Phase::Compensation}) {
            series.durations[static_cast<std::size_t>(phase)] = &durations_.Add(
                {{"definition", name}, {"phase", std::string(sagas::to_text(phase))}},
                step_buckets());
        }
        return series;
    }

    // Synchronised by themselves:
    prometheus::Registry registry_;
    Family<Counter>& started_ = counters("skald_sagas_started_total", "Sagas that were started.");
    Family<Counter>& finished_ =
        counters("skald_sagas_finished_total", "Sagas that ended, by how.");
    Family<Gauge>& live_family_ = gauges("skald_sagas_live", "Sagas that have not ended.");
    Family<Counter>& attempts_ =
        counters("skald_step_attempts_total", "Tries of actions and compensations that ended.");
    Family<Histogram>& durations_ = histograms(
        "skald_step_duration_seconds",
        "Time from handing a try to the caller, its wait in the queue included, to its answer.");
    Histogram& commit_seconds_ =
        histograms("skald_commit_seconds", "Time to write and sync one batch.")
            .Add({}, commit_buckets());
    Histogram& commit_rows_ =
        histograms("skald_commit_rows", "Rows in one batch.").Add({}, row_buckets());
    Histogram& timer_lag_ =
        histograms("skald_timer_lag_seconds", "How late timers fire.").Add({}, commit_buckets());
    Gauge& mailbox_depth_ = gauge("skald_mailbox_depth", "Commands that wait for the coordinator.");
    Gauge& failing_ = gauge("skald_sagas_failing", "Live sagas with a step whose tries go wrong.");
    Gauge& timers_ = gauge("skald_timers", "Timers that are set.");
    Gauge& in_memory_ =
        gauge("skald_sagas_in_memory", "Sagas in memory; the other live ones wait for long.");
    Gauge& calls_in_flight_ = gauge("skald_calls_in_flight", "Calls that are out.");
    Gauge& calls_queued_ = gauge("skald_calls_queued", "Calls that wait for a free connection.");
    Gauge& wal_bytes_ = gauge("skald_wal_bytes", "Size of the write-ahead log.");
    Family<Counter>& published_ =
        counters("skald_events_published_total", "Events that were written to the log.");
    Counter& duplicates_ = counters("skald_events_duplicate_total",
                                    "Events that were sent again, and were there already.")
                               .Add({});
    Counter& event_hits_ =
        counters("skald_event_hits_total", "Events that reached a step that waits, or waited.")
            .Add({});
    Family<Counter>& delivered_ =
        counters("skald_event_deliveries_total",
                 "Attempts to deliver an event to a subscriber that ended, by how.");
    Family<Counter>& missed_ = counters(
        "skald_events_missed_total", "Events that retention by size took before their delivery.");
    Family<Gauge>& lag_ = gauges("skald_subscription_lag",
                                 "Events of the subscription's topic that are not settled yet.");
    Family<Gauge>& dead_letters_ =
        gauges("skald_subscription_dead_letters", "Events that failed as often as they may.");
    Family<Counter>& bridge_events_ =
        counters("skald_bridge_events_total",
                 "Events that bridges had to do with, by what came of "
                 "them.");
    Family<Gauge>& connected_family_ =
        gauges("skald_bridge_connected", "1: the bridge is connected to its broker.");
    Family<Counter>& requests_ = counters("skald_http_requests_total", "HTTP requests, by answer.");
    std::array<Gauge*, kLive.size()> live_{};

    // The loop's thread only:
    ByName<DefinitionSeries> definitions_;
    std::size_t step_count_ = 0;
    ByName<Counter*> published_by_topic_;
    ByName<DeliverySeries> deliveries_;
    ByName<std::array<Counter*, kBridgeEvents.size()>> bridge_counters_;
    ByName<Gauge*> bridge_connected_;

    engine::Mutex requests_mutex_;
    ByName<Counter*> requests_by_key_ SKALD_GUARDED_BY(requests_mutex_);
    engine::Mutex scrape_mutex_;  ///< One scrape sets and collects at a time.
    ByName<SubscriptionGauges> by_subscription_ SKALD_GUARDED_BY(scrape_mutex_);
};

Metrics::Metrics(std::string_view version, std::string_view sqlite)
    : impl_(std::make_unique<Impl>(version, sqlite)) {}
Metrics::~Metrics() = default;

void Metrics::saga_started(std::string_view definition) {
    impl_->definition(definition).started->Increment();
}

void Metrics::saga_ended(std::string_view definition, sagas::Status status) {
    for (std::size_t at = 0; at < kEnds.size(); ++at) {
        if (kEnds[at] == status) impl_->definition(definition).ended[at]->Increment();
    }
}

void Metrics::attempt_ended(std::string_view definition, std::string_view step, sagas::Phase phase,
                            sagas::Outcome outcome, double seconds) {
    DefinitionSeries& series = impl_->definition(definition);
    impl_->attempts(series, step, phase, outcome).Increment();
    series.durations[static_cast<std::size_t>(phase)]->Observe(seconds);
}

void Metrics::committed(std::size_t rows, double seconds) {
    impl_->commit_rows().Observe(static_cast<double>(rows));
    impl_->commit_seconds().Observe(seconds);
}

void Metrics::timer_fired(double lag_seconds) { impl_->timer_lag().Observe(lag_seconds); }

void Metrics::events_published(std::string_view topic, std::size_t all, std::size_t repeated) {
    if (all > repeated) impl_->published(topic).Increment(static_cast<double>(all - repeated));
    if (repeated > 0) impl_->duplicates().Increment(static_cast<double>(repeated));
}

void Metrics::event_hit() { impl_->event_hits().Increment(); }

void Metrics::event_delivered(std::string_view subscription, Delivery outcome) {
    impl_->delivered(subscription, outcome).Increment();
}

void Metrics::events_missed(std::string_view subscription, std::uint64_t count) {
    impl_->missed(subscription).Increment(static_cast<double>(count));
}

void Metrics::bridge_events(const std::string& bridge, engine::NatsEvent what, std::size_t count) {
    impl_->bridge_events(bridge, what).Increment(static_cast<double>(count));
}

void Metrics::bridge_connected(const std::string& bridge, bool is_connected) {
    impl_->set_bridge_connected(bridge, is_connected);
}

void Metrics::bridge_gone(const std::string& bridge) { impl_->forget_bridge(bridge); }

void Metrics::request_answered(std::string_view operation_id, std::string_view method, int code) {
    impl_->requests(operation_id, method, code).Increment();
}

std::string Metrics::scrape(const EngineStats* stats, const store::Counts* counts,
                            const std::vector<SubscriptionStats>* subscriptions) {
    return impl_->scrape(stats, counts, subscriptions);
}

}  // namespace skald::api
