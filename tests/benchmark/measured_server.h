#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/benchmark/process_usage.h"
#include "tests/outside/http_client.h"
#include "tests/outside/skald_process.h"

namespace skald::benchmark {

/// A database with all that lies beside it.
void remove_database(const std::filesystem::path& database);
/// Of the database and its log; 0 where there is none.
std::uint64_t bytes_on_disk(const std::filesystem::path& database);

/// One skald on a database, ready, and a client for the little that is asked beside the load.
/// Everything throws std::runtime_error when skald does other than it must. Threads: one.
class MeasuredServer {
 public:
    /// Starts it, by `prefix` (`strace …`) if there is one, and waits until it is ready.
    MeasuredServer(const std::filesystem::path& skald, const std::filesystem::path& database,
                   std::vector<std::string> arguments = {}, std::vector<std::string> prefix = {});

    std::uint16_t port() const { return port_; }
    double ready_ms() const { return ready_ms_; }  ///< From exec to the first 200 of /readyz.
    double age_ms() const;                         ///< Since exec.
    ProcessUsage usage() const { return usage_of(process_.pid()); }

    void kill() { process_.kill(); }
    void stop();

    void put_definition(const std::string& json);
    /// Sagas that completed, ever.
    std::uint64_t completed();
    /// Sagas that are not finished, by /metrics.
    std::uint64_t live();
    void await_all_ended();

 private:
    const std::filesystem::path database_;
    outside::SkaldProcess process_;
    const std::uint16_t port_;
    const double ready_ms_;
    outside::HttpClient client_;
};

}  // namespace skald::benchmark
