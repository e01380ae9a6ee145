#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/faults/database_file.h"
#include "tests/faults/stage.h"
#include "tests/faults/strace.h"
#include "tests/faults/tally.h"

/// The real binary is killed at its Nth write, sync, truncation, removal and send, and once more
/// while it recovers. How often, by environment: SKALD_FAULTS_KILLS (below the number of places: a
/// sample over all of them; from there on: each place), SKALD_FAULTS_SEED.
namespace skald::faults {
namespace {

namespace fs = std::filesystem;

/// A kind of place where skald is killed: in the making of a new file, or in each act on one that
/// is made.
struct Strike {
    const char* name;
    const char* call;
    const char* file;  ///< What follows the database's name; null: any file, or none.
    Database database;
};

const std::vector<Strike> kStrikes = {
    {"opening: writes", "pwrite64", nullptr, Database::New},
    {"opening: syncs", "fdatasync", nullptr, Database::New},
    {"opening: truncates", "ftruncate", nullptr, Database::New},
    {"opening: removals", "unlink", nullptr, Database::New},
    {"opening: the callback key", "write", ".callback-key.new", Database::New},
    {"opening: syncs of the key", "fsync", nullptr, Database::New},
    {"opening: renames", "rename", nullptr, Database::New},
    {"log: writes", "pwrite64", "-wal", Database::Made},
    {"log: syncs", "fdatasync", "-wal", Database::Made},
    {"calls to participants", "sendto", nullptr, Database::Made},
    {"answers to clients", "sendmsg", nullptr, Database::Made},
    {"end: writes", "pwrite64", "", Database::Made},
    {"end: truncates", "ftruncate", "", Database::Made},
    {"end: syncs", "fdatasync", "", Database::Made},
    {"end: removals", "unlink", nullptr, Database::Made},
};

Target target(const Strike& strike, const fs::path& database) {
    if (strike.file == nullptr) return {strike.call, {}};
    return {strike.call, database.string() + strike.file};
}

constexpr std::array kActs = {Act::Orders, Act::Waits};

struct Place {
    std::size_t strike;
    Act act;
    std::uint64_t number;  ///< From 1.
};

class InjectedKill : public ::testing::Test {
 protected:
    void SetUp() override {
        count_places();
        EXPECT_EQ(types_of(rows_), all_types()) << "types of rows that the scene writes";
    }

    /// Undisturbed runs tell how many places there are, and which rows the journals get.
    void count_places() {
        count_places(Database::New, Act::Orders);
        for (const Act act : kActs) count_places(Database::Made, act);
        std::sort(places_.begin(), places_.end(),
                  [](const Place& a, const Place& b) { return a.strike < b.strike; });
        std::cout << places_.size() << " places, " << rows_.size() << " kinds of journal rows\n";
    }

    void count_places(Database kind, Act act) {
        const fs::path trace = stage_.file("trace");
        const fs::path database = stage_.prepare(kind);
        EXPECT_EQ(stage_.play_and_keep(database, {{watch_calls(trace)}, {}, {}, act}), 0u);
        for (std::size_t i = 0; i < kStrikes.size(); ++i) {
            if (kStrikes[i].database != kind) continue;
            const Thread thread = kind == Database::New ? Thread::First : Thread::Busiest;
            const std::uint64_t calls = count_calls(trace, target(kStrikes[i], database), thread);
            EXPECT_GT(calls, 0u) << kStrikes[i].name;
            for (std::uint64_t n = 1; n <= calls; ++n) places_.push_back({i, act, n});
        }
        const std::vector<std::string> journal = journal_of(database);
        rows_.insert(journal.begin(), journal.end());
    }

    std::function<void()> look_at(const fs::path& database) {
        return [this, database] {
            const std::vector<std::string> journal = journal_of(database);
            if (!journal.empty()) ++struck_after_[journal.back()];
            struck_while_parked_ += parked_in(database) != 0;
        };
    }

    std::size_t strike_at(const Place& place) {
        const Strike& strike = kStrikes[place.strike];
        SCOPED_TRACE(std::string(strike.name) + ", number " + std::to_string(place.number) +
                     ", SKALD_FAULTS_SEED=" + std::to_string(seed_));
        const fs::path database = stage_.prepare(strike.database);
        const Prefix prefix =
            inject(target(strike, database), "signal=SIGKILL", std::to_string(place.number));
        return stage_.play(database, {{prefix}, {}, look_at(database), place.act});
    }

