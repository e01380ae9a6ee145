#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

/// A child that had completed, and that its parent turned.
bool was_turned(const SagaFacts& saga, std::int64_t now) {
    return saga.ended_as == "completed" && saga.turned_by_parent_at &&
           *saga.turned_by_parent_at <= now;
}

}  // namespace

/// I14: nothing is sent for what ended. An answer to a call that was out when the saga was
/// abandoned may come, and so may its request: only what leaves skald is looked at. A child that
/// completed may be undone, when its parent turned.
///
/// suspended: nothing is sent from the answer to a Suspend until somebody asks for a Resume. A
/// repeat of an older Suspend says nothing, if a Resume was asked for since its first post.
void judge_rest(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    const bool is_turned = was_turned(saga, now) && call.phase == Phase::Undo;
    if (!saga.ended_as.empty() && !is_turned) {
        breaches.add("I14", saga.id,
                     described(saga, call) + " was sent for what is " + std::string(saga.ended_as));
    }
    if (saga.is_suspended) {
        breaches.add("suspended", saga.id, described(saga, call) + " was sent while suspended");
    }
}

/// I14. Stuck is no end, and a child's completion isn't when its parent turned it.
void judge_told_rest(const Facts& facts, const Seen& seen, const RestTold& rest,
                     Breaches& breaches) {
    const SagaFacts* saga = facts.saga(rest.saga);
    if (saga == nullptr) {
        breaches.add("foreign", rest.saga, "the end of a saga that no start made was told");
    } else if (!saga->ended_as.empty() && saga->ended_as != rest.status &&
               !was_turned(*saga, seen.engine_time)) {
        breaches.add("I14", saga->id,
                     "told to be " + rest.status + ", which is " + std::string(saga->ended_as));
    }
}

}  // namespace skald::simulation::oracle
