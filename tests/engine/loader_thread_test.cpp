#include "engine/loader_thread.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/mutex.h"
#include "store/memory_store.h"
#include "tests/engine/forwarding_reader.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

/// A store whose reads wait while the gate is shut.
class GatedReader final : public ForwardingReader {
 public:
    using ForwardingReader::ForwardingReader;

    Result<store::SagaRow> saga(store::SagaKey key) const override SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        ++reads_;
        changed_.notify_all();
        while (!is_open_) changed_.wait(mutex_);
        return ForwardingReader::saga(key);
    }
    void wait_for_read() const SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        while (reads_ == 0) changed_.wait(mutex_);
    }
    void open() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    int reads() const SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        return reads_;
    }

 private:
    mutable Mutex mutex_;
    mutable ConditionVariable changed_;
    mutable int reads_ SKALD_GUARDED_BY(mutex_) = 0;
    bool is_open_ SKALD_GUARDED_BY(mutex_) = false;
};

class LoaderThreadTest : public ::testing::Test {
 protected:
    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    GatedReader reader_{store_->reader()};
    Catalog catalog_{reader_};
    const StoredEvents events_{reader_};
    const NoTriggers triggers_{};
    const std::unique_ptr<Loop> loop_ = make_loop();
};

TEST_F(LoaderThreadTest, AnswersOnTheLoopsThreadInOrder) {
    reader_.open();
    const auto loader = make_loader_thread(reader_, catalog_, events_, triggers_, *loop_);
    std::vector<std::int64_t> answered;
    for (std::int64_t key = 1; key <= 100; ++key) {
        loader->load(store::SagaKey{key}, [&, key](const Result<Loader::Loaded>& loaded) {
            EXPECT_EQ(loaded.error().code, ErrorCode::NotFound);
            answered.push_back(key);
        });
    }
    loader->prepare({"nobody", 1, sagas::make_value(nullptr)},
                    [](const Result<Loader::ChildReady>& ready) {
                        EXPECT_EQ(ready.error().code, ErrorCode::NotFound);
                    });
    loader->load_events("orders", {}, 10, [](const Result<store::EventPage>& page) {
        EXPECT_EQ(page.error().code, ErrorCode::NotFound);
    });
    loader->prepare_trigger({"nobody", "orders", "{}"}, [](const Result<Start>& start) {
        EXPECT_EQ(start.error().code, ErrorCode::NotFound);
    });
    loader->load_parked({}, 10, [&](const Result<std::vector<store::Park>>& parks) {
        EXPECT_TRUE(parks);
        loop_->stop();
    });
    EXPECT_TRUE(answered.empty());  // Never from inside the call.
    loop_->run();
    ASSERT_EQ(answered.size(), 100u);
    EXPECT_EQ(answered.front(), 1);
    EXPECT_EQ(answered.back(), 100);
}

TEST_F(LoaderThreadTest, RefusesWhatIsMoreThanMayWait) {
    const auto loader = make_loader_thread(reader_, catalog_, events_, triggers_, *loop_, 2);
    std::vector<std::string> answered;
    const auto load = [&](std::int64_t key) {
        loader->load(store::SagaKey{key}, [&, key](const Result<Loader::Loaded>& loaded) {
            const bool is_refused = loaded.error().code == ErrorCode::Unavailable;
            answered.push_back(std::to_string(key) + (is_refused ? " refused" : ""));
            if (is_refused) reader_.open();
            if (answered.size() == 4) loop_->stop();
        });
    };
    load(1);
    reader_.wait_for_read();  // It no longer waits.
    for (const std::int64_t key : {2, 3, 4}) load(key);
    loop_->run();
    EXPECT_EQ(answered, (std::vector<std::string>{"4 refused", "1", "2", "3"}));
}

TEST_F(LoaderThreadTest, DropsWhatWaitsWhenItIsDestroyed) {
    auto loader = make_loader_thread(reader_, catalog_, events_, triggers_, *loop_);
    int answered = 0;
    for (std::int64_t key = 1; key <= 3; ++key) {
        loader->load(store::SagaKey{key}, [&](const Result<Loader::Loaded>&) { ++answered; });
    }
    reader_.wait_for_read();
    // The read in hand ends after the destructor began, or before: the rest is dropped or read.
    std::jthread opener([this] { reader_.open(); });
    loader.reset();
    loop_->post([this] { loop_->stop(); });
    loop_->run();
    EXPECT_EQ(answered, reader_.reads());
}

}  // namespace
}  // namespace skald::engine
