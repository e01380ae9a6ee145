#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/outside/http_message.h"
#include "tests/outside/participant_server.h"
#include "tests/outside/socket.h"

/// The participants of the benchmark: as cheap as they can be made, so that what is measured is
/// skald. How a call is answered, its path says.
namespace skald::benchmark {
namespace {

using outside::ReceivedCall;
using Clock = std::chrono::steady_clock;

class Participant {
 public:
    Participant(outside::ParticipantServer& server, std::chrono::milliseconds delay)
        : server_(server), delay_(delay) {}

    void on_call(const ReceivedCall& received) {
        const std::string_view target = received.target;
        if (target.starts_with("/ok")) {
            server_.answer(received.call, kDone);
        } else if (target.starts_with("/refuse")) {
            server_.answer(received.call, kRefused);
        } else if (target.starts_with("/slow")) {
            slow_.push_back(Clock::now() + delay_);
            server_.answer_after(received.call, delay_, kDone);
        } else if (target.starts_with("/gate")) {
            pass_gate(received.call);
        } else if (target.starts_with("/open")) {
            open_gate(received.call);
        } else if (target.starts_with("/close")) {
            is_gate_open_ = false;
            server_.answer(received.call, kDone);
        } else if (target.starts_with("/held")) {
            server_.answer(received.call, outside::make_reply(200, std::to_string(held())));
        } else {
            server_.answer(received.call, kSaga);
        }
    }

 private:
    void pass_gate(outside::Call call) {
        if (is_gate_open_) {
            server_.answer(call, kDone);
        } else {
            at_gate_.push_back(call);
        }
    }

    void open_gate(outside::Call call) {
        is_gate_open_ = true;
        for (const outside::Call held : std::exchange(at_gate_, {})) {
            server_.answer(held, kDone);
        }
        server_.answer(call, kDone);
    }

    /// Calls that were not answered yet.
    std::size_t held() {
        while (!slow_.empty() && slow_.front() <= Clock::now()) {
            slow_.pop_front();
        }
        return slow_.size() + at_gate_.size();
    }

    const std::string kDone = outside::make_reply(200, R"({"id":"8d1c6f02"})");
    const std::string kRefused = outside::make_reply(409, R"({"error":"refused"})");
    /// What the load client takes for a finished saga, so that it can be measured without skald.
    const std::string kSaga = outside::make_reply(200, R"({"id":"1","status":"completed"})");

    outside::ParticipantServer& server_;
    const std::chrono::milliseconds delay_;
    std::deque<Clock::time_point> slow_;  ///< When each slow call is answered, in order.
    std::vector<outside::Call> at_gate_;
    bool is_gate_open_ = false;
};

/// One line, whole or not at all.
void write_ports(const std::filesystem::path& file, const std::vector<std::uint16_t>& ports) {
    const std::filesystem::path unfinished = file.string() + ".new";
    std::ofstream stream(unfinished);
    for (std::size_t i = 0; i < ports.size(); ++i) {
        stream << (i == 0 ? "" : ",") << ports[i];
    }
    stream << '\n';
    stream.close();
    std::filesystem::rename(unfinished, file);
}

}  // namespace
}  // namespace skald::benchmark

int main(int argc, char** argv) try {
    CLI::App app(
        "Participants for measurements: /ok, /refuse (409), /slow (after --delay-ms), "
        "/gate (held until POST /open), GET /held (calls not answered yet)");
    std::size_t listeners = 3;
    std::uint64_t delay_ms = 5000;
    std::string port_file;
    app.add_option("--listeners", listeners, "Ports to listen on")->check(CLI::Range(1, 64));
    app.add_option("--delay-ms", delay_ms, "Before /slow is answered");
    app.add_option("--port-file", port_file, "Gets the ports, with commas between")->required();
    CLI11_PARSE(app, argc, argv);

    skald::outside::raise_descriptor_limit();
    skald::outside::ParticipantServer server(listeners);
    skald::benchmark::Participant participant(server, std::chrono::milliseconds(delay_ms));
    skald::benchmark::write_ports(port_file, server.ports());
    server.run(
        [&](const skald::outside::ReceivedCall& received) { participant.on_call(received); });
    return 0;
} catch (const std::exception& error) {
    std::cerr << "participant: " << error.what() << '\n';
    return 1;
}
