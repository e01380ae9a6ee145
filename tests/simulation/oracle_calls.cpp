#include <algorithm>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

const CallFacts& facts_of(const SagaFacts& saga, const CallName& call) {
    return saga.at(call.place()).call(call.phase);
}

/// Its tries are numbered one by one: see kJournaledTries.
bool is_numbered(const SagaFacts& saga, const CallName& call) {
    const StepPlan& plan = saga.plan(call.step);
    return tries_max(plan, call.phase) || call.attempt <= kJournaledTries ||
           published(plan, call.phase) != nullptr;
}

/// I13. After a crash the last try is made again under its own number, for its answer may be lost:
/// so numbers are compared with those of this life, and with those whose answer the store held.
void judge_number(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    const CallFacts& facts = facts_of(saga, call);
    if (facts.is_out()) {
        breaches.add("I13", saga.id, described(saga, call) + " was sent while another try is out");
    } else if (!is_numbered(saga, call)) {
        return;
    } else if (facts.is_sent_in_life && call.attempt <= facts.attempt) {
        breaches.add("I13", saga.id,
                     described(saga, call) + " was sent after attempt " +
                         std::to_string(facts.attempt) + " in one life");
    } else if (call.attempt <= facts.journaled) {
        breaches.add("I18", saga.id,
                     described(saga, call) + " was sent, but the answer to attempt " +
                         std::to_string(facts.journaled) + " was durable");
    }
}

/// I18. Each Retry gives a fresh budget; one that was refused does too, here, if another post of it
/// got no answer.
void judge_budget(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    const auto limit = tries_max(saga.plan(call.step), call.phase);
    if (!limit) return;
    const std::uint64_t most = std::uint64_t{*limit} * (1u + saga.retries_of(call.place()));
    if (call.attempt > most) {
        breaches.add("I18", saga.id,
                     described(saga, call) + " is one more than " + std::to_string(most));
    }
}

/// I9. An answer that ended the tries ends them; unless it was lost in a crash (then it is not
/// among the facts), or an operator asked for a retry of what is stuck: after a failure, or after a
/// success whose output could not be made. One that was put off is not tried again by itself; its
/// compensation is, when no callback came in time.
void judge_settled(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    const CallFacts& facts = facts_of(saga, call);
    if (!facts.told || goes_on(facts.told->outcome)) return;
    const bool is_put_off = facts.told->outcome == Outcome::PutOff;
    const bool is_request = published(saga.plan(call.step), call.phase) == nullptr;
    if (is_put_off && is_request && call.phase == Phase::Undo) return;
    const bool is_success = facts.told->outcome == Outcome::Success;
    const bool may_be_stuck =
        !is_success || (call.phase == Phase::Action && saga.plan(call.step).output_fails);
    if (may_be_stuck && saga.may_be_retried_since(call.place(), facts.told->sent_at)) return;
    breaches.add("I9", saga.id,
                 described(saga, call) + " was sent after attempt " +
                     std::to_string(facts.told->attempt) + " had " +
                     (is_success   ? "succeeded"
                      : is_put_off ? "been put off"
                                   : "failed"));
}

/// backoff: the next try waits, in engine time. Not after an operator's retry. Of tries that are
/// not journaled, the first in a new life comes at once.
void judge_wait(const SagaFacts& saga, std::int64_t now, const CallName& call, Breaches& breaches) {
    const CallFacts& facts = facts_of(saga, call);
    const bool is_missed = facts.is_told(Outcome::PutOff) && call.phase == Phase::Undo;
    const bool follows = facts.told && (goes_on(facts.told->outcome) || is_missed) &&
                         call.attempt == facts.told->attempt + 1;
    if (!follows || !is_numbered(saga, call)) return;
    if (saga.may_be_retried_since(call.place(), facts.told->sent_at)) return;
    if (now < facts.told->next_not_before) {
        breaches.add("backoff", saga.id,
                     described(saga, call) + " was sent " +
                         std::to_string(facts.told->next_not_before - now) + " ms too early");
    }
}

}  // namespace

