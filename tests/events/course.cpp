#include "tests/events/course.h"

namespace skald::events {
namespace {

constexpr std::chrono::milliseconds kAskAgainAfter{10};

}  // namespace

bool Course::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return is_over_; });
}

bool Course::is_over() const {
    const std::lock_guard lock(mutex_);
    return is_over_;
}

void Course::end() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
}

void Course::fail(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = reason;
    is_over_ = true;
    changed_.notify_all();
}

std::string Course::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

std::optional<outside::HttpReply> ask(Course& course, outside::HttpClient& client,
                                      std::string_view method, const std::string& target,
                                      std::string_view json, std::string_view headers) {
    bool is_noted = false;
    while (!course.is_over()) {
        auto reply = client.send(method, target, json, headers);
        if (reply.has_value() && reply->status != 503) return reply;
        if (!reply.has_value() && !is_noted) {
            ++course.sent_again;
            is_noted = true;
        }
        course.pause(kAskAgainAfter);
    }
    return std::nullopt;
}

}  // namespace skald::events