    /// `share` of all places, evenly, from a random one on; all of them, and some again, where
    /// there are fewer.
    std::vector<Place> choose(std::size_t share) {
        const std::size_t all = places_.size();
        std::vector<Place> chosen;
        const std::size_t from = random_() % all;
        for (std::size_t i = 0; i < share; ++i) {
            const std::size_t step = share < all ? i * all / share : i;
            chosen.push_back(places_[(from + step) % all]);
        }
        std::sort(chosen.begin(), chosen.end(),
                  [](const Place& a, const Place& b) { return a.strike < b.strike; });
        return chosen;
    }

    void print_struck() const {
        std::map<std::string, std::size_t> by_type;
        for (const auto& [row, kills] : struck_after_) by_type[type_of(row)] += kills;
        std::cout << "killed right after " << struck_after_.size() << " kinds of rows:";
        for (const auto& [type, kills] : by_type) std::cout << ' ' << type << ' ' << kills;
        std::cout << "\nkilled " << struck_while_parked_ << " times while a saga had left memory\n";
    }

    static std::set<std::string> types_of(const std::set<std::string>& rows) {
        std::set<std::string> types;
        for (const std::string& row : rows) types.insert(type_of(row));
        return types;
    }

    void expect_each_row_struck() const {
        for (const std::string& row : rows_) {
            EXPECT_TRUE(struck_after_.contains(row)) << "never killed right after: " << row;
        }
    }

    const std::size_t kills_ = kills_wanted();
    const std::uint64_t seed_ = seed_wanted();
    std::mt19937_64 random_{seed_};
    Stage stage_{seed_};
    std::vector<Place> places_;
    std::set<std::string> rows_;
    std::map<std::string, std::size_t> struck_after_;  ///< Kills by the last durable row.
    std::size_t struck_while_parked_ = 0;
};

TEST_F(InjectedKill, LosesNothingAtAnyWriteSyncOrSend) {
    std::unique_ptr<Tally> tally;
    std::size_t kind = kStrikes.size();
    std::size_t missed = 0;
    for (const Place& place : choose(kills_)) {
        if (place.strike != kind) tally = std::make_unique<Tally>(kStrikes[place.strike].name);
        kind = place.strike;
        const std::size_t kills = strike_at(place);
        missed += kills == 0;
        tally->count(kills);
        if (HasFailure()) return;
    }
    // Tries that are timed make some runs longer than others, so that the last places may be none.
    EXPECT_LE(missed, 2 + kills_ / 20);
    std::cout << missed << " runs came to their end before their place\n";
    print_struck();
    if (kills_ >= places_.size()) {
        expect_each_row_struck();
        EXPECT_GT(struck_while_parked_, 0u);
    }
}

/// A kill while sagas run, and another in the middle of taking up what it left.
TEST_F(InjectedKill, LosesNothingWhenItIsKilledAgainWhileItRecovers) {
    const std::size_t runs = std::max<std::size_t>(1, kills_ / 6);
    std::vector<Place> log_writes;
    std::copy_if(places_.begin(), places_.end(), std::back_inserter(log_writes),
                 [](const Place& place) {
                     return std::string(kStrikes[place.strike].name) == "log: writes";
                 });
    Tally tally("recovery: writes");
    for (std::size_t i = 0; i < runs && !HasFailure(); ++i) {
        const auto [strike, act, first] = log_writes[random_() % log_writes.size()];
        const std::uint64_t second = 1 + random_() % 12;
        SCOPED_TRACE("log write " + std::to_string(first) + ", then database write " +
                     std::to_string(second) + ", SKALD_FAULTS_SEED=" + std::to_string(seed_));
        const fs::path database = stage_.prepare(Database::Made);
        const Target log{"pwrite64", database.string() + "-wal"};
        const Target file{"pwrite64", database};
        tally.count(stage_.play(database, {{inject(log, "signal=SIGKILL", std::to_string(first)),
                                            inject(file, "signal=SIGKILL", std::to_string(second))},
                                           {},
                                           look_at(database),
                                           act}));
    }
    EXPECT_GT(tally.kills(), runs);
}

}  // namespace
}  // namespace skald::faults
