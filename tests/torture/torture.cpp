#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/socket.h"
#include "tests/torture/audit.h"
#include "tests/torture/books.h"
#include "tests/torture/callbacks.h"
#include "tests/torture/client.h"
#include "tests/torture/database.h"
#include "tests/torture/findings.h"
#include "tests/torture/keeper.h"
#include "tests/torture/participants.h"
#include "tests/torture/report.h"
#include "tests/torture/runner.h"

/// Runs sagas of all kinds against one skald that is killed at random, and holds what became of
/// each of them against the books of its participants. tests/torture/README.md says how to read it.
namespace skald::torture {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kDescribed = 2;  ///< Findings of each kind whose sagas are printed whole.
constexpr unsigned kForgottenPercent = 20;
constexpr std::chrono::seconds kRareTime{60};
constexpr milliseconds kRareLook{100};

struct Options {
    std::filesystem::path skald;
    std::filesystem::path directory = std::filesystem::temp_directory_path();
    double seconds = 60;
    std::size_t kills = 12;
    std::size_t clients = 64;
    std::uint64_t seed = std::random_device{}();
    unsigned retain_seconds = 0;
    std::string sabotage = "none";
    std::string json_file;
};

/// A folder that stays unless it is told to go.
class Folder {
 public:
    explicit Folder(const std::filesystem::path& parent) {
        std::filesystem::create_directories(parent);
        std::string pattern = parent / "torture-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("there is no folder " + parent.string() + " to write to");
        }
        path_ = pattern;
    }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path database() const { return path_ / "skald.db"; }
    void remove() const { std::filesystem::remove_all(path_); }

 private:
    std::filesystem::path path_;
};

/// A line every ten seconds; on a terminal one that is rewritten each second.
class Progress {
 public:
    Progress(const Books& books, const Keeper& keeper, const Findings& findings)
        : books_(books), keeper_(keeper), findings_(findings) {}

    milliseconds interval() const { return milliseconds(is_terminal_ ? 1'000 : 10'000); }

    void print() {
        const Clock::time_point now = Clock::now();
        const std::uint64_t settled = books_.totals().settled;
        const double seconds = std::chrono::duration<double>(now - last_at_).count();
        const double rate = static_cast<double>(settled - last_settled_) / seconds;
        std::printf("%s%5.0f s  %6.0f sagas/s  %6zu open  %4zu kills  %llu faults%s",
                    is_terminal_ ? "\r" : "",
                    std::chrono::duration<double>(now - begun_at_).count(), rate, books_.live(),
                    keeper_.figures().kills,
                    static_cast<unsigned long long>(findings_.count(Fault::Lost) +
                                                    findings_.count(Fault::Wrong)),
                    is_terminal_ ? "   " : "\n");
        std::fflush(stdout);
        last_at_ = now;
        last_settled_ = settled;
    }

    void end() const { std::printf("%s", is_terminal_ ? "\n" : ""); }

 private:
    const Books& books_;
    const Keeper& keeper_;
    const Findings& findings_;
    const bool is_terminal_ = ::isatty(STDOUT_FILENO) == 1;
    const Clock::time_point begun_at_ = Clock::now();
    Clock::time_point last_at_ = begun_at_;
    std::uint64_t last_settled_ = 0;
};

class Torture {
 public:
    explicit Torture(const Options& options)
        : options_(options),
          folder_(options.directory),
          callbacks_(findings_, sights_),
          participants_(books_, findings_, callbacks_,
                        options.sabotage == "forget" ? kForgottenPercent : 0),
          rollback_(folder_.database()),
          keeper_(keeper_options()),
          work_(options.seed, patience(), keeper_, books_, findings_, sights_) {
        result_.seed = options.seed;
        result_.clients = options.clients;
        result_.kills_wanted = options.kills;
        result_.is_retained = options.retain_seconds != 0;
        callbacks_.open(keeper_.port());
    }

    bool run() {
        if (keeper_.await_ready() && put_definitions()) {
            load();
        }
        if (!keeper_.has_given_up()) {
            check();
        }
        result_.exit_code = keeper_.stop();
        say("checking: the database");
        result_.integrity = integrity_of(folder_.database());
        gather();
        if (options_.sabotage == "rollback" && !rollback_.is_done()) {
            result_.failure += "there was nothing to roll back to; more kills are needed";
        }
        return tell();
    }

 private:
    milliseconds time() const { return milliseconds(std::llround(options_.seconds * 1000)); }

    /// Sagas that were sabotaged may never come to rest.
    std::chrono::seconds patience() const {
        return std::chrono::seconds(options_.sabotage == "none" ? 120 : 5);
    }

    KeeperOptions keeper_options() {
        std::vector<std::string> arguments = {"--log-level", "warn", "--public-url", kPublicUrl};
        if (options_.retain_seconds != 0) {
            books_.keep_ids(std::chrono::seconds(options_.retain_seconds));
            for (const char* status : {"completed", "compensated", "abandoned"}) {
                arguments.insert(arguments.end(),
                                 {"--retain", std::string(status) + '=' +
                                                  std::to_string(options_.retain_seconds) + 's'});
            }
        }
        return {.skald = {.binary = options_.skald,
                          .database = folder_.database(),
                          .arguments = arguments,
                          .prefix = {}},
                .blows = plan_blows(options_.seed, options_.kills, time()),
                .on_killed = [this] {
                    participants_.on_killed();
                    books_.on_killed();
                    if (options_.sabotage == "rollback") {
                        rollback_.on_killed(books_.totals().settled);
                    }
                }};
    }

