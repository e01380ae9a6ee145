#include "tests/faults/stage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "tests/faults/database_file.h"
#include "tests/faults/scene.h"

namespace skald::faults {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKills = 24;
constexpr std::chrono::seconds kStartTime{60};

outside::SkaldOptions options(const fs::path& database) {
    return {.binary = crash::binary(),
            .database = database,
            .arguments = {"--public-url", crash::kPublicUrl},
            .prefix = {}};
}

}  // namespace

std::size_t kills_wanted() { return crash::setting("SKALD_FAULTS_KILLS", kKills); }

std::uint64_t seed_wanted() { return crash::setting("SKALD_FAULTS_SEED", std::random_device{}()); }

Stage::Stage(std::uint64_t seed) : seed_(seed) {
    std::cout << "SKALD_FAULTS_SEED=" << seed << '\n';
    made_ = file("made") / "skald.db";
    fs::create_directory(made_.parent_path());
    outside::SkaldProcess skald(options(made_));
    EXPECT_NE(skald.await_port(kStartTime), 0) << outside::log_tail(made_);
    EXPECT_EQ(skald.stop(kStartTime), 0);
}

fs::path Stage::prepare(Database kind) {
    const fs::path database = file("scene-" + std::to_string(++scenes_)) / "skald.db";
    fs::create_directory(database.parent_path());
    if (kind == Database::New) return database;
    for (const char* suffix : {"", ".callback-key"}) {
        fs::copy_file(made_.string() + suffix, database.string() + suffix);
    }
    return database;
}

std::size_t Stage::play_and_keep(const fs::path& database, const Play& play) {
    crash::Ledger ledger;
    crash::Participants participants(ledger, seed_, [](std::uint64_t) {});
    KeptSkald skald(options(database), play.prefixes);
    skald.on_killed(play.on_killed);
    if (play.exit_code) skald.may_exit_with(*play.exit_code);
    Scene scene(skald, participants, ledger);
    faults::play(play.act, scene);
    scene.check();
    while (!skald.stop() && skald.failure().empty()) scene.check();
    EXPECT_EQ(skald.failure(), "");
    EXPECT_EQ(integrity_of(database), "ok");
    return skald.kills();
}

std::size_t Stage::play(const fs::path& database, const Play& play) {
    const std::size_t kills = play_and_keep(database, play);
    if (!::testing::Test::HasFailure()) fs::remove_all(database.parent_path());
    return kills;
}

}  // namespace skald::faults
