#include "tests/torture/participants.h"

#include <string_view>

#include "tests/benchmark/json_scan.h"
#include "tests/outside/http_message.h"

namespace skald::torture {
namespace {

struct ReadCall {
    BookedCall call;
    std::string broken;  ///< Which promise; empty: none.
};

std::string_view header_of(const outside::ReceivedCall& received, std::string_view name) {
    return outside::find_header(received.headers, name).value_or("");
}

/// Its views point into `received`.
ReadCall read_call(const outside::ReceivedCall& received) {
    using benchmark::top_level_text;
    ReadCall read;
    BookedCall& call = read.call;
    call.saga = header_of(received, "Skald-Saga");
    call.step = static_cast<Step>(received.listener);
    const bool is_action = received.target == "/action";
    call.phase = is_action ? Phase::Action : Phase::Compensation;
    const bool has_story = read_story(top_level_text(received.body, "story"), call.story);

    const std::string_view step = name_of(call.step);
    std::string key = std::string(call.saga) + '/' + std::string(step) + '/';
    if (const auto element = top_level_text(received.body, "element"); !element.empty()) {
        const bool is_first = element == name_of(Step::Charge);
        call.step = is_first ? Step::Charge : Step::Pack;
        key += is_first ? "0/" : "1/";
    }
    call.lock = top_level_text(received.body, "lock");
    if (const std::string_view parent = parent_of(call.saga); !parent.empty()) {
        call.saga = parent;
    }
    const bool is_put_off =
        is_action && reply_of(call.story, call.step, call.phase, 1) == Reply::Later;
    const std::string_view phase = name_of(call.phase);
    if (call.saga.empty()) {
        read.broken = "Skald-Saga";
    } else if (header_of(received, "Idempotency-Key") != '"' + key + std::string(phase) + '"') {
        read.broken = "Idempotency-Key";
    } else if (header_of(received, "Skald-Step") != step) {
        read.broken = "Skald-Step";
    } else if (received.target.substr(1) != phase || header_of(received, "Skald-Phase") != phase) {
        read.broken = "Skald-Phase";
    } else if (header_of(received, "Skald-Attempt").empty()) {
        read.broken = "Skald-Attempt";
    } else if (!has_story) {
        read.broken = "$input.story";
    } else if (header_of(received, "Skald-Callback").starts_with(kPublicUrl) != is_put_off) {
        read.broken = "Skald-Callback";
    } else if (!is_action && top_level_text(received.body, "action_key") != key + "action") {
        read.broken = "$action_key";
    } else if (is_action && call.step == Step::Ship &&
               top_level_text(received.body, "reservation") !=
                   Participants::reservation_of(call.saga)) {
        read.broken = "$steps.reserve.output.id";
    }
    return read;
}

}  // namespace

Participants::Participants(Books& books, Findings& findings, Callbacks& callbacks,
                           unsigned forgotten_percent)
    : books_(books),
      findings_(findings),
      callbacks_(callbacks),
      forgotten_percent_(forgotten_percent),
      server_(kSteps),
      thread_([this] {
          server_.run([this](const outside::ReceivedCall& received) { on_call(received); });
      }) {}

Participants::~Participants() { server_.stop(); }

std::string Participants::reservation_of(std::string_view saga) { return "r-" + std::string(saga); }

bool Participants::is_from_the_dead(outside::Call call) {
    const auto index = static_cast<std::size_t>(call.descriptor);
    if (index >= connections_.size()) {
        connections_.resize(index + 1);
    }
    Connection& connection = connections_[index];
    if (connection.life == 0 || connection.generation != call.generation) {
        connection = {call.generation, life_};
    }
    return connection.life != life_;
}

void Participants::on_call(const outside::ReceivedCall& received) {
    ReadCall read = read_call(received);
    read.call.is_from_the_dead = is_from_the_dead(received.call);
    if (!read.broken.empty()) {
        findings_.add({Fault::Wrong,
                       std::string(read.call.saga),
                       "a call broke the promise of " + read.broken + ": " +
                           std::string(received.target) + '\n' + std::string(received.headers) +
                           std::string(received.body),
                       {}});
    }
    const bool forgets = forgotten_percent_ != 0 && ++calls_ % 100 < forgotten_percent_;
    Books::Verdict verdict = books_.enter(read.call, forgets ? Barrier::Forgets : Barrier::Holds);
    if (!verdict.fault.empty()) {
        findings_.add({Fault::Wrong, std::string(read.call.saga), std::move(verdict.fault),
                       books_.pages_of(read.call.saga)});
    }
    answer(received, read.call, verdict.reply);
}

void Participants::answer(const outside::ReceivedCall& received, const BookedCall& call,
                          Reply reply) {
    static const std::string done = outside::make_reply(200, R"({"done":true})");
    static const std::string refused = outside::make_reply(409, R"({"error":"refused"})");
    static const std::string accepted = outside::make_reply(202, R"({"accepted":true})");
    static const std::string busy = outside::make_reply(503, R"({"error":"busy"})");
    static const std::string broken = outside::make_reply(500, R"({"error":"broken"})");
    switch (reply) {
        case Reply::Done:
            server_.answer(
                received.call,
                call.step == Step::Reserve && call.phase == Phase::Action
                    ? outside::make_reply(200, R"({"id":")" + reservation_of(call.saga) + R"("})")
                    : done);
            return;
        case Reply::Refused:
            server_.answer(received.call, refused);
            return;
        case Reply::Busy:
            server_.answer(received.call, busy);
            return;
        case Reply::Broken:
            server_.answer(received.call, broken);
            return;
        case Reply::Reset:
            server_.hang_up(received.call);
            return;
        case Reply::Silent:
            return;
        case Reply::Later:
            callbacks_.add(call.saga, header_of(received, "Skald-Callback"));
            server_.answer(received.call, accepted);
            return;
    }
}

}  // namespace skald::torture
