#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace skald::torture {

/// Of the file and its log.
std::uint64_t bytes_on_disk(const std::filesystem::path& database);

/// What SQLite says of a database that nobody uses: "ok", or what is wrong.
std::string integrity_of(const std::filesystem::path& database);

/// Runs `skald doctor --deep`; its exit code. What it says goes into `output`.
int run_doctor(const std::filesystem::path& skald, std::uint16_t port,
               const std::filesystem::path& output);

/// Puts a database back to what it was, to see that this is noticed. Nobody may use it meanwhile.
class Rollback {
 public:
    explicit Rollback(std::filesystem::path database) : database_(std::move(database)) {}

    /// The first time copies it; later, once more than a few sagas ended since, puts the copy
    /// back, once. `settled`: how many have ended.
    void on_killed(std::uint64_t settled);
    bool is_done() const { return is_done_; }

 private:
    const std::filesystem::path database_;
    bool is_copied_ = false;
    bool is_done_ = false;
    std::uint64_t settled_ = 0;
};

}  // namespace skald::torture
