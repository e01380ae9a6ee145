#include "tests/engine/caller_rig.h"

#include <chrono>
#include <variant>

#include "sagas/check.h"

namespace skald::engine {
namespace {

// Tests in which a time-out is not what is tested.
constexpr sagas::Milliseconds kLongTimeout{60'000};

}  // namespace

CallerRig::CallerRig(HttpCallerOptions options) {
    auto caller = make_http_caller(*loop_, clock_, std::move(options),
                                   [this](CallId id, sagas::Answer answer) {
                                       const MutexLock lock(mutex_);
                                       EXPECT_TRUE(answers_.emplace(id, std::move(answer)).second);
                                       answered_.notify_all();
                                   });
    SKALD_CHECK(caller.has_value());
    caller_ = std::move(*caller);
    thread_ = std::jthread([this] { loop_->run(); });
}

CallerRig::~CallerRig() {
    loop_->stop();
    thread_.join();
}

CallId CallerRig::call(sagas::Request request, std::uint32_t attempt) {
    if (request.timeout == sagas::Milliseconds::zero()) request.timeout = kLongTimeout;
    const CallId id{++last_id_};
    loop_->post(
        [this, id, request = std::move(request), attempt] { caller_->call(id, request, attempt); });
    return id;
}

void CallerRig::recall(CallId id) {
    loop_->post([this, id] { caller_->recall(id); });
}

sagas::Answer CallerRig::answer(CallId id) {
    const auto until = std::chrono::steady_clock::now() + kGuard;
    const MutexLock lock(mutex_);
    while (!answers_.contains(id)) {
        if (answered_.wait_until(mutex_, until) == ConditionVariable::Woken::TimedOut) {
            return sagas::Lost{"the test gave up waiting"};
        }
    }
    return answers_.at(id);
}

std::size_t CallerRig::answers() const {
    const MutexLock lock(mutex_);
    return answers_.size();
}

CallerStats CallerRig::stats() {
    Collected<CallerStats> stats;
    loop_->post([&] { stats.add(caller_->stats()); });
    return stats.wait_for(1).front();
}

void CallerRig::destroy_caller() {
    loop_->post([this] { caller_.reset(); });
    settle();
}

void CallerRig::settle() {
    Collected<int> passed;
    loop_->post([&] { passed.add(0); });
    passed.wait_for(1);
}

sagas::Request request_to(std::uint16_t port, std::string method, std::string target) {
    sagas::Request request;
    request.method = std::move(method);
    request.scheme = sagas::HttpCall::Scheme::Http;
    request.host = "127.0.0.1";
    request.port = port;
    request.target = std::move(target);
    request.timeout = sagas::Milliseconds::zero();
    return request;
}

std::string said(const sagas::Answer& answer) {
    if (const auto* const lost = std::get_if<sagas::Lost>(&answer)) return "lost: " + lost->reason;
    if (const auto* const not_sent = std::get_if<sagas::NotSent>(&answer)) {
        return "not sent: " + not_sent->reason;
    }
    const auto& reply = std::get<sagas::Reply>(answer);
    const std::string status = std::to_string(reply.status) + " ";
    if (const auto* const error = std::get_if<sagas::BodyError>(&reply.body)) {
        return status + "!" + error->message;
    }
    return status + std::get<sagas::Value>(reply.body)->dump();
}

}  // namespace skald::engine
