#include "tests/faults/kept_skald.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <utility>

namespace skald::faults {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::microseconds kLookEvery{500};

}  // namespace

KeptSkald::KeptSkald(outside::SkaldOptions options, std::vector<Prefix> prefixes)
    : options_(std::move(options)), prefixes_(prefixes.begin(), prefixes.end()) {}

void KeptSkald::fail(const std::string& reason) {
    failure_ = reason + "; its log ends with:\n" + outside::log_tail(options_.database);
}

void KeptSkald::take_end(int status) {
    const bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!is_killed && !(exit_code_ && WIFEXITED(status) && WEXITSTATUS(status) == *exit_code_)) {
        fail("skald ended by itself with wait status " + std::to_string(status));
        return;
    }
    ++kills_;
    if (told_) told_();
}

/// Waits for the end of a process that answers no more.
void KeptSkald::bury() {
    client_.reset();
    const int status = process_->reap();
    process_.reset();
    take_end(status);
}

bool KeptSkald::start() {
    while (failure_.empty()) {
        options_.prefix.clear();
        if (!prefixes_.empty()) {
            options_.prefix = prefixes_.front();
            prefixes_.pop_front();
        }
        process_ = std::make_unique<outside::SkaldProcess>(options_);
        // Not until /readyz: its connections are those of the script alone, which are counted.
        const std::uint16_t port = process_->await_port(kPatience, kLookEvery);
        if (port != 0) {
            client_.emplace(port);
            return true;
        }
        bury();
    }
    return false;
}

std::optional<outside::HttpReply> KeptSkald::send(std::string_view method,
                                                  const std::string& target, std::string_view json,
                                                  std::string_view headers) {
    while (failure_.empty() && (process_ != nullptr || start())) {
        auto reply = client_->send(method, target, json, headers, kPatience);
        if (reply && reply->status != 503) return reply;
        if (!reply) bury();
    }
    return std::nullopt;
}

void KeptSkald::kill() {
    if (process_ == nullptr) return;
    ::kill(process_->pid(), SIGKILL);
    bury();
}

bool KeptSkald::stop() {
    if (process_ == nullptr) return failure_.empty();
    client_.reset();
    ::kill(process_->pid(), SIGTERM);
    const int status = process_->reap();
    process_.reset();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    take_end(status);
    return false;
}

}  // namespace skald::faults
