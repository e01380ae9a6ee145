#include "tests/benchmark/measurement.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/benchmark/closed_loop.h"
#include "tests/benchmark/event_services.h"
#include "tests/benchmark/events.h"
#include "tests/benchmark/filled_store.h"
#include "tests/benchmark/latencies.h"
#include "tests/benchmark/measured_server.h"
#include "tests/benchmark/parked.h"
#include "tests/benchmark/searching.h"
#include "tests/benchmark/syncs.h"
#include "tests/outside/http_client.h"

namespace skald::benchmark {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using outside::HttpClient;

constexpr std::chrono::seconds kInFlightTime{60};
constexpr std::chrono::milliseconds kSyncTime{2000};
constexpr std::chrono::seconds kIdleTime{1};

double milliseconds_since(Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

double in_megabytes(std::uint64_t kilobytes) { return static_cast<double>(kilobytes) / 1024.0; }

class Measurement {
 public:
    Measurement(const Scenario& scenario, const MeasurementOptions& options)
        : scenario_(scenario), options_(options), participant_(options.participants.at(0)) {
        remove_database(options.database);
    }
    ~Measurement() { remove_database(options_.database); }
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;

    Json run() {
        switch (scenario_.kind) {
            case Kind::Harness:
                harness();
                break;
            case Kind::Waiting:
            case Kind::Firing:
                sagas();
                break;
            case Kind::Null:
                null_sagas();
                break;
            case Kind::InFlight:
                in_flight();
                break;
            case Kind::Idle:
                idle();
                break;
            case Kind::Ready:
                ready();
                break;
            case Kind::Parked:
                figures_ = measure_parked(options_);
                break;
            case Kind::Search:
                figures_ = measure_searching(options_, filled());
                break;
            case Kind::Recovery:
                recovery();
                break;
            case Kind::Publishing:
            case Kind::Delivering:
                figures_ = measure_events(scenario_, options_);
                break;
        }
        return figures_;
    }

 private:
    LoopOptions loop(std::uint16_t port) const {
        LoopOptions loop;
        loop.port = port;
        loop.clients = scenario_.clients;
        loop.body = start_json(scenario_.batch);
        if (scenario_.kind == Kind::Waiting || scenario_.kind == Kind::Null ||
            scenario_.kind == Kind::Harness) {
            loop.target = "/v1/sagas?wait=30s";
            loop.expected_status = scenario_.end_status;
        } else if (scenario_.batch > 1) {
            loop.target = "/v1/sagas/batch";
        } else {
            loop.target = "/v1/sagas";
            loop.expected_code = 201;
        }
        loop.warm_up = options_.warm_up;
        loop.measured = options_.measured;
        return loop;
    }

    void note_errors(const LoopResult& result) {
        figures_["errors"] = result.errors;
        figures_["busy"] = result.busy;
        if (!result.first_error.empty()) {
            figures_["first_error"] = result.first_error;
        }
    }

    void harness() {
        LoopResult result = run_closed_loop(loop(options_.participants.at(0)));
        figures_["per_second"] = static_cast<double>(result.measured) / result.seconds;
        note_latencies(figures_, std::move(result.latencies_us));
        note_errors(result);
    }

    /// Clients start sagas for some time; where they don't wait for the end, we do.
    void sagas() {
        const bool is_filled = scenario_.file == File::Filled;
        const std::filesystem::path database = is_filled ? filled() : options_.database;
        const std::uint64_t bytes = is_filled ? bytes_on_disk(database) : empty_file_bytes();
        std::uint64_t sagas = 0;
        {
            MeasuredServer server(options_.skald, database);
            server.put_definition(definition_json(scenario_, options_.participants));
            sagas = drive(server);
            server.stop();
        }
        figures_["disk_bytes_per_saga"] =
            (static_cast<double>(bytes_on_disk(database)) - static_cast<double>(bytes)) /
            static_cast<double>(std::max<std::uint64_t>(1, sagas));
        if (is_filled) {
            figures_["at_once"] = options_.finished;
        } else if (options_.syncs == Syncs::Counted) {
            count_syncs();
        }
    }

    /// The same load on the null coordinator, which has no file and knows no definitions.
    void null_sagas() {
        std::string ports;
        for (const std::uint16_t port : options_.participants) {
            ports += (ports.empty() ? "" : ",") + std::to_string(port);
        }
        MeasuredServer server(options_.null_coordinator, options_.database,
                              {"--participants", ports});
        drive(server);
        server.stop();
    }

    std::filesystem::path filled() const {
        const std::filesystem::path file =
            options_.filled.string() + '-' + std::to_string(options_.finished);
        make_filled_database(file, options_.skald,
                             definition_json(*find_scenario("wait_64"), options_.participants),
                             options_.finished);
        return file;
    }

    /// What was used from one moment to another.
    struct Used {
        ProcessUsage server_before, server_after;
        double tools_cpu_ms = 0;
    };

    void begin(Used& used, const MeasuredServer& server) const {
        used.server_before = server.usage();
        used.tools_cpu_ms = -tools_cpu_ms();
    }

    void end(Used& used, const MeasuredServer& server) const {
        used.server_after = server.usage();
        used.tools_cpu_ms += tools_cpu_ms();
    }

    double tools_cpu_ms() const {
        return usage_of(options_.participant_pid).cpu_ms + usage_of(::getpid()).cpu_ms;
    }

    /// Puts the load on `server` and notes what came of it; all sagas that it ended, with those of
    /// the warm-up.
    std::uint64_t drive(MeasuredServer& server) {
        return scenario_.kind == Kind::Firing ? fire(server) : wait(server);
    }

    std::uint64_t wait(MeasuredServer& server) {
        LoopOptions asked = loop(server.port());
        Used used;
        asked.on_measuring = [&] { begin(used, server); };
        asked.on_measured = [&] { end(used, server); };
        LoopResult result = run_served(asked);
        note_sagas(result, result.measured, used);
        return result.total;
    }

    /// The loop, with the services that its sagas need.
    LoopResult run_served(const LoopOptions& asked) const {
        std::optional<EventServices> services;
        if (scenario_.shape == Shape::Events) services.emplace(asked.port);
        return run_closed_loop(asked);
    }

    /// What was accepted in the measured time counts once all of it has ended.
    std::uint64_t fire(MeasuredServer& server) {
        LoopOptions warm_up = loop(server.port());
        warm_up.warm_up = {};
        warm_up.measured = options_.warm_up;
        run_closed_loop(warm_up);
        server.await_all_ended();
        const std::uint64_t warm_up_sagas = server.completed();

        LoopOptions asked = loop(server.port());
        asked.warm_up = {};
        Used used;
        const auto since = Clock::now();
        begin(used, server);
        LoopResult result = run_closed_loop(asked);
        server.await_all_ended();
        end(used, server);
        const double accepted = static_cast<double>(result.measured * scenario_.batch);
        figures_["accepted_per_second"] = accepted / result.seconds;
        result.seconds = milliseconds_since(since) / 1000.0;
        const std::uint64_t all = server.completed();
        note_sagas(result, all - warm_up_sagas, used);
        return all;
    }

    void note_sagas(LoopResult& result, std::uint64_t sagas, const Used& used) {
        const double count = std::max(1.0, static_cast<double>(sagas));
        figures_["sagas"] = sagas;
        figures_["per_second"] = static_cast<double>(sagas) / result.seconds;
        note_latencies(figures_, std::move(result.latencies_us));
        const ProcessUsage& before = used.server_before;
        const ProcessUsage& after = used.server_after;
        figures_["cpu_ms_per_saga"] = (after.cpu_ms - before.cpu_ms) / count;
        if (options_.participant_pid != 0) {
            figures_["tools_cpu_ms_per_saga"] = used.tools_cpu_ms / count;
        }
        figures_["resident_mb"] = in_megabytes(after.resident_kb);
        figures_["resident_peak_mb"] = in_megabytes(after.resident_peak_kb);
        figures_["written_bytes_per_saga"] =
            static_cast<double>(after.written_bytes - before.written_bytes) / count;
        note_errors(result);
    }

    std::uint64_t empty_file_bytes() {
        MeasuredServer server(options_.skald, options_.database);
        server.put_definition(definition_json(scenario_, options_.participants));
        server.stop();
        return bytes_on_disk(options_.database);
    }

    /// Once more, shortly, under strace.
    void count_syncs() {
        remove_database(options_.database);
        const std::string table = options_.database.string() + ".syncs";
        double sagas = 0;
        try {
            MeasuredServer server(options_.skald, options_.database, {}, counting_syncs(table));
            server.put_definition(definition_json(scenario_, options_.participants));
            LoopOptions asked = loop(server.port());
            asked.warm_up = {};
            asked.measured = std::min(options_.measured, kSyncTime);
            const std::uint64_t requests = run_served(asked).total;
            sagas = static_cast<double>(requests * scenario_.batch);
            server.await_all_ended();
            server.stop();
        } catch (const std::runtime_error& error) {
            figures_["syncs_skipped"] = error.what();
            return;
        }
        if (const std::optional<double> syncs = read_syncs(table); syncs && sagas > 0) {
            figures_["syncs_per_saga"] = *syncs / sagas;
        }
    }

    std::string ask_participant(const char* method, const char* target) {
        const auto reply = participant_.send(method, target);
        if (!reply.has_value()) {
            throw std::runtime_error(std::string("participant: no answer to ") + target);
        }
        return reply->body;
    }

    std::uint64_t held() { return std::stoull(ask_participant("GET", "/held")); }

    void start_count(const MeasuredServer& server, std::uint64_t count) {
        LoopOptions asked = loop(server.port());
        asked.warm_up = {};
        asked.measured = {};
        asked.count = count;
        const LoopResult result = run_closed_loop(asked);
        note_errors(result);
        if (result.total < count) {
            throw std::runtime_error("starts failed: " + result.first_error);
        }
    }

    void in_flight() {
        MeasuredServer server(options_.skald, options_.database,
                              {"--calls-per-origin", std::to_string(options_.in_flight + 100)});
        server.put_definition(definition_json(scenario_, options_.participants));
        figures_["idle_resident_mb"] = in_megabytes(server.usage().resident_kb);
        start_count(server, options_.in_flight);
        const auto until = Clock::now() + kInFlightTime;
        std::uint64_t most = 0;
        std::uint64_t now_held = 0;
        do {
            now_held = held();
            if (now_held >= most) {
                most = now_held;
                figures_["resident_mb"] = in_megabytes(server.usage().resident_kb);
            }
        } while (now_held < options_.in_flight && now_held >= most && Clock::now() < until);
        figures_["at_once"] = most;
        server.await_all_ended();
        figures_["resident_peak_mb"] = in_megabytes(server.usage().resident_peak_kb);
        server.stop();
    }

    void idle() {
        MeasuredServer server(options_.skald, options_.database);
        std::this_thread::sleep_for(kIdleTime);
        const ProcessUsage usage = server.usage();
        figures_["resident_mb"] = in_megabytes(usage.resident_kb);
        figures_["resident_peak_mb"] = in_megabytes(usage.resident_peak_kb);
        server.stop();
    }

    void ready() {
        std::vector<double> times;
        for (std::size_t i = 0; i < options_.starts; ++i) {
            remove_database(options_.database);
            MeasuredServer server(options_.skald, options_.database);
            times.push_back(server.ready_ms());
            server.stop();
        }
        std::sort(times.begin(), times.end());
        figures_["ready_ms"] = times[times.size() / 2];
        figures_["ready_ms_max"] = times.back();
    }

    void recovery() {
        ask_participant("POST", "/close");
        {
            MeasuredServer server(options_.skald, options_.database);
            server.put_definition(definition_json(scenario_, options_.participants));
            start_count(server, options_.live);
            server.kill();
        }
        ask_participant("POST", "/open");
        MeasuredServer server(options_.skald, options_.database);
        figures_["at_once"] = options_.live;
        figures_["ready_ms"] = server.ready_ms();
        figures_["resident_mb"] = in_megabytes(server.usage().resident_kb);
        server.await_all_ended();
        figures_["done_ms"] = server.age_ms();
        figures_["per_second"] = static_cast<double>(options_.live) * 1000.0 / server.age_ms();
        figures_["resident_peak_mb"] = in_megabytes(server.usage().resident_peak_kb);
        server.stop();
    }

    const Scenario& scenario_;
    const MeasurementOptions& options_;
    HttpClient participant_;
    Json figures_ = Json::object();
};

}  // namespace

Json measure(const Scenario& scenario, const MeasurementOptions& options) {
    return Measurement(scenario, options).run();
}

}  // namespace skald::benchmark
