#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tests/benchmark/measurement.h"

namespace skald::benchmark {

/// The figures of Kind::Publishing and Kind::Delivering. Throws std::runtime_error.
nlohmann::json measure_events(const Scenario& scenario, const MeasurementOptions& options);

}  // namespace skald::benchmark
