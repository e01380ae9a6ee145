#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "api/cli/command_line.h"
#include "api/serve_options.h"
#include "api/server_client.h"

namespace skald::cli {

/// A terminal's user presses Ctrl-C. (In a real process that is a signal.)
struct Interrupted {};

/// Answers from a list, and keeps what it was asked.
class ScriptedServer : public api::ServerClient {
 public:
    /// One stream of events: what is handed over at a time, and how it ends.
    struct Events {
        std::vector<std::vector<ServerEvent>> pieces;
        sagas::Result<api::ServerReply> end = api::ServerReply{200, nullptr};
    };
    struct Talk {
        std::deque<sagas::Result<api::ServerReply>> answers;
        std::deque<Events> streams;
        std::vector<api::ServerRequest> requests;  ///< Of streams, too.
        std::vector<sagas::Milliseconds> pauses;
        std::optional<std::size_t> interrupted_in_pause;  ///< From 1.
    };
    explicit ScriptedServer(Talk& talk) : talk_(talk) {}

    sagas::Result<api::ServerReply> send(const api::ServerRequest& request) override;
    sagas::Result<api::ServerReply> stream(const api::ServerRequest& request,
                                           const api::OnEvents& on_events) override;
    void pause(sagas::Milliseconds time) override;

 private:
    Talk& talk_;
};

/// Runs commands against a scripted server, on a terminal of 100 columns without colours, at
/// 2026-11-21T23:00:00Z.
class CommandLineTest : public testing::Test {
 protected:
    Exit run(std::vector<std::string> arguments);

    /// Every command but `skald` itself, as its words: {"definitions", "show"}. From the help.
    std::vector<std::vector<std::string>> all_commands();

    void answer(int status, const std::string& body);
    void break_off();
    /// The body of a request, from 0.
    api::Document sent(std::size_t index) const;
    std::vector<std::string> targets() const;
    /// What was printed since the last time.
    std::string take_out();
    std::string take_error();

 private:
    void collect_commands(const std::vector<std::string>& path,
                          std::vector<std::vector<std::string>>& commands);

 protected:
    std::string input;
    std::map<std::string, std::string> environment = {{"NO_COLOR", "1"}};
    Terminal out_is_terminal = Terminal::Yes, error_is_terminal = Terminal::Yes;
    Screen screen{100, 40};
    std::istringstream in;
    std::ostringstream out, error;
    std::optional<api::ServeOptions> served;
    std::string server_url, token_sent;
    ScriptedServer::Talk talk;
};

}  // namespace skald::cli
