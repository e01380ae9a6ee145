#include "tests/simulation/simulation.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "tests/outside/sqlite_file.h"
#include "tests/simulation/chaos.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/harvest.h"
#include "tests/simulation/network.h"
#include "tests/simulation/operators.h"
#include "tests/simulation/participants.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr Time kLook{60'000};              ///< Between looks whether all is at rest.
constexpr Time kPatience{24 * 3'600'000};  ///< With sagas that do not come to rest.

std::string vfs_name() {
    static std::atomic<std::uint64_t> made = 0;
    return "simulated-" + std::to_string(++made);
}

History plan(Random random) {
    History history;
    const std::uint64_t definitions = 1 + random.below(3);
    for (std::uint64_t i = 0; i < definitions; ++i) {
        // Two versions of one name now and then.
        const std::uint64_t name = i > 0 && random.one_in(3) ? i - 1 : i;
        history.definitions.push_back(make_plan(random, "d" + std::to_string(name)));
    }
    const std::uint64_t starts = 1 + random.below(8);
    for (std::uint64_t number = 0; number < starts; ++number) {
        const std::size_t index = random.below(definitions);
        history.starts.push_back(make_start(random, number, index, history.definitions[index]));
    }
    return history;
}

/// The world of one seed.
class Simulation {
 public:
    Simulation(std::uint64_t seed, const std::string& folder)
        : random_(seed),
          path_(folder + "/skald.db"),
          disk_(vfs_name(), random_.next()),
          system_(timeline_),
          participants_(random_.fork(), run_.counters),
          network_(
              timeline_, participants_, random_.fork(), run_.counters,
              [this](const std::string& saga, const std::string& step) {
                  return find_step(saga, step);
              },
              [this](decltype(Seen::what) what) { see(std::move(what)); }),
          chaos_(timeline_, disk_, system_, random_.fork(), run_.counters) {
        run_.seed = seed;
        run_.history = plan(random_.fork());
        const auto see = [this](decltype(Seen::what) what) { this->see(std::move(what)); };
        clients_.emplace(timeline_, random_.fork(), run_.counters, run_.history, see);
        operators_.emplace(timeline_, random_.fork(), run_.counters, run_.history, *clients_, see);
    }

    Run play();

 private:
    void see(decltype(Seen::what) what);
    std::optional<std::size_t> find_step(const std::string& saga, const std::string& step) const;
    void run_until(Time until);
    void start_soon();
    void start();
    void end_process(Crashed::How how);
    bool is_at_rest() const;
    void come_to_rest();
    void harvest();

    Random random_;
    const std::string path_;
    Run run_;
    Timeline timeline_;
    Disk disk_;
    SystemClock system_;
    Participants participants_;
    Network network_;
    Chaos chaos_;
    std::optional<Clients> clients_;
    std::optional<Operators> operators_;
    std::unique_ptr<Process> process_;
    engine::AcceptClock accept_clock_ = engine::AcceptClock::No;
    std::string refused_;  ///< Why a process could not start, the last time.
    std::string broken_;   ///< Why the end could not be read.
};

Run Simulation::play() {
    chaos_.begin();
    start();
    run_until(Time{random_.between(5'000, 60'000)});
    participants_.heal();
    network_.heal();
    chaos_.heal();
    operators_->heal();
    come_to_rest();
    harvest();
    run_.lasted = timeline_.now();
    if (broken_.empty()) {
        run_.breaches = find_breaches(run_.history);
    } else {
        run_.breaches.push_back({"readable", {}, broken_});
    }
    return std::move(run_);
}

void Simulation::see(decltype(Seen::what) what) {
    const std::int64_t engine_time =
        process_ ? process_->clock().now().time_since_epoch().count() : 0;
    run_.history.seen.push_back({timeline_.now(), engine_time, std::move(what)});
}

std::optional<std::size_t> Simulation::find_step(const std::string& saga,
                                                 const std::string& step) const {
    for (const StartPlan& start : run_.history.starts) {
        const bool is_its =
            saga == start.id || saga.starts_with("saga-" + std::to_string(start.number) + "-");
        if (!is_its) continue;
        const auto& steps = run_.history.definitions[start.definition].steps;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (steps[i].name == step) return i;
        }
    }
    return std::nullopt;
}

// ---- Lives
// ---------------------------------------------------------------------------------------

