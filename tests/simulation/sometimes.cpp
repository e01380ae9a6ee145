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
        // Rows of the journal, each kind, and states of steps in the end.
        "row: begun", "row: answered", "row: unsendable", "row: due", "row: deadline_passed",
        "row: cancelled", "row: retried", "row: resolved", "row: abandoned", "row: suspended",
        "row: resumed", "row: late", "step: succeeded", "step: skipped", "step: failed",
        "step: in_doubt", "step: compensated", "step: stuck", "step: cancelled"};
    return kNames;
}

}  // namespace skald::simulation
