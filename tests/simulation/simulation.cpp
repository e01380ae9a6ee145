#include "tests/simulation/simulation.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tests/outside/sqlite_file.h"
#include "tests/simulation/callbacks.h"
#include "tests/simulation/chaos.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/delivery_plans.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/event_plans.h"
#include "tests/simulation/feeds.h"
#include "tests/simulation/follower.h"
#include "tests/simulation/harvest.h"
#include "tests/simulation/log_reading.h"
#include "tests/simulation/network.h"
#include "tests/simulation/onlooker.h"
#include "tests/simulation/operators.h"
#include "tests/simulation/participants.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/process.h"
#include "tests/simulation/publishers.h"
#include "tests/simulation/reached.h"
#include "tests/simulation/services.h"
#include "tests/simulation/signals.h"
#include "tests/simulation/stewards.h"
#include "tests/simulation/subscribers.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr Time kLook{60'000};  ///< Between looks whether all is at rest.
/// Operators mend once between two of them, and more of what is stuck shows.
constexpr int kQuietLooks = 4;
constexpr std::uint32_t kSubscriptionsMost = 100;
constexpr Time kPatience{24 * 3'600'000};  ///< With sagas that do not come to rest.

std::string vfs_name() {
    static std::atomic<std::uint64_t> made = 0;
    return "simulated-" + std::to_string(++made);
}

History plan(Random random) {
    History history;
    history.definitions = make_plans(random);
    draw_triggers(random, history.definitions);
    const std::size_t definitions = history.definitions.size();
    const std::uint64_t starts = 1 + random.below(5);
    for (std::uint64_t number = 0; number < starts; ++number) {
        // Those that have children more often.
        const std::size_t index =
            std::max(random.below(definitions), random.one_in(2) ? random.below(definitions) : 0);
        history.starts.push_back(make_start(random, number, index, history.definitions));
    }
    for (StartPlan& start : draw_triggered_starts(random, starts, history.definitions)) {
        history.starts.push_back(std::move(start));
    }
    return history;
}

/// What may be subscribed to.
std::vector<std::string> subscribed_topics(const History& history) {
    std::vector<std::string> topics = {kShop, kShop, kYard, kSagaView};
    for (const std::string& topic : topics_of(history.definitions)) topics.push_back(topic);
    return topics;
}

/// The world of one seed.
class Simulation {
 public:
    Simulation(std::uint64_t seed, const std::string& folder)
        : random_(seed),
          pace_(random_.one_in(4) ? 6 : 1),
          path_(folder + "/skald.db"),
          disk_(vfs_name(), random_.next()),
          system_(timeline_),
          participants_(random_.fork(), run_.counters),
          callbacks_(
              timeline_, participants_, random_.fork(), run_.counters,
              [this](decltype(Seen::what) what) { see(std::move(what)); },
              [this](const CallName& call) { return network_.is_out(call); }),
          network_(timeline_, participants_, callbacks_, random_.fork(), run_.counters,
                   [this](decltype(Seen::what) what) { see(std::move(what)); }),
          receivers_(timeline_, random_.fork(), run_.counters,
                     [this](decltype(Seen::what) what) { see(std::move(what)); }),
          brokers_(timeline_, random_.fork(), run_.counters,
                   [this](decltype(Seen::what) what) { see(std::move(what)); }),
          onlooker_([this](decltype(Seen::what) what) { see(std::move(what)); }),
          follower_([this](decltype(Seen::what) what) { see(std::move(what)); }),
          publishers_(timeline_, random_.fork(), run_.counters,
                      [this](decltype(Seen::what) what) { see(std::move(what)); }),
          services_(timeline_, participants_, publishers_, random_.fork(), run_.counters,
                    [this](decltype(Seen::what) what) { see(std::move(what)); }),
          chaos_(timeline_, disk_, system_, random_.fork(), run_.counters, pace_) {
        run_.seed = seed;
        run_.history = plan(random_.fork());
        const auto see = [this](decltype(Seen::what) what) { this->see(std::move(what)); };
        clients_.emplace(timeline_, random_.fork(), run_.counters, run_.history, see, pace_);
        operators_.emplace(timeline_, random_.fork(), run_.counters, run_.history, *clients_, see,
                           pace_);
        signals_.emplace(timeline_, publishers_, random_.fork(), run_.counters, run_.history,
                         pace_);
        for (const std::string& topic : topics_of(run_.history.definitions)) {
            services_.follow(topic);
        }
        stewards_.emplace(timeline_, random_.fork(), run_.counters, run_.history, see,
                          subscribed_topics(run_.history), pace_);
        subscribers_.emplace(timeline_, random_.fork(), run_.counters, see, stewards_->names());
        feeds_.emplace(timeline_, publishers_, random_.fork(), run_.counters, run_.history,
                       stewards_->bridges(), pace_);
    }

