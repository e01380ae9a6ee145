#include "tests/torture/keeper.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <random>
#include <system_error>

namespace skald::torture {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kReadyTime{120};
constexpr std::chrono::seconds kStopTime{60};
constexpr milliseconds kFrozenTime{1000};
/// A blow that is due is seen so late at the most.
constexpr milliseconds kLook{5};
/// About how long a recovery takes: a chase falls somewhere in here.
constexpr int kChaseMsMax = 120;
constexpr std::size_t kChases = 4;  ///< One kill of so many.
constexpr std::size_t kStops = 4;   ///< One for so many kills.

/// A command that runs `skald serve --db FILE --listen … --port-file FILE …` on that port.
std::vector<std::string> listening_on(std::uint16_t port) {
    return {"sh", "-c",
            "binary=$1 database=$4 port_file=$8; shift 8; exec \"$binary\" serve "
            "--db \"$database\" --port-file \"$port_file\" --listen 127.0.0.1:" +
                std::to_string(port) + " \"$@\"",
            "sh"};
}

bool has_ended(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
           info.si_pid == pid;
}

}  // namespace

std::vector<Blow> plan_blows(std::uint64_t seed, std::size_t kills, milliseconds time) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<milliseconds::rep> anywhen(time.count() / 50, time.count());
    std::uniform_int_distribution<milliseconds::rep> soon(0, kChaseMsMax);
    const std::size_t chases = kills / kChases;
    std::vector<Blow> blows;
    for (std::size_t i = chases; i < kills; ++i) {
        blows.push_back({Blow::Kind::Kill, milliseconds(anywhen(random))});
    }
    for (std::size_t i = 0; i < kills / kStops; ++i) {
        blows.push_back({Blow::Kind::Stop, milliseconds(anywhen(random))});
    }
    std::sort(blows.begin(), blows.end(),
              [](const Blow& left, const Blow& right) { return left.at < right.at; });
    for (std::size_t i = 0; i < chases; ++i) {
        // A chase begins behind a kill, or behind another chase.
        std::size_t place = random() % blows.size();
        while (blows[place].kind == Blow::Kind::Stop) {
            place = (place + 1) % blows.size();
        }
        blows.insert(blows.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                     {Blow::Kind::Chase, milliseconds(soon(random))});
    }
    return blows;
}

Keeper::Keeper(KeeperOptions options)
    : options_(std::move(options)),
      placeholder_(outside::hold_port()),
      port_(outside::port_of(placeholder_)),
      thread_([this] { keep_up(); }) {}

Keeper::~Keeper() { stop(); }

bool Keeper::await_ready() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_ready_ || has_ended_; });
    begun_at_ = Clock::now();
    return !has_ended_;
}

void Keeper::await_blows() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this] { return has_ended_ || (is_ready_ && next_ == options_.blows.size()); });
}

bool Keeper::pause(milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return has_ended_; });
}

std::optional<int> Keeper::stop() {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return has_ended_; });
    return exit_code_;
}

KeeperFigures Keeper::figures() const {
    const std::lock_guard lock(mutex_);
    return figures_;
}

bool Keeper::has_given_up() const {
    const std::lock_guard lock(mutex_);
    return has_ended_;
}

std::string Keeper::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Keeper::keep_up() {
    options_.skald.prefix = listening_on(port_);
    while (run_once()) {
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    changed_.notify_all();
}

void Keeper::give_up(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    failure_ = reason + "; its log ends with:\n" + outside::log_tail(options_.skald.database);
}

std::optional<Keeper::Clock::time_point> Keeper::next_blow(Clock::time_point started_at) const {
    if (!begun_at_.has_value() || next_ == options_.blows.size()) {
        return std::nullopt;
    }
    const Blow& blow = options_.blows[next_];
    return (blow.kind == Blow::Kind::Chase ? started_at : *begun_at_) + blow.at;
}

Keeper::Turn Keeper::guard(outside::SkaldProcess& process) {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        const Clock::time_point now = Clock::now();
        if (has_ended(process.pid())) {
            return Turn::Ended;
        }
        if (const auto due = next_blow(process.started_at()); due.has_value() && *due <= now) {
            return Turn::Blow;
        }
        if (is_ready_) {
            changed_.wait_for(lock, kLook, [this] { return is_stopping_; });
            continue;
        }
        if (now - process.started_at() > kReadyTime) {
            return Turn::NeverReady;
        }
        lock.unlock();
        const bool is_ready = process.await_ready(kLook) != 0;
        lock.lock();
        if (is_ready) {
            on_ready();
        }
    }
    return Turn::Stop;
}

void Keeper::on_ready() {
    is_ready_ = true;
    if (killed_at_.has_value()) {
        figures_.ready_ms.push_back(
            std::chrono::duration<double, std::milli>(Clock::now() - *killed_at_).count());
    }
    changed_.notify_all();
}

/// False when skald is gone by it.
bool Keeper::strike(outside::SkaldProcess& process) {
    std::unique_lock lock(mutex_);
    if (options_.blows[next_++].kind == Blow::Kind::Stop) {
        ::kill(process.pid(), SIGSTOP);
        changed_.wait_for(lock, kFrozenTime, [this] { return is_stopping_; });
        ::kill(process.pid(), SIGCONT);
        ++figures_.stops;
        changed_.notify_all();
        return true;
    }
    killed_at_ = Clock::now();
    ++figures_.kills;
    figures_.kills_in_recovery += is_ready_ ? 0 : 1;
    is_ready_ = false;
    lock.unlock();
    process.kill();
    options_.on_killed();
    return false;
}

/// One life of skald; false when there is to be no other.
bool Keeper::run_once() try {
    outside::SkaldProcess process(options_.skald);
    while (true) {
        switch (guard(process)) {
            case Turn::Blow:
                if (!strike(process)) {
                    return true;
                }
                break;
            case Turn::Stop: {
                const std::optional<int> code = process.stop(kStopTime);
                const std::lock_guard lock(mutex_);
                exit_code_ = code;
                return false;
            }
            case Turn::Ended:
                give_up("skald ended by itself with wait status " + std::to_string(process.reap()));
                return false;
            case Turn::NeverReady:
                give_up("skald did not get ready");
                return false;
        }
    }
} catch (const std::system_error& error) {
    give_up(std::string("skald could not be started: ") + error.what());
    return false;
}

}  // namespace skald::torture
