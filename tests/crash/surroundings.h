#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace skald::crash {

/// A number from the environment.
std::uint64_t setting(const char* name, std::uint64_t otherwise);

/// The skald to test: SKALD_BINARY of the environment, or the one of this build.
std::filesystem::path binary();

/// A temporary folder that stays when the test failed.
class Folder {
 public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path database() const { return path_ / "skald.db"; }

 private:
    std::filesystem::path path_;
};

}  // namespace skald::crash
