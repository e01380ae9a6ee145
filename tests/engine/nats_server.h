#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

namespace skald::testing_nats {

/// A nats-server of its own: on a free port of 127.0.0.1, with JetStream in a folder of its own.
/// Ends with the test.
class RunningNats {
 public:
    /// `config`: what stands in its configuration besides.
    explicit RunningNats(std::string config = {});
    ~RunningNats();
    RunningNats(const RunningNats&) = delete;
    RunningNats& operator=(const RunningNats&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

    /// As by kill -9; what was acknowledged stays.
    void kill();
    /// Again, on the same port, with what it had.
    void start();
    void start(std::string config) {
        config_ = std::move(config);
        start();
    }
    /// The server's files are in it, and a test's may be.
    const std::filesystem::path& folder() const { return folder_; }

 private:
    const std::filesystem::path folder_;
    std::string config_;
    std::uint16_t port_ = 0;
    pid_t process_ = 0;
    std::thread reader_;  ///< Of its log, so that it never waits for somebody who reads.
};

}  // namespace skald::testing_nats
