#include "tests/crash/supervisor.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <random>
#include <system_error>

namespace skald::crash {
namespace {

constexpr std::chrono::seconds kReadyTime{60};
constexpr std::chrono::seconds kStopTime{30};
constexpr std::uint64_t kCloseTogether = 3;  ///< One kill of so many follows the one before.

}  // namespace

std::vector<std::uint64_t> plan_kills(std::uint64_t seed, std::size_t kills, std::uint64_t calls) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::uint64_t> anywhere(1, calls);
    std::vector<std::uint64_t> plan;
    while (plan.size() < kills) {
        const bool is_close = !plan.empty() && random() % kCloseTogether == 0;
        plan.push_back(is_close ? std::min(plan.back() + 1, calls) : anywhere(random));
    }
    std::sort(plan.begin(), plan.end());
    return plan;
}

Supervisor::Supervisor(outside::SkaldOptions options, const std::vector<std::uint64_t>& kill_at)
    : options_(std::move(options)),
      kill_at_(kill_at.begin(), kill_at.end()),
      thread_([this] { keep_up(); }) {}

Supervisor::~Supervisor() { stop(); }

void Supervisor::on_call(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    const bool is_due = !kill_at_.empty() && call >= kill_at_.front();
    if (is_due && pid_ != 0 && !is_struck_ && !is_stopping_) {
        ::kill(pid_, SIGKILL);
        is_struck_ = true;
        port_ = 0;
        kill_at_.pop_front();
        ++kills_;
    }
}

std::uint16_t Supervisor::await_port() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return port_ != 0 || has_ended_; });
    return port_;
}

void Supervisor::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return has_ended_; });
}

std::optional<int> Supervisor::stop() {
    std::unique_lock lock(mutex_);
    if (!is_stopping_) {
        is_stopping_ = true;
        if (pid_ != 0) {
            ::kill(pid_, SIGTERM);
        }
    }
    if (!changed_.wait_for(lock, kStopTime, [this] { return has_ended_; }) && pid_ != 0) {
        ::kill(pid_, SIGKILL);
        changed_.wait(lock, [this] { return has_ended_; });
    }
    return exit_code_;
}

std::size_t Supervisor::kills() const {
    const std::lock_guard lock(mutex_);
    return kills_;
}

std::string Supervisor::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Supervisor::keep_up() {
    while (run_once()) {
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    port_ = 0;
    changed_.notify_all();
}

void Supervisor::give_up(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    failure_ = reason + "; its log ends with:\n" + outside::log_tail(options_.database);
}

bool Supervisor::run_once() try {
    std::unique_lock lock(mutex_);
    if (is_stopping_) {
        return false;
    }
    outside::SkaldProcess process(options_);
    pid_ = process.pid();
    is_struck_ = false;
    lock.unlock();

    const std::uint16_t port = process.await_ready(kReadyTime);
    lock.lock();
    port_ = is_struck_ ? 0 : port;
    changed_.notify_all();
    const bool is_lost = port == 0 && !is_struck_ && !is_stopping_;
    if (is_lost) {
        ::kill(pid_, SIGKILL);
    }
    lock.unlock();

    process.await_end();
    lock.lock();
    pid_ = 0;
    port_ = 0;
    const int status = process.reap();
    const bool is_struck = is_struck_;
    const bool is_stopping = is_stopping_;
    if (is_stopping && WIFEXITED(status)) {
        exit_code_ = WEXITSTATUS(status);
    }
    lock.unlock();

    if (is_lost) {
        give_up("skald did not get ready");
    } else if (!is_struck && !is_stopping) {
        give_up("skald ended by itself with wait status " + std::to_string(status));
    }
    return is_struck && !is_stopping;
} catch (const std::system_error& error) {
    give_up(std::string("skald could not be started: ") + error.what());
    return false;
}

}  // namespace skald::crash