    Run play();

 private:
    void see(decltype(Seen::what) what);
    void run_until(Time until);
    void start_soon();
    void start();
    const Started& last_start() const;
    sagas::Result<Started> read_all();
    void enter_process();
    void leave_process();
    void note_parked(const Journals& journals);
    std::string name_start(const engine::Start& start);
    bool is_all_delivered() const;
    void end_process(Crashed::How how);
    bool is_at_rest() const;
    void come_to_rest();
    void wait_for_rest(int looks, Time until);
    void harvest();

    Random random_;
    /// In some seeds all goes slowly, so that what was parked comes back among it.
    const std::int64_t pace_;
    const std::string path_;
    Run run_;
    Timeline timeline_;
    Disk disk_;
    SystemClock system_;
    Participants participants_;
    PlainCallbackUrls urls_;
    Callbacks callbacks_;
    Network network_;
    Receivers receivers_;
    Brokers brokers_;
    Onlooker onlooker_;
    Follower follower_;
    Publishers publishers_;
    Services services_;
    Chaos chaos_;
    std::optional<Clients> clients_;
    std::optional<Operators> operators_;
    std::optional<Signals> signals_;
    std::optional<Stewards> stewards_;
    std::optional<Subscribers> subscribers_;
    std::optional<Feeds> feeds_;
    std::uint64_t triggered_ = 0;           ///< Starts that were made of events.
    std::set<std::uint64_t> triggered_by_;  ///< Numbers of the plans of those.
    std::unique_ptr<Process> process_;
    engine::AcceptClock accept_clock_ = engine::AcceptClock::No;
    std::string refused_;  ///< Why a process could not start, the last time.
    std::string broken_;   ///< Why the end could not be read.
};

Run Simulation::play() {
    chaos_.begin();
    signals_->begin();
    feeds_->begin();
    start();
    run_until(pace_ * Time{random_.between(5'000, 30'000)});
    participants_.heal();
    network_.heal();
    callbacks_.heal();
    signals_->heal();
    feeds_->heal();
    receivers_.heal();
    brokers_.heal();
    stewards_->heal();
    subscribers_->heal();
    services_.heal();
    publishers_.heal();
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
    leave_process();
    if (!disk_.is_down()) disk_.go_down();
    if (process_->is_loading()) run_.counters.count("a crash while something was loaded");
    process_.reset();
    const bool is_power_lost =
        how == Crashed::How::PowerLost || (how == Crashed::How::FailStop && random_.one_in(2));
    run_.counters.count(how == Crashed::How::FailStop ? "it ended itself"
                        : is_power_lost               ? "the power failed"
                                                      : "it was killed");
    disk_.come_up(is_power_lost ? Disk::Crash::Power : Disk::Crash::Process);
    start_soon();
}

void Simulation::enter_process() {
    clients_->begin_process(*process_);
    operators_->begin_process(*process_);
    callbacks_.begin_process(*process_);
    publishers_.begin_process(*process_);
    services_.begin_process(*process_);
    signals_->begin_process(*process_);
    stewards_->begin_process(*process_);
    subscribers_->begin_process(*process_);
}

void Simulation::leave_process() {
    clients_->end_process();
    operators_->end_process();
    callbacks_.end_process();
    publishers_.end_process();
    services_.end_process();
    signals_->end_process();
    stewards_->end_process();
    subscribers_->end_process();
}

