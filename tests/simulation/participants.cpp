#include "tests/simulation/participants.h"

namespace skald::simulation {
namespace {

using Did = Handled::Did;

constexpr int kRefusals[] = {400, 404, 409, 418, 422, 302};
constexpr int kBadStatuses[] = {500, 502, 503, 503, 408, 425, 429, 429};
constexpr int kAccepted = 202;

}  // namespace

Participants::Manner Participants::make_manner(Phase phase) {
    Manner manner;
    if (is_healed_) return manner;
    const bool is_action = phase == Phase::Action;
    if (random_.chance(is_action ? 12 : 5)) {
        manner.kind = Manner::Kind::Refuses;
        manner.refusal = kRefusals[random_.below(std::size(kRefusals))];
    }
    if (random_.chance(25)) manner.bad_tries = static_cast<std::uint32_t>(random_.between(1, 4));
    if (random_.chance(2)) manner.bad_tries = 30;
    manner.hides_effect = random_.chance(10);
    manner.dislikes_repeats = random_.chance(15);
    manner.puts_off = random_.chance(80);
    return manner;
}

Participants::Book& Participants::book(const CallName& call, Phase phase) {
    const auto [found, is_new] = books_.try_emplace(Key{call.saga, call.place(), phase});
    if (is_new) found->second.manner = make_manner(phase);
    return found->second;
}

ParticipantReply Participants::bad_reply() {
    ParticipantReply reply{kBadStatuses[random_.below(std::size(kBadStatuses))], {}};
    if (random_.one_in(6)) reply.status = 0;
    if (reply.status >= 425 && random_.one_in(3))
        reply.retry_after = Time{random_.between(0, 3) * 1'000};
    return reply;
}

Participants::Dealt Participants::handle(const ParticipantRequest& request) {
    Book& mine = book(request.call, request.call.phase);
    ++mine.requests;
    const bool is_put_off = request.may_call_back && mine.manner.puts_off && !random_.one_in(6);
    if (is_put_off) return {Did::Nothing, {kAccepted, {}}, true};
    return deal(request, mine);
}

Participants::Dealt Participants::deal(const ParticipantRequest& request, Book& mine) {
    if (mine.has_effect) {
        counters_.count("a repeat was remembered");
        const bool is_strict = mine.manner.dislikes_repeats && !is_healed_;
        return {Did::Remembered, {is_strict ? 409 : 200, {}}};
    }
    // Healed, it says no in a way that nobody can take for anything else.
    if (mine.is_refused) return {Did::Nothing, {is_healed_ ? 409 : mine.manner.refusal, {}}};
    if (mine.is_barred) {
        counters_.count("an action came after its compensation");
        return {Did::Nothing, {409, {}}};
    }
    if (!is_healed_ && mine.requests <= mine.manner.bad_tries) return {Did::Nothing, bad_reply()};
    return request.call.phase == Phase::Action ? decide_action(mine) : decide_undo(request, mine);
}

/// A callback is not read by a table: whoever sends one knows what he did. So it says "failure"
/// only where nothing was done, and nothing ever will be; and it never denies an effect.
Participants::Decided Participants::decide(const ParticipantRequest& request) {
    Book& mine = book(request.call, request.call.phase);
    const Dealt dealt = deal(request, mine);
    if (mine.has_effect) {
        const bool hides =
            dealt.did == Did::Effect && dealt.reply.status != 200 && dealt.reply.status != 201;
        if (!hides) return {dealt.did, Word::Success};
        return {dealt.did, random_.one_in(2) ? std::optional(Word::Unknown) : std::nullopt};
    }
    const bool is_undo = request.call.phase == Phase::Undo;
    if (mine.is_refused || mine.is_barred) return {dealt.did, Word::Failure};
    if (is_undo && dealt.reply.status == 409) return {dealt.did, Word::Failure};
    const bool is_done = is_undo && (dealt.reply.status == 200 || dealt.reply.status == 404);
    if (is_done) return {dealt.did, Word::Success};
    if (dealt.reply.status == 0) return {dealt.did, std::nullopt};
    return {dealt.did,
            dealt.reply.status >= 425 && random_.one_in(2) ? Word::Retry : Word::Unknown};
}

Participants::Decided Participants::receive(const ParticipantRequest& request) {
    ++book(request.call, request.call.phase).requests;
    return decide(request);
}

Participants::Dealt Participants::decide_action(Book& mine) {
    if (mine.manner.kind == Manner::Kind::Refuses) {
        mine.is_refused = true;
        return {Did::Nothing, {mine.manner.refusal, {}}};
    }
    mine.has_effect = true;
    if (mine.manner.hides_effect && !is_healed_) {
        counters_.count("an effect was hidden");
        return {Did::Effect, {random_.one_in(2) ? 500 : 0, {}}};
    }
    return {Did::Effect, {random_.one_in(3) ? 201 : 200, {}}};
}

Participants::Dealt Participants::decide_undo(const ParticipantRequest& request, Book& mine) {
    // A refusal of an undo isn't kept: when people have mended what was wrong, it works.
    if (mine.manner.kind == Manner::Kind::Refuses && !is_healed_) {
        return {Did::Nothing, {409, {}}};
    }
    if (!request.is_of_child) {
        Book& action = book(request.call, Phase::Action);
        if (!action.has_effect) {
            counters_.count("a null compensation");
            action.is_barred = true;
            return {Did::Nothing, {request.is_delete ? 404 : 200, {}}};
        }
    }
    mine.has_effect = true;
    if (mine.manner.hides_effect && !is_healed_) return {Did::Effect, {500, {}}};
    return {Did::Effect, {200, {}}};
}

}  // namespace skald::simulation
