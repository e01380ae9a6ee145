#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "tests/benchmark/measurement.h"

namespace skald::benchmark {

/// Asks for lists of the sagas in `filled` (filled_store.h), one request at a time, and for some
/// lists page after page to their end: the median and the longest time of each, in ms. Throws
/// std::runtime_error, also when a list has not what it must have.
nlohmann::json measure_searching(const MeasurementOptions& options,
                                 const std::filesystem::path& filled);

}  // namespace skald::benchmark
