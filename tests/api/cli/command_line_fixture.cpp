#include "tests/api/cli/command_line_fixture.h"

#include <algorithm>
#include <utility>

namespace skald::cli {

sagas::Result<api::ServerReply> ScriptedServer::send(const api::ServerRequest& request) {
    talk_.requests.push_back(request);
    if (talk_.answers.empty()) {
        return sagas::fail(sagas::ErrorCode::Unavailable, "the script is over");
    }
    auto answer = talk_.answers.front();
    talk_.answers.pop_front();
    return answer;
}

sagas::Result<api::ServerReply> ScriptedServer::stream(const api::ServerRequest& request,
                                                       const api::OnEvents& on_events) {
    talk_.requests.push_back(request);
    if (talk_.streams.empty()) throw Interrupted();
    const Events events = talk_.streams.front();
    talk_.streams.pop_front();
    for (const auto& piece : events.pieces) {
        if (on_events(piece) == api::Following::End) return api::ServerReply{200, nullptr};
    }
    return events.end;
}

void ScriptedServer::pause(sagas::Milliseconds time) {
    talk_.pauses.push_back(time);
    if (talk_.interrupted_in_pause == talk_.pauses.size()) throw Interrupted();
}

Exit CommandLineTest::run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "skald");
    std::vector<const char*> words;
    for (const std::string& argument : arguments) words.push_back(argument.c_str());
    in.clear();
    in.str(input);
    const Surroundings around{
        in,
        out,
        error,
        out_is_terminal,
        error_is_terminal,
        [this] { return screen; },
        [this](const std::string& name) {
            const auto found = environment.find(name);
            return found == environment.end() ? "" : found->second;
        },
        [] { return *sagas::parse_rfc3339("2026-11-21T23:00:00Z"); },
        "skald 9.9.9",
        [this](const api::ServeOptions& options) {
            served = options;
            return Exit::Done;
        },
        [this](const std::string& url,
               const std::string& token) -> sagas::Result<std::unique_ptr<api::ServerClient>> {
            server_url = url;
            token_sent = token;
            return std::make_unique<ScriptedServer>(talk);
        }};
    return run_command_line(static_cast<int>(words.size()), words.data(), around);
}

std::vector<std::vector<std::string>> CommandLineTest::all_commands() {
    std::vector<std::vector<std::string>> commands;
    collect_commands({}, commands);
    return commands;
}

void CommandLineTest::collect_commands(const std::vector<std::string>& path,
                                       std::vector<std::vector<std::string>>& commands) {
    auto with_help = path;
    with_help.push_back("--help");
    EXPECT_EQ(run(with_help), Exit::Done) << take_error();
    std::istringstream help(take_out());
    std::string line;
    // The commands stand, indented and under their groups, before the arguments and flags.
    while (std::getline(help, line) && !line.starts_with("Usage: ")) {
    }
    while (std::getline(help, line) && line != "Flags:" && line != "Arguments:") {
        if (!line.starts_with("  ") || line[2] == ' ') continue;
        auto command = path;
        command.push_back(line.substr(2, line.find(' ', 2) - 2));
        commands.push_back(command);
        collect_commands(command, commands);
    }
}

void CommandLineTest::answer(int status, const std::string& body) {
    talk.answers.emplace_back(
        api::ServerReply{status, body.empty() ? api::Document() : api::Document::parse(body)});
}

void CommandLineTest::break_off() {
    talk.answers.emplace_back(sagas::fail(sagas::ErrorCode::Unavailable, "it broke"));
}

api::Document CommandLineTest::sent(std::size_t index) const {
    return api::Document::parse(talk.requests.at(index).body);
}

std::vector<std::string> CommandLineTest::targets() const {
    std::vector<std::string> targets;
    for (const api::ServerRequest& request : talk.requests) {
        targets.push_back(request.method + " " + request.target);
    }
    return targets;
}

std::string CommandLineTest::take_out() {
    std::string text = out.str();
    out.str("");
    return text;
}

std::string CommandLineTest::take_error() {
    std::string text = error.str();
    error.str("");
    return text;
}

}  // namespace skald::cli
