#include "api/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sagas/check.h"

namespace skald::api {
namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/// The next signal; 0 when `patience` is over.
int take_signal(const sigset_t& signals, sagas::Milliseconds patience) {
    const timespec time{patience.count() / 1'000, patience.count() % 1'000 * 1'000'000};
    while (true) {
        const int signal = sigtimedwait(&signals, nullptr, &time);
        if (signal > 0) return signal;
        if (errno == EAGAIN) return 0;
    }
}

}  // namespace

StopSignals::StopSignals(sagas::Milliseconds patience) {
    const sigset_t signals = stop_signals();
    SKALD_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    SKALD_CHECK(sigaction(SIGPIPE, &ignore, nullptr) == 0);
    watcher_ = std::thread([this, patience] { run(patience); });
}

StopSignals::~StopSignals() {
    is_over_ = true;
    pthread_kill(watcher_.native_handle(), SIGTERM);  // Wakes it, and nobody else.
    watcher_.join();
}

void StopSignals::on_stop(std::function<void()> stop) {
    const engine::MutexLock lock(mutex_);
    stop_ = std::move(stop);
}

void StopSignals::await_stopped() { stopped_.get_future().wait(); }

void StopSignals::run(sagas::Milliseconds patience) {
    const sigset_t signals = stop_signals();
    int signal = 0;
    while (sigwait(&signals, &signal) != 0) {
    }
    if (is_over_) return;
    spdlog::info("stopping: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    std::function<void()> stop;
    {
        const engine::MutexLock lock(mutex_);
        stop = stop_;
    }
    if (!stop) _exit(EXIT_SUCCESS);

    std::thread stopper([this, &stop] {
        stop();
        stopped_.set_value();
    });
    signal = take_signal(signals, patience);
    if (!is_over_) {
        spdlog::warn(signal == 0 ? "stopped before all was done: the time for it is over"
                                 : "stopped at once: asked twice");
        // Not exit(): threads are at work, and what they hold must not be taken apart under them.
        _exit(signal == 0 ? EXIT_SUCCESS : 128 + signal);
    }
    stopper.join();
}

}  // namespace skald::api