    bool put_definitions() {
        Client client(keeper_, findings_, sights_, patience());
        for (const Definition& definition : definitions(participants_.ports())) {
            const auto reply =
                client.send("PUT", "/v1/definitions/" + definition.name, definition.json);
            if (!reply.has_value() || reply->status / 100 != 2) {
                findings_.add({Fault::Wrong,
                               {},
                               "PUT of a definition was answered with " +
                                   (reply.has_value() ? reply->body : std::string("nothing")),
                               {}});
                return false;
            }
        }
        return true;
    }

    void load() {
        const Clock::time_point begun_at = Clock::now();
        Progress progress(books_, keeper_, findings_);
        {
            std::vector<std::jthread> clients;
            for (std::size_t i = 0; i < options_.clients; ++i) {
                clients.emplace_back([this, i] { Runner(work_, i).run(); });
            }
            const Clock::time_point until = begun_at + time();
            while (Clock::now() + progress.interval() < until &&
                   keeper_.pause(progress.interval())) {
                progress.print();
            }
            keeper_.pause(std::chrono::ceil<milliseconds>(until - Clock::now()));
            keeper_.await_blows();
            work_.tidy_up();
            await_rare(until + kRareTime);
            work_.end();
        }
        progress.end();
        result_.seconds = std::chrono::duration<double>(Clock::now() - begun_at).count();
    }

    /// A slow machine needs longer until everything has happened that must.
    void await_rare(Clock::time_point until) {
        for (gather(); !missing(result_).empty() && Clock::now() < until; gather()) {
            if (!keeper_.pause(kRareLook)) {
                return;
            }
        }
    }

    void check() {
        Client client(keeper_, findings_, sights_, patience());
        say("checking: every saga that skald has");
        const Listed listed =
            audit(client, books_, findings_,
                  options_.retain_seconds == 0
                      ? std::nullopt
                      : std::optional(std::chrono::seconds(options_.retain_seconds)));
        result_.listed = listed.started;
        for (const auto& [status, count] : listed.children) result_.children += count;
        say("checking: skald doctor --deep");
        result_.doctor_code =
            run_doctor(options_.skald, keeper_.port(), folder_.path() / "doctor.json");
        describe(client);
    }

    static void say(const char* text) {
        std::printf("%s …\n", text);
        std::fflush(stdout);
    }

    void describe(Client& client) {
        for (const Fault fault : {Fault::Lost, Fault::Wrong}) {
            std::size_t described = 0;
            for (const Finding& finding : findings_.first(fault)) {
                if (finding.saga.empty() || described++ >= kDescribed) {
                    continue;
                }
                std::cout << "\n--- saga " << finding.saga << ": " << finding.text
                          << "\nits ledger: "
                          << (finding.pages.empty() ? "folded at its end\n" : finding.pages)
                          << client.describe(finding.saga);
            }
        }
    }

    void gather() {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        result_.own_memory_kb = static_cast<std::uint64_t>(usage.ru_maxrss);
        result_.blows = keeper_.figures();
        result_.failure = keeper_.failure();
        result_.acknowledged = work_.acknowledged();
        result_.totals = books_.totals();
        result_.lost = findings_.count(Fault::Lost);
        result_.wrong = findings_.count(Fault::Wrong);
        result_.database_bytes = bytes_on_disk(folder_.database());
        for (std::size_t i = 0; i < kSights; ++i) {
            result_.sights.at(i) = sights_.count(static_cast<Sight>(i));
        }
    }

    bool tell() const {
        std::cout << table_of(result_);
        if (!options_.json_file.empty()) {
            std::ofstream(options_.json_file) << json_of(result_);
        }
        const bool has_passed = passed(result_);
        if (has_passed || options_.sabotage != "none") {
            folder_.remove();
        } else {
            std::cout << "The database, skald's log and doctor.json are in "
                      << folder_.path().string() << "; the seed is " << options_.seed << '\n';
        }
        return has_passed;
    }

    const Options& options_;
    const Folder folder_;
    Books books_;
    Findings findings_;
    Sights sights_;
    Callbacks callbacks_;
    Participants participants_;
    Rollback rollback_;
    Keeper keeper_;
    Work work_;
    Result result_;
};

}  // namespace
}  // namespace skald::torture

int main(int argc, char** argv) try {
    skald::torture::Options options;
    CLI::App app("Kills skald at random while sagas run, and checks what became of each of them");
    app.add_option("--skald", options.skald, "The binary")->required();
    app.add_option("--directory", options.directory, "Where the database lies");
    app.add_option("--seconds", options.seconds, "Of load")->check(CLI::PositiveNumber);
    app.add_option("--kills", options.kills, "In this time");
    app.add_option("--clients", options.clients, "At once")->check(CLI::Range(1, 250));
    app.add_option("--seed", options.seed, "Of the load and the kills");
    app.add_option("--retain-seconds", options.retain_seconds,
                   "Delete ended sagas by age; 0: keep");
    app.add_option("--json", options.json_file, "Gets the figures");
    app.add_option("--sabotage", options.sabotage)
        ->check(CLI::IsMember({"none", "rollback", "forget"}))
        ->group("");
    CLI11_PARSE(app, argc, argv);

    skald::outside::raise_descriptor_limit();
    std::cout << "seed " << options.seed << ", " << options.skald.string() << '\n';
    return skald::torture::Torture(options).run() ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << "torture: " << error.what() << '\n';
    return 2;
}
