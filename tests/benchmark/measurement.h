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
    std::filesystem::path null_coordinator;  ///< The binary; of Kind::Null.
    /// Where File::Filled is, or is made; its name is followed by how many sagas it holds.
    std::filesystem::path filled;
    std::uint64_t finished = 1'000'000;  ///< Of File::Filled.
    std::uint64_t in_flight = 10'000;
    std::uint64_t live = 20'000;
    std::uint64_t parked = 1'000'000;
    std::uint64_t due = 20'000;  ///< Of Kind::Parked: timers, 1,000 a second.
    std::size_t starts = 5;      ///< Of Kind::Ready.
    Syncs syncs = Syncs::Skipped;
};

/// Runs one scenario once; its figures as an object, units at the end of their names. Throws
/// std::runtime_error, also when skald answers other than it must.
nlohmann::json measure(const Scenario& scenario, const MeasurementOptions& options);

}  // namespace skald::benchmark
