#include "tests/benchmark/syncs.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace skald::benchmark {
namespace {

constexpr std::chrono::seconds kTableTime{5};
constexpr std::chrono::milliseconds kTableInterval{5};

/// None: the last line isn't there yet.
std::optional<double> sum_of(std::istream& lines) {
    double syncs = 0;
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string share, took, each;
        double calls = 0;
        words >> share >> took >> each >> calls;
        if (line.ends_with("sync")) {
            syncs += calls;
        }
        if (line.ends_with("total")) {
            return syncs;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> counting_syncs(const std::filesystem::path& table) {
    return {"strace", "-D",          "-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync",
            "-o",     table.string()};
}

std::optional<double> read_syncs(const std::filesystem::path& table) {
    const auto until = std::chrono::steady_clock::now() + kTableTime;
    while (std::chrono::steady_clock::now() < until) {
        std::ifstream lines(table);
        if (const std::optional<double> syncs = sum_of(lines)) {
            return syncs;
        }
        std::this_thread::sleep_for(kTableInterval);
    }
    return std::nullopt;
}

}  // namespace skald::benchmark
