#include "engine/writer_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/engine/collected.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

/// A writer whose results the test says; tells what was asked of it.
class ScriptedWriter final : public store::Writer {
 public:
    using Writer::write;
    Result<store::Committed> write(const store::Batch& batch,
                                   const store::OnHits& on_hits) override {
        if (hits) on_hits(std::vector<store::EventHit>(*hits))();
        written.add(batch.rows.size());
        if (fails) return sagas::fail(ErrorCode::Unavailable, "disk is full");
        store::Committed committed{};
        committed.last = store::Position{static_cast<std::int64_t>(batch.rows.size())};
        return committed;
    }
    Result<bool> maintain(sagas::Timestamp) override {
        maintained.add(1);
        if (is_corrupt) return sagas::fail(ErrorCode::Corruption, "checkpoint: I/O error");
        return --slices > 0;
    }

    Collected<std::size_t> written;
    Collected<int> maintained;
    std::atomic<int> slices = 0;      ///< Of housekeeping that are due.
    std::optional<std::size_t> hits;  ///< So many in each batch.
    std::atomic<bool> fails = false;
    std::atomic<bool> is_corrupt = false;
};

class RecordedTelemetry final : public Telemetry {
 public:
    void saga_started(std::string_view) override {}
    void saga_ended(std::string_view, sagas::Status) override {}
    void attempt_ended(std::string_view, std::string_view, sagas::Phase, sagas::Outcome,
                       double) override {}
    void committed(std::size_t rows, double seconds) override {
        EXPECT_GE(seconds, 0.0);
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        commits.push_back(rows);
    }
    void timer_fired(double) override {}

    std::thread::id loop_thread = std::this_thread::get_id();
    std::vector<std::size_t> commits;
};

std::shared_ptr<store::Batch> batch_of(std::size_t rows) {
    auto batch = std::make_shared<store::Batch>();
    batch->rows.resize(rows);
    return batch;
}

class WriterThread : public ::testing::Test {
 protected:
    std::unique_ptr<Committer> start() {
        return make_writer_thread(writer_, *loop_, *clock_, telemetry_,
                                  [this](const sagas::Error& error) { fatal_.add(error.message); });
    }

    const std::unique_ptr<Clock> clock_ =
        std::move(*make_engine_clock(system_time(), std::nullopt, AcceptClock::No));
    const std::unique_ptr<Loop> loop_ = make_loop();
    ScriptedWriter writer_;
    RecordedTelemetry telemetry_;
    Collected<std::string> fatal_;
};

TEST_F(WriterThread, GivesBackWhatCameOfTheBatch) {
    const auto committer = start();
    std::vector<std::int64_t> done;
    std::function<void(std::size_t)> commit = [&](std::size_t rows) {
        committer->commit(batch_of(rows), {}, [&, rows](Result<store::Committed> result) {
            ASSERT_TRUE(result.has_value());
            EXPECT_EQ(result->last, store::Position{static_cast<std::int64_t>(rows)});
            done.push_back(static_cast<std::int64_t>(result->last));
            if (rows == 200) return loop_->stop();
            commit(rows + 1);
        });
    };
    commit(1);
    loop_->run();
    EXPECT_EQ(done.size(), 200u);
    EXPECT_EQ(telemetry_.commits.size(), 200u);
    EXPECT_EQ(telemetry_.commits.back(), 200u);
}

TEST_F(WriterThread, GivesErrorsAsTheyAreAndTellsTelemetryNothing) {
    writer_.fails = true;
    const auto committer = start();
    committer->commit(batch_of(1), {}, [&](Result<store::Committed> result) {
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::Unavailable);
        loop_->stop();
    });
    loop_->run();
    EXPECT_TRUE(telemetry_.commits.empty());
}

// What sagas make of hits is put into the batch on the loop's thread, before it is written.
TEST_F(WriterThread, AsksOnTheLoopsThreadWhatBecomesOfHits) {
    writer_.hits = 3;
    const auto committer = start();
    const auto batch = batch_of(1);
    const auto add_rows = [&](const std::vector<store::EventHit>& hits) {
        EXPECT_EQ(std::this_thread::get_id(), telemetry_.loop_thread);
        store::Batch more;
        more.rows.resize(hits.size());
        return more;
    };
    committer->commit(batch, add_rows, [&](Result<store::Committed> result) {
        ASSERT_TRUE(result.has_value());
        EXPECT_EQ(result->last, store::Position{4});
        loop_->stop();
    });
    loop_->run();
    EXPECT_EQ(telemetry_.commits, std::vector<std::size_t>{4});
}

// They are in the store then, for the next start.
TEST_F(WriterThread, WritesHitsThatNobodyHeardOfWhenItIsDestroyed) {
    writer_.hits = 3;
    auto committer = start();
    int asked = 0;
    const auto count = [&](const std::vector<store::EventHit>&) {
        ++asked;
        return store::Batch();
    };
    committer->commit(batch_of(1), count, [](auto) {});
    committer.reset();
    EXPECT_EQ(writer_.written.size(), 1u);
    loop_->post([&] { loop_->stop(); });
    loop_->run();
    EXPECT_EQ(asked, 0);
}

TEST_F(WriterThread, KeepsHouseWhileNothingIsWritten) {
    writer_.slices = 5;
    const auto committer = start();
    writer_.maintained.wait_for(7);  // All slices, and it goes on looking.
}

TEST_F(WriterThread, WritesAndKeepsHouseByTurns) {
    writer_.slices = 1'000'000;
    const auto committer = start();
    writer_.maintained.wait_for(3);
    std::function<void()> commit = [&] {
        committer->commit(batch_of(1), {}, [&](auto) {
            if (writer_.written.size() >= 100) return loop_->stop();
            commit();
        });
    };
    commit();
    loop_->run();
    const std::size_t before = writer_.maintained.size();
    writer_.maintained.wait_for(before + 1);
}

TEST_F(WriterThread, TellsOnceWhenTheStoreIsBrokenAndStopsKeepingHouse) {
    writer_.is_corrupt = true;
    const auto committer = start();
    EXPECT_EQ(fatal_.wait_for(1), std::vector<std::string>{"checkpoint: I/O error"});
    // Writes still go through, for whoever is on the way to the end.
    committer->commit(batch_of(1), {}, [&](auto) { loop_->stop(); });
    loop_->run();
    EXPECT_EQ(writer_.maintained.size(), 1u);
    EXPECT_EQ(fatal_.size(), 1u);
}

TEST_F(WriterThread, FinishesTheBatchInHandWhenItIsDestroyed) {
    int done = 0;
    auto committer = start();
    committer->commit(batch_of(3), {}, [&](auto) {
        ++done;
        loop_->stop();
    });
    committer.reset();
    EXPECT_EQ(writer_.written.size(), 1u);
    loop_->run();
    EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace skald::engine
