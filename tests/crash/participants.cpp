#include "tests/crash/participants.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

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

/// What every URL to call back begins with.
std::string callback_urls() { return std::string(kPublicUrl) + "/v1/callbacks/"; }

bool may_call_back(std::size_t participant, const Contract& read) {
    return participant == 1 && read.call.phase == Phase::Action && is_put_off(read.story);
}

/// Reads the call, and holds it against what participants are promised.
Contract read_call(std::size_t participant, const outside::ReceivedCall& received) {
    Contract read;
    const std::string phase = header(received, "Skald-Phase");
    read.call.participant = participant;
    read.call.saga = header(received, "Skald-Saga");
    read.call.phase = phase == "compensation" ? Phase::Compensation : Phase::Action;
    read.call.key = unquoted(header(received, "Idempotency-Key"));
    const std::string step(kSteps.at(participant));
    const Json body = Json::parse(received.body, nullptr, false);
    const char* member = phase == "compensation" ? "action_key" : "story";
    if (!body.is_object() || !body.contains(member) || !body[member].is_string()) {
        read.broken = "body";
        return read;
    }
    const std::string value = body[member].get<std::string>();
    std::string place = read.call.saga + '/' + step;
    if (body.contains("index") && body["index"].is_number_unsigned()) {
        read.call.item = body["index"].get<std::size_t>();
        place += '/' + std::to_string(*read.call.item);
    }
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
    } else if (read.call.key != place + '/' + phase) {
        read.broken = "Idempotency-Key";
    } else if (read.call.phase == Phase::Compensation && value != place + "/action") {
        read.broken = "$action_key";
    } else if (header(received, "Skald-Attempt").empty()) {
        read.broken = "Skald-Attempt";
    } else if (header(received, "Skald-Callback").starts_with(callback_urls()) !=
               may_call_back(participant, read)) {
        read.broken = "Skald-Callback";
    }
    return read;
}

}  // namespace

Participants::Participants(Ledger& ledger, std::uint64_t seed, Observer observer)
    : ledger_(ledger), seed_(seed), observer_(std::move(observer)) {
    for (std::size_t i = 0; i < participants_.size(); ++i) {
        outside::ParticipantServer& server = participants_[i].server;
        ports_.push_back(server.ports().front());
        participants_[i].thread = std::jthread([this, i, &server] {
            server.run([this, i](const outside::ReceivedCall& received) { on_call(i, received); });
        });
    }
}

Participants::~Participants() {
    thaw();
    for (Participant& participant : participants_) participant.server.stop();
}

void Participants::freeze() {
    for (std::size_t i = 0; i < participants_.size(); ++i) freeze(i);
}

void Participants::freeze(std::size_t participant) {
    const std::lock_guard lock(mutex_);
    participants_.at(participant).is_frozen = true;
}

bool Participants::await_kept_waiting(const std::string& saga, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] {
        return std::any_of(participants_.begin(), participants_.end(),
                           [&saga](const Participant& each) { return each.waiting == saga; });
    });
}

void Participants::thaw() {
    std::unique_lock lock(mutex_);
    for (Participant& participant : participants_) participant.is_frozen = false;
    changed_.notify_all();
    changed_.wait(lock, [this] {
        return std::all_of(participants_.begin(), participants_.end(),
                           [](const Participant& each) { return each.waiting.empty(); });
    });
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

void Participants::on_call(std::size_t participant, const outside::ReceivedCall& received) {
    Participant& called = participants_.at(participant);
    {
        std::unique_lock lock(mutex_);
        if (called.is_frozen) called.waiting = header(received, "Skald-Saga");
        changed_.notify_all();
        changed_.wait(lock, [&called] { return !called.is_frozen; });
    }
    act(participant, received);
    const std::lock_guard lock(mutex_);
    called.waiting.clear();
    changed_.notify_all();
}

void Participants::note_broken(const std::string& what, const outside::ReceivedCall& received) {
    const std::lock_guard lock(mutex_);
    broken_calls_.push_back(what + " of " + std::string(received.method) + ' ' +
                            std::string(received.target) + "\n" + std::string(received.headers) +
                            std::string(received.body));
}

/// Precondition: the call is put off, and as it was promised.
void Participants::note_callback(const std::string& saga, const outside::ReceivedCall& received) {
    const std::string url = header(received, "Skald-Callback");
    bool is_same = false;
    {
        const std::lock_guard lock(mutex_);
        is_same = callbacks_.try_emplace(saga, url).first->second == url;
        changed_.notify_all();
    }
    if (!is_same) note_broken("another Skald-Callback than before", received);
}

std::string Participants::await_callback(const std::string& saga, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, time, [&] { return callbacks_.contains(saga); })) return {};
    return callbacks_.at(saga).substr(std::string_view(kPublicUrl).size());
}

void Participants::act(std::size_t participant, const outside::ReceivedCall& received) {
    static const std::string kDone = outside::make_reply(200, R"({"done":true})");
    static const std::string kRefused = outside::make_reply(409, R"({"error":"refused"})");
    static const std::string kAccepted = outside::make_reply(202, R"({"accepted":true})");
    static const std::string kBroken = outside::make_reply(500, R"({"error":"broken"})");
    static const std::string kHeld = outside::make_reply(429, R"({"error":"not now"})");

    Participant& called = participants_.at(participant);
    outside::ParticipantServer& server = called.server;
    for (const outside::Call early : std::exchange(called.put_off, {})) {
        server.answer(early, kAccepted);
    }
    const Contract read = read_call(participant, received);
    if (!read.broken.empty()) note_broken(read.broken, received);
    const bool is_action = read.call.phase == Phase::Action;
    const bool is_doubtful = is_action && participant == 1;
    if (is_doubtful && read.story == Story::Held && !is_mended(read.call.saga)) {
        server.answer(received.call, kHeld);
        return;
    }
    const bool is_refused_here = (is_action && read.story == Story::Refused && participant == 2) ||
                                 (is_doubtful && read.story == Story::Declined);
    const Ledger::Verdict verdict =
        ledger_.enter(read.call, is_refused_here ? Business::Refuses : Business::Agrees);
    observer_(verdict.call);
    const bool is_accepted =
        may_call_back(participant, read) && (!verdict.is_refused || read.story == Story::Declined);
    if (is_accepted && read.broken.empty()) note_callback(read.call.saga, received);

    if (is_doubtful && read.story == Story::Silent) {
        return;
    }
    const bool is_broken =
        read.story == Story::Broken || (read.story == Story::Parked && !is_mended(read.call.saga));
    if (verdict.is_first && loses_answer(read.call.key)) {
        server.hang_up(received.call);
    } else if (is_doubtful && is_broken) {
        server.answer(received.call, kBroken);
    } else if (is_accepted && read.story == Story::Early) {
        called.put_off.push_back(received.call);
    } else if (is_accepted) {
        server.answer(received.call, kAccepted);
    } else {
        server.answer(received.call, verdict.is_refused ? kRefused : kDone);
    }
}

}  // namespace skald::crash
