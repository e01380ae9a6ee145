#include "tests/crash/participants.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "tests/crash/story.h"
#include "tests/outside/http_message.h"

namespace skald::crash {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLostAnswers = 16;  ///< One key of so many.

std::string header(const outside::ReceivedCall& received, std::string_view name) {
    return std::string(outside::find_header(received.headers, name).value_or(""));
}

/// A string in quotes, as draft-ietf-httpapi-idempotency-key-header has it.
std::string unquoted(const std::string& text) {
    const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return is_quoted ? text.substr(1, text.size() - 2) : std::string();
}

struct Contract {
    LedgerCall call;
    Story story = Story::Completed;
    std::string broken;  ///< What is wrong with it; empty: nothing.
};

/// Reads the call, and holds it against what participants are promised.
Contract read_call(const outside::ReceivedCall& received) {
    Contract read;
    const std::string phase = header(received, "Skald-Phase");
    read.call.participant = received.listener;
    read.call.saga = header(received, "Skald-Saga");
    read.call.phase = phase == "compensation" ? Phase::Compensation : Phase::Action;
    read.call.key = unquoted(header(received, "Idempotency-Key"));
    const std::string step(kSteps.at(received.listener));
    const std::string action_key = read.call.saga + '/' + step + "/action";
    const Json body = Json::parse(received.body, nullptr, false);
    const char* member = phase == "compensation" ? "action_key" : "story";
    if (!body.is_object() || !body.contains(member) || !body[member].is_string()) {
        read.broken = "body";
        return read;
    }
    const std::string value = body[member].get<std::string>();
    if (read.call.phase == Phase::Compensation) {
        read.call.action_key = value;
    } else {
        read.story = story_named(value);
    }
    if (read.call.saga.empty()) {
        read.broken = "Skald-Saga";
    } else if (header(received, "Skald-Step") != step) {
        read.broken = "Skald-Step";
    } else if (received.target != '/' + phase) {
        read.broken = "Skald-Phase";
    } else if (read.call.key != read.call.saga + '/' + step + '/' + phase) {
        read.broken = "Idempotency-Key";
    } else if (read.call.phase == Phase::Compensation && value != action_key) {
        read.broken = "$action_key";
    } else if (header(received, "Skald-Attempt").empty()) {
        read.broken = "Skald-Attempt";
    }
    return read;
}

}  // namespace

Participants::Participants(Ledger& ledger, std::uint64_t seed, Observer observer)
    : ledger_(ledger),
      seed_(seed),
      observer_(std::move(observer)),
      server_(kSteps.size()),
      thread_([this] {
          server_.run([this](const outside::ReceivedCall& received) { on_call(received); });
      }) {}

Participants::~Participants() {
    thaw();
    server_.stop();
}

void Participants::freeze() {
    const std::lock_guard lock(mutex_);
    is_frozen_ = true;
}

void Participants::thaw() {
    const std::lock_guard lock(mutex_);
    is_frozen_ = false;
    thawed_.notify_all();
}

std::vector<std::string> Participants::broken_calls() const {
    const std::lock_guard lock(mutex_);
    return broken_calls_;
}

bool Participants::loses_answer(const std::string& key) const {
    return std::hash<std::string>()(key + std::to_string(seed_)) % kLostAnswers == 0;
}

void Participants::mend(const std::string& saga) {
    const std::lock_guard lock(mutex_);
    mended_.insert(saga);
}

bool Participants::is_mended(const std::string& saga) const {
    const std::lock_guard lock(mutex_);
    return mended_.contains(saga);
}

void Participants::on_call(const outside::ReceivedCall& received) {
    static const std::string done = outside::make_reply(200, R"({"done":true})");
    static const std::string refused = outside::make_reply(409, R"({"error":"refused"})");
    static const std::string broken = outside::make_reply(500, R"({"error":"broken"})");
    static const std::string held = outside::make_reply(429, R"({"error":"not now"})");

    {
        std::unique_lock lock(mutex_);
        thawed_.wait(lock, [this] { return !is_frozen_; });
    }
    const Contract read = read_call(received);
    if (!read.broken.empty()) {
        const std::lock_guard lock(mutex_);
        broken_calls_.push_back(read.broken + " of " + std::string(received.method) + ' ' +
                                std::string(received.target) + "\n" +
                                std::string(received.headers) + std::string(received.body));
    }
    const bool is_action = read.call.phase == Phase::Action;
    const bool is_doubtful = is_action && read.call.participant == 1;
    if (is_doubtful && read.story == Story::Held && !is_mended(read.call.saga)) {
        server_.answer(received.call, held);
        return;
    }
    const bool is_refused_here =
        is_action && read.story == Story::Refused && read.call.participant == 2;
    const Ledger::Verdict verdict =
        ledger_.enter(read.call, is_refused_here ? Business::Refuses : Business::Agrees);
    observer_(verdict.call);

    if (is_doubtful && read.story == Story::Silent) {
        return;
    }
    const bool is_broken =
        read.story == Story::Broken || (read.story == Story::Parked && !is_mended(read.call.saga));
    if (verdict.is_first && loses_answer(read.call.key)) {
        server_.hang_up(received.call);
    } else if (is_doubtful && is_broken) {
        server_.answer(received.call, broken);
    } else {
        server_.answer(received.call, verdict.is_refused ? refused : done);
    }
}

}  // namespace skald::crash