void Simulation::run_until(Time until) {
    while (timeline_.run_up_to(until)) {
        if (process_ && (disk_.is_down() || process_->failure())) {
            end_process(process_->failure() && !disk_.is_down() ? Crashed::How::FailStop
                        : random_.one_in(2)                     ? Crashed::How::Killed
                                                                : Crashed::How::PowerLost);
        }
    }
}

void Simulation::end_process(Crashed::How how) {
    see(Crashed{how});
    clients_->end_process();
    operators_->end_process();
    if (!disk_.is_down()) disk_.go_down();
    process_.reset();
    const bool is_power_lost =
        how == Crashed::How::PowerLost || (how == Crashed::How::FailStop && random_.one_in(2));
    run_.counters.count(how == Crashed::How::FailStop ? "it ended itself"
                        : is_power_lost               ? "the power failed"
                                                      : "it was killed");
    disk_.come_up(is_power_lost ? Disk::Crash::Power : Disk::Crash::Process);
    start_soon();
}

void Simulation::start_soon() {
    timeline_.after(Time{random_.between(1, 2'000)}, Owner::World, [this] { start(); });
}

void Simulation::start() {
    chaos_.before_start();
    if (disk_.is_down()) disk_.come_up(Disk::Crash::Process);  // Killed while nothing ran.
    auto started =
        Process::start({timeline_, disk_, network_, system_, run_.counters, path_}, random_.fork(),
                       std::exchange(accept_clock_, engine::AcceptClock::No));
    if (started) {
        process_ = std::move(*started);
        auto journals = read_journals(process_->reader());
        if (journals) {
            see(Started{std::move(*journals)});
            clients_->begin_process(*process_);
            operators_->begin_process(*process_);
            return;
        }
        process_.reset();
    }
    if (disk_.is_down()) {
        run_.counters.count("a crash within a recovery");
        const bool is_power_lost = random_.one_in(2);
        see(Crashed{is_power_lost ? Crashed::How::PowerLost : Crashed::How::Killed, true});
        disk_.come_up(is_power_lost ? Disk::Crash::Power : Disk::Crash::Process);
    } else if (started.error().message.starts_with("start the clock")) {
        run_.counters.count("a start with the clock set back was refused");
        system_.set_right();
        accept_clock_ = engine::AcceptClock::Yes;  // Somebody looked: it is right now.
    } else {
        run_.counters.count("a start failed");
        refused_ = started.error().message;
    }
    start_soon();
}

// ---- The end
// -------------------------------------------------------------------------------------

bool Simulation::is_at_rest() const {
    if (!process_ || !clients_->is_satisfied() || network_.stats().in_flight > 0) return false;
    const auto counts = process_->reader().counts();
    return counts && counts->by_status.at(sagas::Status::Running) == 0 &&
           counts->by_status.at(sagas::Status::Compensating) == 0;
}

void Simulation::come_to_rest() {
    const Time until = timeline_.now() + kPatience;
    // Twice in a row: other branches of what is stuck may go on meanwhile.
    for (int quiet = 0; quiet < 8 && timeline_.now() < until;) {
        run_until(timeline_.now() + kLook);
        quiet = is_at_rest() ? quiet + 1 : 0;
    }
}

void Simulation::harvest() {
    if (!process_) {
        broken_ = "no process lives at the end: " + refused_;
        return;
    }
    if (auto done = read_end(*process_, run_.history); !done) broken_ = done.error().message;
    clients_->end_process();
    operators_->end_process();
    process_.reset();
    run_.history.integrity = outside::ask(path_, "PRAGMA integrity_check", disk_.name());
    for (const auto& [id, rows] : run_.history.journals) {
        for (const JournalRow& row : rows) run_.counters.count("row: " + row.type);
    }
    for (const auto& [id, saga] : run_.history.sagas) {
        if (saga.status == "stuck") run_.counters.count("stuck in the end");
        for (const std::string& step : saga.steps) run_.counters.count("step: " + step);
    }
    for (const Seen& seen : run_.history.seen) {
        const auto* sent = std::get_if<Sent>(&seen.what);
        if (sent != nullptr && sent->call.attempt > 16)
            run_.counters.count("a try beyond the 16th");
    }
    const Disk::Counts counts = disk_.counts();
    run_.counters.count("sectors lost", counts.lost_sectors);
    run_.counters.count("writes torn", counts.torn_writes);
    run_.counters.count("disk full", counts.full);
    run_.counters.count("syncs failed", counts.failed_syncs);
}

}  // namespace

Run simulate(std::uint64_t seed, const std::string& folder) {
    return std::make_unique<Simulation>(seed, folder)->play();
}

}  // namespace skald::simulation
