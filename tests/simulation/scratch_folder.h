#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace skald::simulation {

/// For the lock files of simulated processes: all else of them is on simulated disks.
class ScratchFolder {
 public:
    ScratchFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "skald-simulation-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~ScratchFolder() { std::filesystem::remove_all(path_); }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::string path() const { return path_; }

 private:
    std::filesystem::path path_;
};

}  // namespace skald::simulation
