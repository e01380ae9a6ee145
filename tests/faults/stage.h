#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/surroundings.h"
#include "tests/faults/act.h"
#include "tests/faults/kept_skald.h"

namespace skald::faults {

/// What a database is at first.
enum class Database : std::uint8_t {
    New,   ///< Not there.
    Made,  ///< Made and closed, so that opening it writes nothing into it.
};

/// Plays scenes, each with a skald and a database of its own, and holds each against its oracles.
class Stage {
 public:
    /// Prints the seed.
    explicit Stage(std::uint64_t seed);

    /// The database of the next scene.
    std::filesystem::path prepare(Database kind);

    struct Play {
        std::vector<Prefix> prefixes;  ///< Of the first lives of skald.
        std::optional<int> exit_code;  ///< That it may end with, too.
        std::function<void()> on_killed;
        Act act = Act::Orders;
    };
    /// Plays the scene; the number of kills. The files are removed unless the test has failed.
    std::size_t play(const std::filesystem::path& database, const Play& play);
    /// The same, and keeps the files.
    std::size_t play_and_keep(const std::filesystem::path& database, const Play& play);

    std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

 private:
    const std::uint64_t seed_;
    crash::Folder folder_;
    std::filesystem::path made_;
    std::size_t scenes_ = 0;
};

/// How often what is done, by SKALD_FAULTS_KILLS; the seed, by SKALD_FAULTS_SEED.
std::size_t kills_wanted();
std::uint64_t seed_wanted();

}  // namespace skald::faults
