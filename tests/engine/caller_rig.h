#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/http_caller.h"
#include "engine/mutex.h"
#include "tests/engine/collected.h"

namespace skald::engine {

/// A caller on a loop of its own, on a thread of its own, and what it answers.
class CallerRig {
 public:
    explicit CallerRig(HttpCallerOptions options = {});
    ~CallerRig();

    /// Queues the call; `request.timeout` 0 stands for one that no test waits for.
    CallId call(sagas::Request request, std::uint32_t attempt = 1);
    void recall(CallId id);
    /// Waits for the answer to `id`, which comes once.
    sagas::Answer answer(CallId id) SKALD_EXCLUDES(mutex_);
    /// As call and answer.
    sagas::Answer ask(sagas::Request request) { return answer(call(std::move(request))); }
    CallerStats stats();
    /// Destroys the caller, on the loop's thread; the loop goes on.
    void destroy_caller();
    /// Waits until the loop has run all that was posted before.
    void settle();
    std::size_t answers() const SKALD_EXCLUDES(mutex_);

 private:
    class FixedClock final : public Clock {
        sagas::Timestamp now() const override {
            return sagas::Timestamp(sagas::Milliseconds{1'700'000'000'000});
        }
    };

    const FixedClock clock_;
    const std::unique_ptr<Loop> loop_ = make_loop();
    mutable Mutex mutex_;
    ConditionVariable answered_;
    std::map<CallId, sagas::Answer> answers_ SKALD_GUARDED_BY(mutex_);
    std::unique_ptr<Caller> caller_;
    std::uint64_t last_id_ = 0;
    std::jthread thread_;
};

/// A request to 127.0.0.1:`port`.
sagas::Request request_to(std::uint16_t port, std::string method = "GET", std::string target = "/");

/// What an answer says, as a test reads it: "200 {"a":1}", "200 !the reply's body is …" for a
/// BodyError, "not sent: …" or "lost: …".
std::string said(const sagas::Answer& answer);

}  // namespace skald::engine
