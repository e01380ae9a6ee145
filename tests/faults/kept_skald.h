#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/outside/http_client.h"
#include "tests/outside/skald_process.h"

namespace skald::faults {

/// A command that runs skald (`strace …`), or empty.
using Prefix = std::vector<std::string>;

/// A skald that something kills, and that is started again when a request needs it. Each request is
/// sent until it is answered, and not with 503.
///
/// Threads: one.
class KeptSkald {
 public:
    /// `prefixes`: of its first lives; the later ones have none.
    KeptSkald(outside::SkaldOptions options, std::vector<Prefix> prefixes);

    /// It may end by itself too, with this exit code: that counts as killed.
    void may_exit_with(int code) { exit_code_ = code; }
    /// Called each time when it was killed, before it is started again.
    void on_killed(std::function<void()> told) { told_ = std::move(told); }

    /// None: it ended otherwise than by SIGKILL, or never got ready; see `failure`.
    std::optional<outside::HttpReply> send(std::string_view method, const std::string& target,
                                           std::string_view json = {},
                                           std::string_view headers = {});

    /// SIGTERM. True: it ended in order. False: it was killed while it ended, or failed.
    bool stop();

    /// SIGKILL.
    void kill();
    /// Of the one that runs; 0: none does.
    pid_t pid() const { return process_ == nullptr ? 0 : process_->pid(); }
    std::uint16_t port() const { return client_ ? client_->port() : std::uint16_t{0}; }

    std::size_t kills() const { return kills_; }
    const std::string& failure() const { return failure_; }

 private:
    bool start();
    void bury();
    void take_end(int status);
    void fail(const std::string& reason);

    outside::SkaldOptions options_;
    std::deque<Prefix> prefixes_;
    std::optional<int> exit_code_;
    std::function<void()> told_;
    std::unique_ptr<outside::SkaldProcess> process_;
    std::optional<outside::HttpClient> client_;
    std::size_t kills_ = 0;
    std::string failure_;
};

}  // namespace skald::faults