/// What the process before found.
const Started& Simulation::last_start() const {
    static const Started kNone;
    const auto& seen = run_.history.seen;
    for (auto it = seen.rbegin(); it != seen.rend(); ++it) {
        if (const auto* started = std::get_if<Started>(&it->what)) return *started;
    }
    return kNone;
}

/// What is known already is read again at the end, and now and then.
sagas::Result<Started> Simulation::read_all() {
    static const Started kNone;
    const Started& known = random_.one_in(4) ? kNone : last_start();
    auto journals = read_journals(process_->reader(), known.journals);
    if (!journals) return tl::unexpected(journals.error());
    auto log = read_log(process_->reader(), known.log);
    if (!log) return tl::unexpected(log.error());
    return Started{std::move(*journals), std::move(*log)};
}

/// Of the sagas that are not over, the new process has left some where they are.
void Simulation::note_parked(const Journals& journals) {
    const auto live = static_cast<std::size_t>(
        std::count_if(journals.begin(), journals.end(),
                      [](const auto& journal) { return !is_over(journal.second); }));
    const std::size_t in_memory = process_->coordinator().stats().live;
    if (live > in_memory) run_.counters.count("a crash while a saga was parked");
}

/// Of a saga that an event starts.
std::string Simulation::name_start(const engine::Start& start) {
    const std::string nth = std::to_string(++triggered_);
    for (const StartPlan& plan : run_.history.starts) {
        if (!plan.event || !start.request || plan.request_key != start.request->key) continue;
        const bool is_first = triggered_by_.insert(plan.number).second;
        if (!is_first) run_.counters.count("a start by an event was asked for again");
        see(StartAsked{plan.number, start.pins});
        return "saga-" + std::to_string(plan.number) + "-" + nth;
    }
    return "saga-of-nobody-" + nth;
}

void Simulation::start_soon() {
    timeline_.after(Time{random_.between(1, 2'000)}, Owner::World, [this] { start(); });
}

void Simulation::start() {
    chaos_.before_start();
    if (disk_.is_down()) disk_.come_up(Disk::Crash::Process);  // Killed while nothing ran.
    auto started = Process::start(
        {timeline_, disk_, network_, receivers_, brokers_, system_, run_.counters, urls_, follower_,
         onlooker_, [this](const engine::Start& start) { return name_start(start); }, path_},
        random_.fork(), std::exchange(accept_clock_, engine::AcceptClock::No));
    if (started) {
        process_ = std::move(*started);
        if (auto found = read_all()) {
            note_parked(found->journals);
            see(std::move(*found));
            enter_process();
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

/// What waits for a time comes back by itself, be it in memory or parked; what is left waits for
/// people, or for those that do.
bool Simulation::is_at_rest() const {
    const bool is_quiet = process_ && clients_->is_satisfied() && callbacks_.is_quiet() &&
                          publishers_.is_quiet() && services_.is_quiet() &&
                          stewards_->is_satisfied() && brokers_.is_quiet() &&
                          network_.stats().in_flight == 0 && receivers_.stats().in_flight == 0 &&
                          process_->coordinator().stats().timers == 0;
    if (!is_quiet || !is_all_delivered()) return false;
    const auto parked = process_->reader().parked(sagas::Timestamp::max(), 1);
    return parked && parked->empty();
}

/// No subscription has anything left to deliver.
bool Simulation::is_all_delivered() const {
    const auto rows = process_->reader().subscriptions("", kSubscriptionsMost);
    return rows && std::all_of(rows->begin(), rows->end(), [this](const auto& row) {
               return process_->last_offset(row.topic) == row.cursor;
           });
}

/// What the operators do last comes to rest as well.
void Simulation::come_to_rest() {
    const Time until = timeline_.now() + kPatience;
    wait_for_rest(kQuietLooks, until);
    operators_->leave();
    wait_for_rest(1, until);
}

void Simulation::wait_for_rest(int looks, Time until) {
    for (int quiet = 0; quiet < looks && timeline_.now() < until;) {
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
    leave_process();
    process_.reset();
    run_.history.integrity = outside::ask(path_, "PRAGMA integrity_check", disk_.name());
    count_reached(run_.history, run_.counters);
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
