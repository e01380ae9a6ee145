#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tests/benchmark/measurement.h"

namespace skald::benchmark {

/// Parks `options.parked` sagas in a pause of a day, kills skald with -9, starts it again, and then
/// lets `options.due` further ones come due, 1,000 a second: how much memory the parked ones take,
/// how soon skald is ready, how late timers fire, and whether in order. Throws std::runtime_error.
nlohmann::json measure_parked(const MeasurementOptions& options);

}  // namespace skald::benchmark
