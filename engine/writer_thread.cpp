#include "engine/writer_thread.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/mutex.h"
#include "engine/thread_name.h"
#include "sagas/check.h"

namespace skald::engine {
namespace {

// Between two slices of housekeeping: while batches wait and there is more to do; when there was
// nothing more to do; and when it could not be done (disk full, file locked).
constexpr std::chrono::milliseconds kBusyGap{20};
constexpr std::chrono::milliseconds kIdleGap{100};
constexpr std::chrono::milliseconds kFailedGap{1'000};

/// What the loop's thread is asked in the middle of a commit. Over when it is answered, or
/// withdrawn.
class Question {
 public:
    Question(const Committer::React& react, std::vector<store::EventHit> hits)
        : react_(react), hits_(std::move(hits)) {}

    void answer() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        if (is_over_) return;
        answer_ = react_(hits_);
        is_over_ = true;
        over_.notify_one();
    }
    void withdraw() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        is_over_ = true;
        over_.notify_one();
    }
    /// Empty: it was withdrawn.
    store::Batch wait() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        while (!is_over_) over_.wait(mutex_);
        return std::move(answer_);
    }

 private:
    const Committer::React& react_;
    const std::vector<store::EventHit> hits_;
    Mutex mutex_;
    ConditionVariable over_;
    bool is_over_ SKALD_GUARDED_BY(mutex_) = false;
    store::Batch answer_ SKALD_GUARDED_BY(mutex_);
};

class WriterThread final : public Committer {
 public:
    WriterThread(store::Writer& writer, Loop& loop, const Clock& clock, Telemetry& telemetry,
                 std::function<void(const sagas::Error&)> fatal)
        : writer_(writer),
          loop_(loop),
          clock_(clock),
          telemetry_(telemetry),
          fatal_(std::move(fatal)),
          thread_([this] { run(); }) {}

    ~WriterThread() override {
        {
            const MutexLock lock(mutex_);
            is_ending_ = true;
            if (question_) question_->withdraw();
        }
        changed_.notify_one();
    }

    void commit(std::shared_ptr<store::Batch> batch, React react, Done done) override
        SKALD_EXCLUDES(mutex_) {
        {
            const MutexLock lock(mutex_);
            SKALD_CHECK(!job_);
            job_.emplace(Job{std::move(batch), std::move(react), std::move(done)});
        }
        changed_.notify_one();
    }

 private:
    struct Job {
        std::shared_ptr<store::Batch> batch;
        React react;
        Done done;
    };
    /// The last slice of housekeeping.
    struct Slice {
        Instant ended;
        std::chrono::milliseconds gap;  // When there is no more to do: until the next look.
        bool is_more;
    };
    enum class Next : std::uint8_t { Write, KeepHouse, End };

    void run() {
        name_this_thread("skald-writer");
        for (;;) {
            switch (wait()) {
                case Next::Write:
                    write();
                    break;
                case Next::KeepHouse:
                    keep_house();
                    break;
                case Next::End:
                    return;
            }
        }
    }

    Next wait() SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        for (;;) {
            const bool is_slice_due = keeps_house_ && steady_now() >= next_slice();
            // A slice that is due goes before the batch: under load there is always a batch.
            if (job_) return is_slice_due && !is_ending_ ? Next::KeepHouse : Next::Write;
            if (is_ending_) return Next::End;
            if (is_slice_due) return Next::KeepHouse;
            if (keeps_house_) {
                changed_.wait_until(mutex_, next_slice());
            } else {
                changed_.wait(mutex_);
            }
        }
    }

    Instant next_slice() const SKALD_REQUIRES(mutex_) {
        if (!last_slice_) return Instant::min();
        if (!last_slice_->is_more) return last_slice_->ended + last_slice_->gap;
        return job_ ? last_slice_->ended + kBusyGap : last_slice_->ended;
    }

    void write() SKALD_EXCLUDES(mutex_) {
        std::optional<Job> job;
        {
            const MutexLock lock(mutex_);
            job.swap(job_);
        }
        const Instant from = steady_now();
        auto committed = writer_.write(
            *job->batch, [this, &job](std::vector<store::EventHit> hits) -> store::Grow {
                ask(job->react, std::move(hits));
                return [this, &job] { grow(*job->batch); };
            });
        grow(*job->batch);  // What was asked is in memory, even if the write failed before that.
        const std::size_t rows = job->batch->starts.size() + job->batch->rows.size();
        const double seconds = std::chrono::duration<double>(steady_now() - from).count();
        // A std::function must be copyable, and what it carries here is not.
        auto carried =
            std::make_shared<Written>(Written{std::move(job->done), std::move(committed)});
        loop_.post([&telemetry = telemetry_, carried = std::move(carried), rows, seconds] {
            if (carried->result) telemetry.committed(rows, seconds);
            carried->done(std::move(carried->result));
        });
    }

    /// Has the loop's thread react, unless this is going to end: then the hits are kept for the
    /// next start.
    void ask(const React& react, std::vector<store::EventHit> hits) SKALD_EXCLUDES(mutex_) {
        auto question = std::make_shared<Question>(react, std::move(hits));
        {
            const MutexLock lock(mutex_);
            if (is_ending_) return;
            question_ = question;
        }
        loop_.post([question] { question->answer(); });
    }
    void grow(store::Batch& batch) SKALD_EXCLUDES(mutex_) {
        std::shared_ptr<Question> question;
        {
            const MutexLock lock(mutex_);
            question = question_;
        }
        if (!question) return;
        batch.grow_by(question->wait());
        const MutexLock lock(mutex_);
        question_.reset();
    }

    void keep_house() SKALD_EXCLUDES(mutex_) {
        const sagas::Result<bool> more = writer_.maintain(clock_.now());
        const bool is_fatal = !more && more.error().code == sagas::ErrorCode::Corruption;
        {
            const MutexLock lock(mutex_);
            last_slice_ = Slice{steady_now(), more ? kIdleGap : kFailedGap, more && *more};
            if (is_fatal) keeps_house_ = false;
        }
        if (is_fatal) fatal_(more.error());
    }

    struct Written {
        Done done;
        sagas::Result<store::Committed> result;
    };

    // Constant after construction.
    store::Writer& writer_;  // Used by the thread alone.
    Loop& loop_;
    const Clock& clock_;
    Telemetry& telemetry_;  // Used on the loop's thread alone.
    const std::function<void(const sagas::Error&)> fatal_;

    Mutex mutex_;
    ConditionVariable changed_;
    std::optional<Job> job_ SKALD_GUARDED_BY(mutex_);
    std::shared_ptr<Question> question_ SKALD_GUARDED_BY(mutex_);
    bool is_ending_ SKALD_GUARDED_BY(mutex_) = false;
    bool keeps_house_ SKALD_GUARDED_BY(mutex_) = true;
    std::optional<Slice> last_slice_ SKALD_GUARDED_BY(mutex_);

    std::jthread thread_;  // Last: it uses all that stands above, and is joined first.
};

}  // namespace

std::unique_ptr<Committer> make_writer_thread(store::Writer& writer, Loop& loop, const Clock& clock,
                                              Telemetry& telemetry,
                                              std::function<void(const sagas::Error&)> fatal) {
    return std::make_unique<WriterThread>(writer, loop, clock, telemetry, std::move(fatal));
}

}  // namespace skald::engine
