#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace skald::benchmark {

/// Stands in a body, once or more often, for a number that no other such place gets, digit by
/// digit.
constexpr const char* kNumberMark = "000000000000";

struct LoopOptions {
    std::uint16_t port = 0;
    std::size_t clients = 1;
    std::string target;
    std::string body;
    std::string content_type = "application/json";
    int expected_code = 200;
    std::string expected_status;  ///< The answer's `status`; empty: any.
    std::chrono::milliseconds warm_up{0};
    std::chrono::milliseconds measured{0};  ///< 0: until `count` are done, without a warm-up.
    std::uint64_t count = 0;
    std::function<void()> on_measuring;  ///< When the warm-up is over.
    std::function<void()> on_measured;   ///< When the measured time is over.
};

struct LoopResult {
    std::uint64_t measured = 0;  ///< Answered as expected in the measured time.
    std::uint64_t total = 0;     ///< Answered as expected, ever.
    std::uint64_t errors = 0;    ///< Connections refused or broken, and other answers.
    std::uint64_t busy = 0;      ///< 503; sent again a little later.
    std::string first_error;
    double seconds = 0;
    std::vector<std::uint32_t> latencies_us;  ///< Of those measured.
};

/// That many clients, each with one kept connection and one POST at a time, in one thread.
/// Ends when the time or the count is over and all answers have come, or too many errors were made.
/// Throws std::system_error.
LoopResult run_closed_loop(const LoopOptions& options);

}  // namespace skald::benchmark
