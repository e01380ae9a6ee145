#include "tests/simulation/participants.h"

namespace skald::simulation {
namespace {

using Did = Handled::Did;

constexpr int kRefusals[] = {400, 404, 409, 418, 422, 302};
constexpr int kBadStatuses[] = {500, 502, 503, 503, 408, 425, 429, 429};

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
    return manner;
}

Participants::Book& Participants::book(const CallName& call, Phase phase) {
    const auto [found, is_new] = books_.try_emplace(Key{call.saga, call.step, phase});
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

Participants::Dealt Participants::handle(const CallName& call, bool is_delete) {
    Book& mine = book(call, call.phase);
    ++mine.requests;
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
    return call.phase == Phase::Action ? decide_action(mine) : decide_undo(call, mine, is_delete);
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

Participants::Dealt Participants::decide_undo(const CallName& call, Book& mine, bool is_delete) {
    // A refusal of an undo isn't kept: when people have mended what was wrong, it works.
    if (mine.manner.kind == Manner::Kind::Refuses && !is_healed_) {
        return {Did::Nothing, {409, {}}};
    }
    Book& action = book(call, Phase::Action);
    if (!action.has_effect) {
        counters_.count("a null compensation");
        action.is_barred = true;
        return {Did::Nothing, {is_delete ? 404 : 200, {}}};
    }
    mine.has_effect = true;
    if (mine.manner.hides_effect && !is_healed_) return {Did::Effect, {500, {}}};
    return {Did::Effect, {200, {}}};
}

}  // namespace skald::simulation