std::string described(const SagaFacts& saga, const CallName& call) {
    return (call.phase == Phase::Action ? "action " : "compensation ") +
           std::to_string(call.attempt) + " of " + saga.plan(call.step).name +
           (call.item ? "/" + std::to_string(*call.item) : "");
}

bool judge_foreign(const Facts& facts, const CallName& call, Breaches& breaches) {
    if (facts.saga_with(call) != nullptr) return true;
    breaches.add("foreign", call.saga,
                 facts.saga(call.saga) == nullptr
                     ? "a call for a saga that no start made, or that is gone"
                     : "a call for a step that its definition does not have");
    return false;
}

void judge_alive(const Facts& facts, const CallName& call, Breaches& breaches) {
    if (facts.is_alive()) return;
    const SagaFacts& saga = *facts.saga(call.saga);
    breaches.add("foreign", saga.id, described(saga, call) + " was sent by no process");
}

void judge_try(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    judge_number(saga, call, breaches);
    judge_budget(saga, call, breaches);
    judge_settled(saga, call, breaches);
    judge_wait(saga, now, call, breaches);
}

/// I17: of keys, and of the URLs for callbacks, which go with those calls that may be called back.
void judge_key(const Facts& facts, const Sent& sent, Keys& keys, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(sent.call.saga);
    const CallFacts& call = facts_of(saga, sent.call);
    const auto judge = [&](const char* what, const std::string& now, std::string_view before) {
        if (now.empty() || (!before.empty() && before != now)) {
            breaches.add("I17", saga.id,
                         described(saga, sent.call) + " has " + what + " \"" + now + "\" after \"" +
                             std::string(before) + "\"");
        }
        const CallName& first = *keys.emplace(now, &sent.call).first->second;
        const bool is_same = first.saga == sent.call.saga && first.place() == sent.call.place() &&
                             first.phase == sent.call.phase;
        if (!is_same) {
            breaches.add("I17", saga.id,
                         described(saga, sent.call) + " has the " + what +
                             " of another call of saga " + first.saga);
        }
    };
    judge("key", sent.key, call.key);
    const bool may_call_back = calls_back(saga.plan(sent.call.step), sent.call.phase);
    if (may_call_back) {
        judge("callback", sent.callback, call.callback);
    } else if (!sent.callback.empty()) {
        breaches.add("I17", saga.id, described(saga, sent.call) + " may not be called back");
    }
}

/// told-once: each try that was sent is answered at most once, in its own life; what was told to be
/// not sent was not sent. A call that never left may be told as not sent, again and again where it
/// was held back by a suspension.
void judge_told(const Facts& facts, const Told& told, Breaches& breaches) {
    const SagaFacts* saga = facts.saga_with(told.call);
    if (saga == nullptr) return;  // Its request was foreign.
    const CallFacts& call = facts_of(*saga, told.call);
    const bool is_out = std::any_of(call.out.begin(), call.out.end(), [&told](const auto& each) {
        return each.attempt == told.call.attempt;
    });
    if (told.what == Told::What::NotSent ? is_out : !is_out) {
        breaches.add("told-once", saga->id,
                     described(*saga, told.call) +
                         (is_out ? " was out, and told to be not sent" : " was told, but not out"));
    }
}

/// effect-once: the participants keep the barrier rule, whatever comes and however often; and they
/// are asked for nothing that was not sent.
void judge_handled(const Facts& facts, const Handled& handled, Breaches& breaches) {
    if (!judge_foreign(facts, handled.call, breaches)) return;
    const SagaFacts& saga = *facts.saga(handled.call.saga);
    const CallFacts& call = facts_of(saga, handled.call);
    if (!call.is_begun()) {
        breaches.add("foreign", saga.id, described(saga, handled.call) + " arrived, never sent");
    }
    if (handled.did == Handled::Did::Effect && call.has_effect) {
        breaches.add("effect-once", saga.id,
                     described(saga, handled.call) + " took effect a second time");
    }
}

}  // namespace skald::simulation::oracle
