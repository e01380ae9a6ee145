#include "tests/benchmark/events.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/benchmark/closed_loop.h"
#include "tests/benchmark/event_load.h"
#include "tests/benchmark/event_subscribers.h"
#include "tests/benchmark/latencies.h"
#include "tests/benchmark/measured_server.h"
#include "tests/benchmark/syncs.h"

namespace skald::benchmark {
namespace {

using EventJson = nlohmann::json;

constexpr std::chrono::milliseconds kEventSyncTime{2000};

double per(double amount, std::uint64_t events) {
    return amount / static_cast<double>(std::max<std::uint64_t>(1, events));
}

std::uint32_t microseconds_between(EventClock::time_point from, EventClock::time_point to) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, us));
}

class EventMeasurement {
 public:
    EventMeasurement(const Scenario& scenario, const MeasurementOptions& options)
        : scenario_(scenario), options_(options) {}

    EventJson run() {
        std::uint64_t empty = 0;
        {
            MeasuredServer server(options_.skald, options_.database);
            server.stop();
            empty = bytes_on_disk(options_.database);
        }
        std::uint64_t published = 0;
        {
            MeasuredServer server(options_.skald, options_.database);
            published = drive(server, options_.warm_up, options_.measured);
            server.stop();
        }
        const std::uint64_t grown = bytes_on_disk(options_.database) - empty;
        figures_["disk_bytes_per_event"] = per(static_cast<double>(grown), published);
        if (options_.syncs == Syncs::Counted) count_syncs();
        return std::move(figures_);
    }

 private:
    /// Puts the load on and notes what came of it; all events that were published.
    std::uint64_t drive(MeasuredServer& server, std::chrono::milliseconds warm_up,
                        std::chrono::milliseconds measured) {
        return scenario_.kind == Kind::Publishing ? publish(server, warm_up, measured)
                                                  : deliver(server, warm_up, measured);
    }

    std::uint64_t publish(MeasuredServer& server, std::chrono::milliseconds warm_up,
                          std::chrono::milliseconds measured) {
        LoopOptions loop;
        loop.port = server.port();
        loop.clients = scenario_.clients;
        loop.target = "/v1/topics/bench/events";
        loop.body = event_json(scenario_.batch);
        loop.content_type = scenario_.batch == 1 ? "application/cloudevents+json"
                                                 : "application/cloudevents-batch+json";
        loop.expected_code = 202;
        loop.warm_up = warm_up;
        loop.measured = measured;
        loop.on_measuring = [&] { begin(server); };
        loop.on_measured = [&] { end(server); };
        LoopResult result = run_closed_loop(loop);
        const std::uint64_t events = result.measured * scenario_.batch;
        note_rate(events, result.seconds);
        note_latencies(figures_, std::move(result.latencies_us), "post_");
        note_errors(result.errors, result.busy, result.first_error);
        return result.total * scenario_.batch;
    }

    std::uint64_t deliver(MeasuredServer& server, std::chrono::milliseconds warm_up,
                          std::chrono::milliseconds measured) {
        const EventSubscribers subscribers(server.port());
        EventLoadOptions load;
        load.port = server.port();
        load.publishers = scenario_.clients;
        load.batch = scenario_.batch;
        load.per_second = scenario_.per_second;
        load.warm_up = warm_up;
        load.measured = measured;
        load.delivered = [&] { return subscribers.delivered(); };
        load.on_measuring = [&] { begin(server); };
        load.on_measured = [&] { end(server); };
        EventLoadResult result = run_event_load(load);
        const std::uint64_t events =
            std::min(note_subscriber("push_", subscribers.pushed(), result),
                     note_subscriber("pull_", subscribers.pulled(), result));
        const std::chrono::duration<double> took = result.measured_at - result.measuring_at;
        note_rate(events, took.count());
        note_latencies(figures_, std::move(result.posted_us), "post_");
        figures_["repeats"] = subscribers.pushed().repeats() + subscribers.pulled().repeats();
        figures_["missing"] = result.missing;
        note_errors(result.errors + result.missing, result.busy,
                    result.first_error.empty() && result.missing != 0
                        ? std::to_string(result.missing) + " events were not delivered"
                        : result.first_error);
        return result.published;
    }

    /// Times of what was published in the measured time; how many events were delivered in it.
    std::uint64_t note_subscriber(const std::string& name, const Deliveries& deliveries,
                                  const EventLoadResult& load) {
        std::vector<std::uint32_t> times_us;
        std::uint64_t delivered = 0;
        const auto is_measured = [&load](EventClock::time_point at) {
            return at >= load.measuring_at && at < load.measured_at;
        };
        for (const Deliveries::Sample& sample : deliveries.samples()) {
            delivered += is_measured(sample.delivered_at) ? 1 : 0;
            if (is_measured(sample.published_at)) {
                times_us.push_back(microseconds_between(sample.published_at, sample.delivered_at));
            }
        }
        note_latencies(figures_, std::move(times_us), name);
        return delivered;
    }

    void begin(const MeasuredServer& server) {
        before_ = server.usage();
        tools_before_ms_ = usage_of(::getpid()).cpu_ms;
    }
    void end(const MeasuredServer& server) {
        after_ = server.usage();
        tools_after_ms_ = usage_of(::getpid()).cpu_ms;
    }

    void note_rate(std::uint64_t events, double seconds) {
        figures_["events"] = events;
        figures_["per_second"] = static_cast<double>(events) / seconds;
        figures_["cpu_ms_per_event"] = per(after_.cpu_ms - before_.cpu_ms, events);
        figures_["tools_cpu_ms_per_event"] = per(tools_after_ms_ - tools_before_ms_, events);
        figures_["resident_mb"] = static_cast<double>(after_.resident_kb) / 1024.0;
        figures_["written_bytes_per_event"] =
            per(static_cast<double>(after_.written_bytes - before_.written_bytes), events);
    }

    void note_errors(std::uint64_t errors, std::uint64_t busy, const std::string& first) {
        figures_["errors"] = errors;
        figures_["busy"] = busy;
        if (!first.empty()) figures_["first_error"] = first;
    }

    /// Once more, shortly, under strace; its other figures don't count.
    void count_syncs() {
        remove_database(options_.database);
        const std::string table = options_.database.string() + ".syncs";
        EventJson figures = figures_;
        try {
            MeasuredServer server(options_.skald, options_.database, {}, counting_syncs(table));
            const std::uint64_t published =
                drive(server, {}, std::min(options_.measured, kEventSyncTime));
            server.stop();
            if (const auto syncs = read_syncs(table)) {
                figures["syncs_per_event"] = per(*syncs, published);
            }
        } catch (const std::runtime_error& error) {
            figures["syncs_skipped"] = error.what();
        }
        figures_ = std::move(figures);
    }

    const Scenario& scenario_;
    const MeasurementOptions& options_;
    EventJson figures_ = EventJson::object();
    ProcessUsage before_, after_;
    double tools_before_ms_ = 0;
    double tools_after_ms_ = 0;
};

}  // namespace

EventJson measure_events(const Scenario& scenario, const MeasurementOptions& options) {
    EventSubscribers::provide_secret();
    return EventMeasurement(scenario, options).run();
}

}  // namespace skald::benchmark
