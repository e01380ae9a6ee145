#include "engine/loader_thread.h"

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "engine/mutex.h"
#include "engine/thread_name.h"

namespace skald::engine {
namespace {

using sagas::Result;

class LoaderThread final : public Loader {
 public:
    LoaderThread(LoaderReads reads, Loop& loop, std::size_t reads_max)
        : reads_(reads), loop_(loop), reads_max_(reads_max), thread_([this] { run(); }) {}

    ~LoaderThread() override {
        {
            const MutexLock lock(mutex_);
            is_ending_ = true;
        }
        changed_.notify_one();
    }

    void load(Name name, std::function<void(Result<Loaded>)> done) override {
        put<Loaded>([this, name = std::move(name)] { return reads_.load(name); }, std::move(done));
    }
    void load_parked(sagas::Timestamp until, std::uint32_t limit,
                     std::function<void(Result<std::vector<store::Park>>)> done) override {
        put<std::vector<store::Park>>(
            [this, until, limit] { return reads_.load_parked(until, limit); }, std::move(done));
    }
    void prepare(ChildOrder order, std::function<void(Result<ChildReady>)> done) override {
        put<ChildReady>([this, order = std::move(order)] { return reads_.prepare(order); },
                        std::move(done));
    }
    void load_events(std::string topic, store::Offset after, std::uint32_t limit,
                     std::function<void(Result<store::EventPage>)> done) override {
        put<store::EventPage>([this, topic = std::move(topic), after,
                               limit] { return reads_.load_events(topic, after, limit); },
                              std::move(done));
    }
    void prepare_trigger(TriggerOrder order, std::function<void(Result<Start>)> done) override {
        put<Start>([this, order = std::move(order)] { return reads_.prepare_trigger(order); },
                   std::move(done));
    }

 private:
    template <typename Found>
    using Done = std::function<void(Result<Found>)>;

    template <typename Found>
    void put(std::function<Result<Found>()> read, Done<Found> done) SKALD_EXCLUDES(mutex_) {
        {
            const MutexLock lock(mutex_);
            if (waiting_.size() < reads_max_) {
                waiting_.push_back([this, read = std::move(read), done = std::move(done)] {
                    answer<Found>(read(), done);
                });
                changed_.notify_one();
                return;
            }
        }
        answer<Found>(sagas::fail(sagas::ErrorCode::Unavailable, "too many reads are waiting"),
                      std::move(done));
    }

    template <typename Found>
    void answer(Result<Found> result, Done<Found> done) {
        // A std::function is copied on its way, and what it carries here can be large.
        auto carried = std::make_shared<Result<Found>>(std::move(result));
        loop_.post(
            [carried = std::move(carried), done = std::move(done)] { done(std::move(*carried)); });
    }

    void run() {
        name_this_thread("skald-loader");
        while (const std::function<void()> read = next()) read();
    }

    /// Empty: the end.
    std::function<void()> next() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        while (waiting_.empty() && !is_ending_) changed_.wait(mutex_);
        if (is_ending_) return nullptr;
        std::function<void()> read = std::move(waiting_.front());
        waiting_.pop_front();
        return read;
    }

    // Constant after construction.
    const LoaderReads reads_;
    Loop& loop_;
    const std::size_t reads_max_;

    Mutex mutex_;
    ConditionVariable changed_;
    std::deque<std::function<void()>> waiting_ SKALD_GUARDED_BY(mutex_);
    bool is_ending_ SKALD_GUARDED_BY(mutex_) = false;

    std::jthread thread_;  // Last: it uses all that stands above, and is joined first.
};

}  // namespace

std::unique_ptr<Loader> make_loader_thread(const store::Reader& reader, Catalog& catalog,
                                           const EventLog& events, const TriggerStarts& starts,
                                           Loop& loop, std::size_t reads_max) {
    return std::make_unique<LoaderThread>(LoaderReads(reader, catalog, events, starts), loop,
                                          reads_max);
}

}  // namespace skald::engine
