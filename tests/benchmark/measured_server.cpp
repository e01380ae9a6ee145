#include "tests/benchmark/measured_server.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace skald::benchmark {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kReadyTime{60};
constexpr std::chrono::microseconds kReadyInterval{200};
constexpr std::chrono::seconds kStopTime{30};
constexpr std::chrono::seconds kDrainTime{300};
constexpr std::chrono::milliseconds kDrainInterval{5};

}  // namespace

void remove_database(const std::filesystem::path& database) {
    for (const char* suffix :
         {"", "-wal", "-shm", ".lock", ".port", ".log", ".callback-key", ".syncs", ".filled"}) {
        std::filesystem::remove(database.string() + suffix);
    }
}

std::uint64_t bytes_on_disk(const std::filesystem::path& database) {
    std::uint64_t bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code missing;
        const std::uintmax_t size = std::filesystem::file_size(database.string() + suffix, missing);
        bytes += missing ? 0 : size;
    }
    return bytes;
}

MeasuredServer::MeasuredServer(const std::filesystem::path& skald,
                               const std::filesystem::path& database,
                               std::vector<std::string> arguments, std::vector<std::string> prefix)
    : database_(database),
      process_({.binary = skald,
                .database = database,
                .arguments = std::move(arguments),
                .prefix = std::move(prefix)}),
      port_(process_.await_ready(kReadyTime, kReadyInterval)),
      ready_ms_(age_ms()),
      client_(port_) {
    if (port_ == 0) {
        throw std::runtime_error("skald did not get ready; its log ends with:\n" +
                                 outside::log_tail(database_));
    }
}

double MeasuredServer::age_ms() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - process_.started_at()).count();
}

void MeasuredServer::stop() {
    if (process_.stop(kStopTime) != 0) {
        throw std::runtime_error("skald did not stop in order; its log ends with:\n" +
                                 outside::log_tail(database_));
    }
}

void MeasuredServer::put_definition(const std::string& json) {
    const auto reply = client_.send("PUT", "/v1/definitions/bench", json);
    if (!reply.has_value() || reply->status / 100 != 2) {
        throw std::runtime_error("PUT /v1/definitions/bench: " +
                                 (reply.has_value() ? reply->body : "no answer"));
    }
}

std::uint64_t MeasuredServer::completed() {
    const auto reply = client_.get("/v1/sagas?count=true&limit=1");
    if (!reply.has_value() || reply->status != 200) {
        throw std::runtime_error("GET /v1/sagas?count=true failed");
    }
    return nlohmann::json::parse(reply->body).at("counts").at("completed").get<std::uint64_t>();
}

std::uint64_t MeasuredServer::live() {
    const auto reply = client_.get("/metrics");
    if (!reply.has_value() || reply->status != 200) {
        throw std::runtime_error("GET /metrics failed");
    }
    std::istringstream lines(reply->body);
    std::string line;
    double live = 0;
    bool is_told = false;
    while (std::getline(lines, line)) {
        if (line.starts_with("skald_sagas_live{")) {
            live += std::stod(line.substr(line.rfind(' ') + 1));
            is_told = true;
        }
    }
    if (!is_told) {
        throw std::runtime_error("GET /metrics: no skald_sagas_live");
    }
    return static_cast<std::uint64_t>(live);
}

void MeasuredServer::await_all_ended() {
    const auto until = Clock::now() + kDrainTime;
    while (live() != 0) {
        if (Clock::now() > until) {
            throw std::runtime_error("sagas did not end in time; live: " + std::to_string(live()));
        }
        std::this_thread::sleep_for(kDrainInterval);
    }
}

}  // namespace skald::benchmark
