#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "store/store.h"

namespace skald::store::sqlite {

/// Tells whether the disk is filling up.
///
/// Threads: one at a time.
class DiskSpace {
 public:
    /// `free_bytes` empty: statvfs(2) of `folder`, at most once a second.
    DiskSpace(std::string folder, std::uint64_t free_bytes_min,
              std::function<std::uint64_t()> free_bytes);

    Space look();

 private:
    const std::string folder_;
    const std::uint64_t free_bytes_min_;
    const std::function<std::uint64_t()> free_bytes_;
    std::chrono::steady_clock::time_point next_look_{};
    Space space_ = Space::Plenty;
};

}  // namespace skald::store::sqlite
