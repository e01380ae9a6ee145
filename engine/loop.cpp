#include "engine/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/mutex.h"

namespace skald::engine {
namespace {

namespace asio = boost::asio;

class AsioLoop final : public Loop {
 public:
    void post(std::function<void()> work) override SKALD_EXCLUDES(mutex_) {
        {
            const MutexLock lock(mutex_);
            posted_.push_back(std::move(work));
            if (posted_.size() > 1) return;  // Whoever came first has woken the loop.
        }
        asio::post(context_, [this] { run_posted(); });
    }

    void set_timer(sagas::Milliseconds delay, std::function<void()> work) override {
        timer_work_ = std::move(work);
        timer_.expires_after(delay);
        // A timer that has expired already can't be cancelled any more, hence the number.
        timer_.async_wait([this, number = ++timer_number_](const boost::system::error_code& error) {
            if (error || number != timer_number_) return;
            const std::function<void()> due = std::exchange(timer_work_, nullptr);
            due();
        });
    }

    void run() override { context_.run(); }
    void stop() override { context_.stop(); }
    void* native() override { return &context_; }

 private:
    void run_posted() SKALD_EXCLUDES(mutex_) {
        // What is posted meanwhile runs after the sockets and timers have had their turn.
        {
            const MutexLock lock(mutex_);
            running_.swap(posted_);
        }
        for (std::function<void()>& work : running_) work();
        running_.clear();
    }

    // Synchronised by itself.
    asio::io_context context_{1};
    const asio::executor_work_guard<asio::io_context::executor_type> stay_{context_.get_executor()};

    // Of the loop's thread.
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        timer_{context_};
    std::function<void()> timer_work_;
    std::uint64_t timer_number_ = 0;
    std::vector<std::function<void()>> running_;

    Mutex mutex_;
    std::vector<std::function<void()>> posted_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Loop> make_loop() { return std::make_unique<AsioLoop>(); }

}  // namespace skald::engine
