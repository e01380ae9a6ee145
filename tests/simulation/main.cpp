#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/simulation/scratch_folder.h"
#include "tests/simulation/seeds.h"

/// Plays seeds by hand: one with its whole story, a range, or as many as there is time for.
namespace skald::simulation {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::optional<std::uint64_t> seed;
    std::uint64_t first = 1;
    std::uint64_t count = 2'000;
    std::optional<double> minutes;
    std::string ledger;
    std::string saga;
    bool is_for_rules_only = false;
};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double hours(std::chrono::milliseconds time) {
    return static_cast<double>(time.count()) / 3'600'000;
}

int play_one(const Options& options) {
    const ScratchFolder folder;
    Run run = simulate(*options.seed, folder.path());
    const bool is_broken = !run.breaches.empty();
    if (!options.saga.empty()) run.breaches.push_back({"asked for", options.saga, ""});
    std::cout << tell(run) << "digest " << digest(run.history) << '\n';
    for (const auto& [name, times] : run.counters.all()) {
        std::cout << "  " << times << "  " << name << '\n';
    }
    return is_broken ? 1 : 0;
}

/// One line: first seed, seeds, broken ones, hours simulated, seconds.
void write_ledger(const Options& options, const Tally& tally, double seconds) {
    if (options.ledger.empty()) return;
    std::ostringstream line;
    line << options.first << ' ' << tally.seeds << ' ' << tally.broken << ' '
         << hours(tally.simulated) << ' ' << seconds << '\n';
    std::ofstream(options.ledger, std::ios::app) << line.str() << std::flush;
}

void print(const Tally& tally, double seconds) {
    std::cout << tally.seeds << " seeds, " << tally.broken << " broke a rule; "
              << hours(tally.simulated) << " h simulated in " << seconds
              << " s: " << hours(tally.simulated) / (seconds / 3'600) << " h an hour\n";
}

int play_many(const Options& options) {
    const Clock::time_point start = Clock::now();
    const auto goes_on = [&] {
        return !options.minutes || seconds_since(start) < *options.minutes * 60;
    };
    const Tally tally =
        play_seeds(options.first, options.minutes ? std::uint64_t(-1) : options.count, goes_on,
                   [&](const Tally& so_far) {
                       if (so_far.seeds % 5'000 == 0) {
                           print(so_far, seconds_since(start));
                       }
                   });
    for (const std::string& story : tally.stories) std::cout << story << '\n';
    for (const std::string& reason : tally.reasons) std::cout << "broken: " << reason << '\n';
    for (const auto& [name, times] : tally.counters.all()) {
        std::cout << "  " << times << "  " << name << '\n';
    }
    bool is_all_reached = true;
    for (const std::string_view name : sometimes()) {
        if (tally.counters.of(name) > 0) continue;
        std::cout << "never reached: " << name << '\n';
        is_all_reached = options.is_for_rules_only;
    }
    const double seconds = seconds_since(start);
    print(tally, seconds);
    write_ledger(options, tally, seconds);
    return tally.broken == 0 && is_all_reached ? 0 : 1;
}

}  // namespace
}  // namespace skald::simulation

int main(int argc, char** argv) {
    using namespace skald::simulation;
    Options options;
    CLI::App app(
        "Plays seeds of the simulator; exits with 0 if none broke a rule and every rare "
        "path was reached.");
    app.add_option("--seed", options.seed, "play this one, and tell its story");
    app.add_option("--saga", options.saga, "with --seed: tell the story of this saga too");
    app.add_option("--first", options.first, "the first of many");
    app.add_option("--count", options.count, "how many");
    app.add_option("--minutes", options.minutes, "as many as there is time for");
    app.add_flag("--rules-only", options.is_for_rules_only,
                 "exit with 0 although some rare path was not reached");
    app.add_option("--ledger", options.ledger, "append what was played to this file");
    CLI11_PARSE(app, argc, argv);
    spdlog::set_level(spdlog::level::off);
    return options.seed ? play_one(options) : play_many(options);
}
