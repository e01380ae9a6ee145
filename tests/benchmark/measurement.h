#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tests/benchmark/scenario.h"

namespace skald::benchmark {

enum class Syncs : std::uint8_t { Skipped, Counted };

struct MeasurementOptions {
    std::filesystem::path skald;     ///< The binary.
    std::filesystem::path database;  ///< A new file; removed before and after.
    std::vector<std::uint16_t> participants;
    pid_t participant_pid = 0;  ///< 0: its CPU time is not told.
    std::chrono::milliseconds warm_up{1000};
    std::chrono::milliseconds measured{5000};
    std::uint64_t in_flight = 1000;
    std::uint64_t live = 20'000;
    std::size_t starts = 5;  ///< Of Kind::Ready.
    Syncs syncs = Syncs::Skipped;
};

/// Runs one scenario once; its figures as an object, units at the end of their names. Throws
/// std::runtime_error, also when skald answers other than it must.
nlohmann::json measure(const Scenario& scenario, const MeasurementOptions& options);

}  // namespace skald::benchmark
