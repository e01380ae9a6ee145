#include "tests/simulation/callbacks.h"

#include <utility>

#include "sagas/json.h"
#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr std::uint32_t kPostsMax = 6;  ///< Then the participant gives it up.
constexpr std::string_view kBefore = "http://skald/v1/callbacks/";

sagas::Outcome outcome_of(Word word) {
    switch (word) {
        case Word::Success:
            return sagas::Outcome::Success;
        case Word::Failure:
            return sagas::Outcome::Failure;
        case Word::Retry:
            return sagas::Outcome::Retry;
        case Word::Unknown:
            break;
    }
    return sagas::Outcome::Unknown;
}

}  // namespace

std::string PlainCallbackUrls::url(std::string_view saga_id, sagas::StepIndex step,
                                   sagas::Phase phase) const {
    return std::string(kBefore) + std::string(saga_id) + '/' +
           std::to_string(static_cast<std::uint32_t>(step)) +
           (phase == sagas::Phase::Action ? "/action" : "/compensation");
}

PlainCallbackUrls::Target PlainCallbackUrls::target(const std::string& url) {
    const std::size_t phase = url.rfind('/');
    const std::size_t step = url.rfind('/', phase - 1);
    return {url.substr(kBefore.size(), step - kBefore.size()),
            sagas::StepIndex{static_cast<std::uint32_t>(std::stoul(url.substr(step + 1)))},
            url.substr(phase) == "/action" ? sagas::Phase::Action : sagas::Phase::Compensation};
}

Callbacks::Callbacks(Timeline& timeline, Participants& participants, Random random,
                     Counters& counters, See see, IsOut is_out)
    : timeline_(timeline),
      participants_(participants),
      random_(random),
      counters_(counters),
      see_(std::move(see)),
      is_out_(std::move(is_out)) {}

/// Often at once, so that the callback overtakes the 202; now and then after any time-out.
void Callbacks::put_off(ParticipantRequest request, const std::string& url) {
    counters_.count("a call was put off");
    Time delay{random_.between(0, 3'000)};
    if (random_.one_in(3)) delay = Time{random_.between(0, 10)};
    if (!is_healed_ && random_.one_in(6)) delay = Time{random_.between(3'000, 110'000)};
    ++undecided_;
    timeline_.after(delay, Owner::World,
                    [this, request = std::move(request), target = PlainCallbackUrls::target(url)] {
                        --undecided_;
                        decide(request, target);
                    });
}

void Callbacks::decide(const ParticipantRequest& request, const PlainCallbackUrls::Target& target) {
    const Participants::Decided decided = participants_.decide(request);
    see_(Handled{request.call, decided.did, 0});
    if (!decided.word || goes_wrong(5)) {
        counters_.count("a callback was never sent");
        return;
    }
    letters_.emplace(++last_letter_, Letter{request.call, target, *decided.word, timeline_.now()});
    post_soon(last_letter_, Time{0});
}

void Callbacks::post_soon(std::uint64_t number, Time delay) {
    timeline_.after(delay, Owner::World, [this, number] { post(number); });
}

void Callbacks::post(std::uint64_t number) {
    Letter& letter = letters_.at(number);
    ++letter.posts;
    const auto send = [this, number, &letter] {
        timeline_.after(way(), Owner::World, [this, number, letter] { deliver(number, letter); });
    };
    if (goes_wrong(8)) {
        counters_.count("a callback was lost");
    } else {
        send();
    }
    if (goes_wrong(6)) send();
    timeline_.after(Time{random_.between(500, 12'000)}, Owner::World,
                    [this, number] { look_after(number); });
}

/// The participant has waited long enough for an answer.
void Callbacks::look_after(std::uint64_t number) {
    Letter& letter = letters_.at(number);
    const bool has_doubts = !letter.is_repeated && goes_wrong(12);  // The answer was lost, say.
    if (letter.is_taken && has_doubts) {
        letter.is_repeated = true;
        post_soon(number, Time{random_.between(0, 40'000)});
    } else if (letter.is_taken || (letter.posts >= kPostsMax && !is_healed_)) {
        letters_.erase(number);
    } else {
        post_soon(number, Time{0});
    }
}

/// `letter`: as it was sent; it may have been given up since.
void Callbacks::deliver(std::uint64_t number, const Letter& letter) {
    if (process_ == nullptr) {
        counters_.count("a callback met no process");
        return;
    }
    const std::uint64_t post = ++last_post_;
    CallName call = letter.call;
    call.attempt = 0;
    const auto kept = letters_.find(number);
    if (kept == letters_.end() || kept->second.is_taken) counters_.count("a callback came twice");
    see_(CallbackPosted{post, call, letter.word, letter.decided_at});
    const bool is_success = letter.word == Word::Success;
    process_->note_said(letter.target.saga, SlowLoader::Cause::Callback);
    process_->coordinator().post(
        engine::CallBack{letter.target.saga,
                         {letter.target.step, letter.target.phase, outcome_of(letter.word),
                          is_success ? sagas::make_value({{"n", post}}) : nullptr,
                          is_success ? std::string() : "callback " + std::to_string(post)},
                         [this, number, post, call](const engine::CallBack::Result& result) {
                             answered(number, {post, call}, result);
                         }});
}

void Callbacks::answered(std::uint64_t number, const Post& post,
                         const engine::CallBack::Result& result) {
    using How = CallbackAnswered::How;
    CallbackAnswered seen{post.number, How::Busy};
    if (const auto* taken = std::get_if<engine::CallBack::Taken>(&result)) {
        seen.how = taken->is_taken ? How::Taken : How::NotTaken;
    } else if (std::holds_alternative<engine::CallBack::NotFound>(result)) {
        seen.how = How::NotFound;
    }
    see_(seen);
    count(seen.how, post.call);
    const auto letter = letters_.find(number);
    if (letter != letters_.end() && seen.how != How::Busy) letter->second.is_taken = true;
}

void Callbacks::count(CallbackAnswered::How how, const CallName& call) {
    using How = CallbackAnswered::How;
    if (how == How::Busy) counters_.count("a callback was answered busy");
    if (how == How::NotTaken) counters_.count("a callback was not taken");
    if (how != How::Taken) return;
    counters_.count(call.phase == Phase::Action ? "a callback was taken"
                                                : "a callback of a compensation was taken");
    if (is_out_(call)) counters_.count("a callback came before the 202");
}

Time Callbacks::way() {
    if (is_healed_) return Time{1};
    return Time{random_.chance(6) ? random_.between(300, 8'000) : random_.between(0, 30)};
}

}  // namespace skald::simulation
