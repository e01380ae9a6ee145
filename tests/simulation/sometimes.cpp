#include "tests/simulation/simulation.h"

namespace skald::simulation {

std::span<const std::string_view> sometimes() {
    static constexpr std::string_view kNames[] = {
        // How sagas end.
        "sagas completed", "sagas compensated", "sagas abandoned", "stuck in the end",
        // What tries come to.
        "tries: success", "tries: failure", "tries: retry", "tries: unknown",
        "a try beyond the 16th", "timers fired",
        // The way, and the participants.
        "a call was lost", "a request was lost", "a request was doubled", "a reply was lost",
        "a reply came too late", "a call was taken back unsent", "a repeat was remembered",
        "an effect was hidden", "a null compensation", "an action came after its compensation",
        // Clients and operators.
        "a start was repeated", "a start was answered busy", "cancel applied", "cancel refused",
        "retry applied", "retry refused", "resolve applied", "resolve refused", "abandon applied",
        "suspend applied", "resume applied", "a cancel waited for the pivot",
        // The process and its disk.
        "it was killed", "the power failed", "it ended itself", "a crash within a commit",
        "a crash within a checkpoint", "a crash within a recovery", "sectors lost", "writes torn",
        "disk full", "space ran low", "syncs failed", "the clock jumped",
        "a start with the clock set back was refused",
        // Waits, and parking.
        "a wait was over", "woken by a timer", "woken by an operator", "woken by a callback",
        "woken by a child or parent", "woken by a lock", "a load raced with an event",
        "a saga went on in the commit of its event", "a saga could not be loaded at once",
        "a saga that was over was loaded", "a crash while a saga was parked",
        "a crash while something was loaded",
        // Callbacks.
        "a call was put off", "a callback was taken", "a callback of a compensation was taken",
        "a callback came before the 202", "a callback came twice", "a callback was not taken",
        "a callback was never sent", "a callback was lost", "a callback met no process",
        "a callback did not come in time", "a callback of a compensation did not come in time",
        "a late callback was journaled",
        // Events that sagas publish, and what comes of them.
        "an event of a step", "an event of a compensation", "an event without a reply",
        "an event of an element", "an event was asked for again",
        "an event was held back by a suspension", "a command came twice", "a reply settled a step",
        "a reply settled a compensation", "a reply was a refusal", "a reply was found by a value",
        "a reply did not come in time", "a reply of a compensation did not come in time",
        "a reply was never sent", "a reply under two ids", "a reply of a wrong type",
        "a reply to a wrong topic", "a reply for another", "a late event was journaled",
        "an event was journaled after the end",
        // Waits for events, and publishers.
        "a wait for an event was over", "an event of a wait did not come",
        "an event was there before its wait", "an event settled several sagas",
        "an event was published again", "a post got no answer", "a post met no process",
        "a post was answered busy", "woken by an event of the log",
        "a crash between an event and the row of it",
        // Subscriptions.
        "a subscription was made or changed", "a subscription was deleted",
        "a subscription was made again", "a subscription has another version",
        "a subscription was rewound", "a subscription went back", "events were fetched",
        "a fetched event came again", "what was fetched did not arrive", "a subscriber died",
        "a subscriber was too slow, or forgot it", "a stale lease was answered",
        "a lease of a process before was answered", "an event was pushed", "a push was repeated",
        "a push was not answered in time", "a push was signed with a wrong secret",
        "a receiver failed", "a receiver was away", "a reply to a push was lost",
        "an event was settled before an earlier one", "a filter passed over an event",
        "a change of a saga was delivered", "a crash while events were out",
        "events were read in several pages", "a dead letter of a pull subscription",
        "a dead letter of a push subscription", "dead letters were delivered again",
        "dead letters were thrown away",
        // Triggers, and bridges.
        "a saga was started by an event", "a start by an event was asked for again",
        "a crash between a trigger's start and its settling", "a dead letter of a trigger",
        "a bridge was made or changed", "a bridge was deleted", "an event went out over a bridge",
        "the broker stored an event", "the broker dropped a repeat", "the broker was away",
        "the broker did not answer", "the broker stored an event, and its answer was lost",
        "events came in over a bridge", "what came in over a bridge did not go out",
        // Children.
        "a child", "a grandchild", "a child of an element", "a child ran as a compensation",
        "a child was cancelled by its parent", "a child was undone after it had completed",
        "a crash between a child's end and its parent's row", "a call had a second child",
        "waits in the end for what is stuck",
        // Elements, and locks.
        "a call of an element", "element: succeeded", "element: failed", "element: in_doubt",
        "element: compensated", "element: cancelled", "element: stuck",
        "resolve of an element applied", "retry of an element applied",
        "a lock was granted after a crash", "a crash between an end and the next grant",
        "a saga gave up waiting for its lock",
        // Rows of the journal, each kind, and states of steps in the end.
        "row: begun", "row: answered", "row: unsendable", "row: due", "row: deadline_passed",
        "row: cancelled", "row: retried", "row: resolved", "row: abandoned", "row: suspended",
        "row: resumed", "row: late", "row: lock_granted", "row: called_back", "row: parent_turned",
        "step: succeeded", "step: skipped", "step: failed", "step: in_doubt", "step: compensated",
        "step: stuck", "step: cancelled"};
    return kNames;
}

}  // namespace skald::simulation
