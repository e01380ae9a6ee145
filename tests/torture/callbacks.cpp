#include "tests/torture/callbacks.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace skald::torture {
namespace {

constexpr std::chrono::milliseconds kSendAgainAfter{5};
constexpr std::chrono::seconds kTakenTime{30};
constexpr std::uint64_t kTwice = 4;  ///< One of so many.
constexpr const char* kSuccess = R"({"outcome":"success","output":{"done":true}})";

}  // namespace

void Callbacks::open(std::uint16_t port) {
    thread_ = std::jthread([this, port](const std::stop_token& stop) { send_all(stop, port); });
}

void Callbacks::add(std::string_view saga, std::string_view url) {
    const std::lock_guard lock(mutex_);
    due_.push_back(
        {std::string(saga), std::string(url.substr(std::string_view(kPublicUrl).size()))});
    changed_.notify_all();
}

void Callbacks::send_all(const std::stop_token& stop, std::uint16_t port) {
    outside::HttpClient client(port);
    while (!stop.stop_requested()) {
        Due due;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return !due_.empty(); })) {
                return;
            }
            due = std::move(due_.front());
            due_.pop_front();
        }
        send(stop, client, due);
    }
}

void Callbacks::send(const std::stop_token& stop, outside::HttpClient& client, const Due& due) {
    const std::optional<bool> is_taken = post(stop, client, due);
    if (!is_taken) {
        return;
    }
    sights_.note(*is_taken ? Sight::CalledBack : Sight::CalledBackAgain);
    if (++sent_ % kTwice != 0) {
        return;
    }
    const std::optional<bool> again = post(stop, client, due);
    if (again) {
        sights_.note(Sight::CalledBackAgain);
    }
    if (again == true) {
        findings_.add({Fault::Wrong, due.saga, "it took one callback twice", {}});
    }
}

std::optional<bool> Callbacks::post(const std::stop_token& stop, outside::HttpClient& client,
                                    const Due& due) {
    while (!stop.stop_requested()) {
        const auto reply = client.send("POST", due.target, kSuccess, {}, kTakenTime);
        if (reply && reply->status == 200) {
            return reply->body.find(R"("taken":true)") != std::string::npos;
        }
        if (reply && reply->status != 503) {
            findings_.add({reply->status == 404 ? Fault::Lost : Fault::Wrong,
                           due.saga,
                           "its callback was answered with " + std::to_string(reply->status) + ' ' +
                               reply->body,
                           {}});
            return std::nullopt;
        }
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, kSendAgainAfter, [] { return false; });
    }
    return std::nullopt;
}

}  // namespace skald::torture
