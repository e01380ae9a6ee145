#include "tests/api/running_skald.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "tests/outside/http_message.h"

namespace skald::end_to_end {
namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "skald-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Participants::Participants()
    : thread_([this] { server_.run([this](const outside::ReceivedCall& call) { take(call); }); }) {}

Participants::~Participants() {
    server_.stop();
    thread_.join();
}

void Participants::take(const outside::ReceivedCall& call) {
    const std::string name = std::string(call.method) + " " + std::string(call.target);
    const std::lock_guard lock(mutex_);
    seen_.push_back({name, std::string(call.headers)});
    changed_.notify_all();
    const auto found = replies_.find(name);
    if (found == replies_.end()) {
        server_.answer(call.call, outside::make_reply(200, "{}"));
    } else if (found->second) {
        server_.answer(call.call, *found->second);
    }
}

void Participants::answer(const std::string& call, int status, const Json& body) {
    const std::lock_guard lock(mutex_);
    replies_[call] = outside::make_reply(status, body.dump());
}

void Participants::be_silent(const std::string& call) {
    const std::lock_guard lock(mutex_);
    replies_[call] = std::nullopt;
}

bool Participants::await_calls(const std::string& call, std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] {
        std::size_t found = 0;
        for (const Seen& each : seen_) found += each.call == call;
        return found >= count;
    });
}

std::vector<std::string> Participants::calls() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> calls;
    for (const Seen& each : seen_) calls.push_back(each.call);
    return calls;
}

std::vector<std::string> Participants::headers(const std::string& call, const std::string& name) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> values;
    for (const Seen& each : seen_) {
        if (each.call != call) continue;
        values.emplace_back(outside::find_header(each.headers, name).value_or(""));
    }
    return values;
}

RunningSkald::RunningSkald(const std::filesystem::path& database,
                           std::vector<std::string> arguments)
    : process_({SKALD_BINARY, database, std::move(arguments), {}}),
      port_(process_.await_ready(kPatience)) {
    EXPECT_NE(port_, 0) << outside::log_tail(database);
}

RunningSkald::Answer RunningSkald::send(const std::string& method, const std::string& target,
                                        const std::string& body, const std::string& headers) {
    outside::HttpClient client(port_);
    const auto reply = client.send(method, target, body, headers);
    if (!reply) return {};
    return {reply->status, reply->headers, reply->body, Json::parse(reply->body, nullptr, false)};
}

Ran run_skald(const std::string& arguments) {
    Ran ran;
    FILE* pipe = popen((std::string(SKALD_BINARY) + " " + arguments + " 2>&1").c_str(), "re");
    if (pipe == nullptr) return ran;
    std::array<char, 4096> chunk;
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), pipe)) {
        ran.output.append(chunk.data(), count);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status)) ran.exit = WEXITSTATUS(status);
    return ran;
}

Json definition(const std::string& name, const std::vector<std::string>& steps,
                std::uint16_t port) {
    const std::string base = "http://127.0.0.1:" + std::to_string(port) + "/";
    Json document = {{"name", name}, {"steps", Json::array()}};
    for (const std::string& step : steps) {
        document["steps"].push_back(
            {{"name", step},
             {"action", {{"http", {{"method", "POST"}, {"url", base + step}, {"body", "$input"}}}}},
             {"retry", {{"initial_interval", "1ms"}}},
             {"compensation", {{"http", {{"method", "POST"}, {"url", base + "undo-" + step}}}}}});
    }
    return document;
}

}  // namespace skald::end_to_end
