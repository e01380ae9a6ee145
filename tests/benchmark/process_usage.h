#pragma once

#include <sys/types.h>

#include <cstdint>

namespace skald::benchmark {

/// What a process has used so far (proc(5)); zeros when it is gone or may not be read.
struct ProcessUsage {
    double cpu_ms = 0;  ///< User and system, of all its threads; the kernel counts in 10 ms.
    std::uint64_t resident_kb = 0;
    std::uint64_t resident_peak_kb = 0;
    std::uint64_t written_bytes = 0;  ///< Sent to the disk, in whole pages.
};

ProcessUsage usage_of(pid_t pid);

}  // namespace skald::benchmark
