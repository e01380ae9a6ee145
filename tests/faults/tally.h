#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace skald::faults {

/// Counts what was done for one kind of fault, and prints it at the end as a line that
/// tests/faults/run makes a table of: `tally: KIND|RUNS|KILLS|RUNS WITH A FAULT|SECONDS`.
class Tally {
 public:
    explicit Tally(std::string kind);
    ~Tally();
    Tally(const Tally&) = delete;
    Tally& operator=(const Tally&) = delete;

    /// One run is over. What failed in the test since the last one is its fault.
    void count(std::size_t kills);

    std::size_t kills() const { return kills_; }

 private:
    const std::string kind_;
    std::chrono::steady_clock::time_point since_;
    std::size_t runs_ = 0;
    std::size_t kills_ = 0;
    std::size_t faults_ = 0;
    int failures_;
};

}  // namespace skald::faults
