#include "tests/benchmark/parked.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/measured_server.h"
#include "tests/outside/http_client.h"

namespace skald::benchmark {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using WallClock = std::chrono::system_clock;
using WallTime = std::chrono::time_point<WallClock, milliseconds>;

constexpr std::uint64_t kBatch = 1'000;  ///< As many as one request may hold, and one second.
/// Further away than what parks at once (engine/parking.h), and than their starts take.
constexpr seconds kAhead{45};
constexpr milliseconds kLookEvery{50};

double megabytes(std::uint64_t kilobytes) { return static_cast<double>(kilobytes) / 1024.0; }

std::string rfc3339(WallTime time) {
    const std::time_t whole = WallClock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&whole, &parts);
    char text[32];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    const auto rest = std::to_string(1'000 + time.time_since_epoch().count() % 1'000).substr(1);
    return std::string(text, size) + '.' + rest + 'Z';
}

WallTime now() { return std::chrono::time_point_cast<milliseconds>(WallClock::now()); }

/// One step that waits for the time in the input.
std::string pause_json() {
    return Json{
        {"name", "bench"},
        {"steps", {{{"name", "pause"}, {"action", {{"wait", {{"until", "$input.until"}}}}}}}}}
        .dump();
}

/// Starts `count` sagas; the n-th waits until `first` + n times `apart`.
void start_pauses(outside::HttpClient& client, std::uint64_t count, WallTime first,
                  milliseconds apart) {
    for (std::uint64_t from = 0; from < count; from += kBatch) {
        Json items = Json::array();
        for (std::uint64_t i = from; i < std::min(from + kBatch, count); ++i) {
            const auto until = first + apart * static_cast<std::int64_t>(i);
            items.push_back({{"definition", "bench"}, {"input", {{"until", rfc3339(until)}}}});
        }
        const std::size_t size = items.size();
        const auto reply =
            client.send("POST", "/v1/sagas/batch", Json{{"items", std::move(items)}}.dump());
        if (!reply || reply->status != 200) {
            throw std::runtime_error("a batch of " + std::to_string(size) + " was not taken: " +
                                     (reply ? reply->body.substr(0, 200) : "no answer"));
        }
    }
}

/// A value of /metrics; 0 where it isn't told.
double metric(outside::HttpClient& client, const std::string& name) {
    const auto reply = client.get("/metrics");
    if (!reply) throw std::runtime_error("no answer to /metrics");
    const std::size_t at = reply->body.find('\n' + name + ' ');
    return at == std::string::npos ? 0 : std::stod(reply->body.substr(at + name.size() + 2));
}

void await_in_memory(outside::HttpClient& client, double most) {
    while (metric(client, "skald_sagas_in_memory") > most) std::this_thread::sleep_for(kLookEvery);
}

void await_completed(outside::HttpClient& client, std::uint64_t count) {
    for (;;) {
        const auto reply = client.get("/v1/sagas?count=true&limit=1");
        if (!reply) throw std::runtime_error("no answer to /v1/sagas");
        if (Json::parse(reply->body).at("counts").at("completed") == count) return;
        std::this_thread::sleep_for(kLookEvery);
    }
}

/// How late the sagas that came due went on, by their journals, in the order in which they did.
struct Lags {
    std::vector<std::int64_t> ms;  ///< Sorted.
    std::uint64_t out_of_order = 0;
};

Lags read_lags(const std::string& database) {
    const SQLite::Database file(database, SQLite::OPEN_READONLY);
    SQLite::Statement rows(
        file,
        "SELECT journal.at, CAST(round((julianday(input.json ->> '$.until') - 2440587.5)"
        " * 86400000.0) AS INTEGER)"
        " FROM saga JOIN journal ON journal.saga = saga.key AND journal.seq = 2"
        " JOIN input ON input.saga = saga.key WHERE saga.status = 3 ORDER BY journal.pos");
    Lags lags;
    std::int64_t last = 0;
    while (rows.executeStep()) {
        const std::int64_t due = rows.getColumn(1).getInt64();
        lags.ms.push_back(rows.getColumn(0).getInt64() - due);
        lags.out_of_order += due < last ? 1u : 0u;
        last = std::max(last, due);
    }
    std::sort(lags.ms.begin(), lags.ms.end());
    return lags;
}

}  // namespace

Json measure_parked(const MeasurementOptions& options) {
    Json figures{{"at_once", options.parked}};
    {
        MeasuredServer server(options.skald, options.database);
        server.put_definition(pause_json());
        outside::HttpClient client(server.port());
        const auto begin = std::chrono::steady_clock::now();
        start_pauses(client, options.parked, now() + std::chrono::hours(24), milliseconds(1));
        await_in_memory(client, 0);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        figures["per_second"] = static_cast<double>(options.parked) / took.count();
        figures["parking_resident_mb"] = megabytes(server.usage().resident_kb);
        figures["resident_peak_mb"] = megabytes(server.usage().resident_peak_kb);
        server.kill();
    }
    MeasuredServer server(options.skald, options.database);
    figures["ready_ms"] = server.ready_ms();
    outside::HttpClient client(server.port());
    start_pauses(client, options.due, now() + kAhead, milliseconds(1));
    await_in_memory(client, 0);
    figures["resident_mb"] = megabytes(server.usage().resident_kb);
    const ProcessUsage before = server.usage();
    await_completed(client, options.due);
    const double cpu = server.usage().cpu_ms - before.cpu_ms;
    figures["cpu_ms_per_saga"] = cpu / static_cast<double>(options.due);
    server.stop();
    const Lags lags = read_lags(options.database.string());
    if (lags.ms.empty()) throw std::runtime_error("no saga came due");
    const auto at = [&lags](double share) {
        return lags.ms[static_cast<std::size_t>(share * static_cast<double>(lags.ms.size() - 1))];
    };
    figures["p50_ms"] = at(0.5);
    figures["p99_ms"] = at(0.99);
    figures["p999_ms"] = at(0.999);
    figures["lag_ms_max"] = lags.ms.back();
    figures["out_of_order"] = lags.out_of_order;
    return figures;
}

}  // namespace skald::benchmark
