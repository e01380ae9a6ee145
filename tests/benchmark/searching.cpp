#include "tests/benchmark/searching.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sagas/time.h"
#include "tests/benchmark/filled_store.h"
#include "tests/benchmark/measured_server.h"
#include "tests/outside/http_client.h"

namespace skald::benchmark {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLooksMax = 50;
constexpr std::size_t kLooksMin = 3;

/// As far as it is asked for.
enum class Extent : std::uint8_t { FirstPage, AllPages };

struct Query {
    const char* name;  ///< In the table.
    std::string target;
    Extent extent;
    std::uint64_t items;  ///< That it must find, at the least.
};

std::vector<Query> queries(std::uint64_t finished, const std::string& middle) {
    const std::uint64_t refused = finished / kOneRefusedOf;
    const std::uint64_t labelled = finished / kOneLabelledOf / kCustomers;
    const std::string label = "/v1/sagas?limit=200&label=customer:c-0";
    return {
        {"newest", "/v1/sagas?limit=50", Extent::FirstPage, 50},
        {"of one definition, completed", "/v1/sagas?limit=50&definition=bench&status=completed",
         Extent::FirstPage, 50},
        {"compensated", "/v1/sagas?limit=50&status=compensated", Extent::FirstPage,
         std::min<std::uint64_t>(50, refused)},
        {"compensated, all pages", "/v1/sagas?limit=200&status=compensated", Extent::AllPages,
         refused},
        {"stuck (none)", "/v1/sagas?limit=50&status=stuck", Extent::FirstPage, 0},
        {"of the older half", "/v1/sagas?limit=50&started_before=" + middle, Extent::FirstPage, 50},
        {"by a rare label, a page", label, Extent::FirstPage, 0},
        {"by a rare label, all pages", label, Extent::AllPages, labelled},
        {"by a step's error, all pages", "/v1/sagas?limit=200&step=ship&error=409",
         Extent::AllPages, refused},
        {"counts of all", "/v1/sagas?limit=1&count=true", Extent::FirstPage, 1},
        {"counts of one definition", "/v1/sagas?limit=1&count=true&definition=bench",
         Extent::FirstPage, 1},
    };
}

class Search {
 public:
    explicit Search(std::uint16_t port) : client_(port) {}

    Json get(const std::string& target) {
        const auto reply = client_.get(target);
        if (!reply || reply->status != 200) {
            throw std::runtime_error("GET " + target + ": " +
                                     (reply ? reply->body.substr(0, 300) : "no answer"));
        }
        return Json::parse(reply->body);
    }

    /// Milliseconds; throws when too little was found.
    double time(const Query& query) {
        const auto begin = Clock::now();
        std::uint64_t items = 0;
        Json page = get(query.target);
        items += page.at("items").size();
        while (query.extent == Extent::AllPages && page.contains("next_cursor")) {
            page = get(query.target + "&cursor=" + page.at("next_cursor").get<std::string>());
            items += page.at("items").size();
        }
        const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
        if (items < query.items) {
            throw std::runtime_error(query.target + ": found " + std::to_string(items) +
                                     " sagas instead of " + std::to_string(query.items));
        }
        return took.count();
    }

 private:
    outside::HttpClient client_;
};

/// When the saga in the middle was started, about: they are a millisecond apart.
std::string middle_of(Search& search, std::uint64_t finished) {
    const Json newest = search.get("/v1/sagas?limit=1");
    const std::string text = newest.at("items").at(0).at("started_at").get<std::string>();
    const auto last = sagas::parse_rfc3339(text);
    if (!last) throw std::runtime_error(last.error().message);
    return sagas::to_rfc3339(*last - sagas::Milliseconds{static_cast<std::int64_t>(finished / 2)});
}

}  // namespace

Json measure_searching(const MeasurementOptions& options, const std::filesystem::path& filled) {
    MeasuredServer server(options.skald, filled);
    Search search(server.port());
    Json figures{{"at_once", options.finished}, {"ready_ms", server.ready_ms()}};
    for (const Query& query : queries(options.finished, middle_of(search, options.finished))) {
        std::vector<double> times;
        const auto until = Clock::now() + options.measured;
        while (times.size() < kLooksMin || (times.size() < kLooksMax && Clock::now() < until)) {
            times.push_back(search.time(query));
        }
        std::sort(times.begin(), times.end());
        figures[std::string("query_ms ") + query.name] = times[times.size() / 2];
        figures[std::string("query_max_ms ") + query.name] = times.back();
    }
    const ProcessUsage usage = server.usage();
    figures["resident_mb"] = static_cast<double>(usage.resident_kb) / 1024.0;
    figures["resident_peak_mb"] = static_cast<double>(usage.resident_peak_kb) / 1024.0;
    server.stop();
    return figures;
}

}  // namespace skald::benchmark
