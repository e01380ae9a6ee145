#include "tests/benchmark/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace skald::benchmark {
namespace {

std::ifstream open_proc(pid_t pid, const char* name) {
    return std::ifstream("/proc/" + std::to_string(pid) + '/' + name);
}

/// The number after "name:", or 0.
std::uint64_t field(pid_t pid, const char* file, const std::string& name) {
    std::ifstream stream = open_proc(pid, file);
    std::string word;
    while (stream >> word) {
        if (word == name + ':') {
            std::uint64_t value = 0;
            stream >> value;
            return value;
        }
    }
    return 0;
}

double cpu_ms(pid_t pid) {
    std::ifstream stream = open_proc(pid, "stat");
    std::string line;
    std::getline(stream, line);
    // The second field is a name in parentheses that may hold anything.
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) {
        return 0;
    }
    std::istringstream fields(line.substr(name_end + 1));
    constexpr int kFieldsBeforeTimes = 11;
    std::string skipped;
    for (int i = 0; i < kFieldsBeforeTimes; ++i) {
        fields >> skipped;
    }
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) * 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUsage usage_of(pid_t pid) {
    return {.cpu_ms = cpu_ms(pid),
            .resident_kb = field(pid, "status", "VmRSS"),
            .resident_peak_kb = field(pid, "status", "VmHWM"),
            .written_bytes = field(pid, "io", "write_bytes")};
}

}  // namespace skald::benchmark
