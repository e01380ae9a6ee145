# What happens behind the examples of docs/events.md. Sourced by run-examples.
# shellcheck shell=bash

# shellcheck source=tests/docs/stage.sh
. "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

step_is() { # ID STEP STATUS
    [ "$(curl --silent "$SKALD_SERVER/v1/sagas/$1" |
        jq --raw-output --arg step "$2" '.steps[] | select(.name == $step).status')" = "$3" ]
}

# On the port that the document names.
scene_all_is_up() {
    # shellcheck disable=SC2034,SC2079  # It is run-examples' own, and its keys are text.
    stands_for=([localhost:8080]=127.0.0.1:${ports[skald]})
}

# A saga without a call, the first that this server runs.
scene_a_saga_ran() {
    jq --null-input '{name: "note", steps: [{name: "rest", action: {wait: {for: "1ms"}}}]}' |
        register note && start note note-1 null && wait_until status_is note-1 completed
}

# The definition that the document shows, as the file that it names.
scene_purchase_is_saved() {
    awk '/^```json$/ {text = ""; is_in = 1; next}
         /^```$/ {if (is_in && text ~ /"name": "purchase"/) printf "%s", text; is_in = 0}
         is_in {text = text $0 "\n"}' "$TREE/docs/events.md" >purchase.json
}

scene_events_are_copied() { wait_until test_copies; }
test_copies() {
    curl --silent "$SKALD_SERVER/v1/topics/audit" | jq --exit-status '.last == 2' >/dev/null
}

scene_charge_is_asked_for() { wait_until step_is p-7 charge waiting; }
scene_pick_up_waits() { wait_until step_is p-7 pick-up waiting; }
scene_it_is_journaled() {
    wait_until test_journal
}
test_journal() {
    curl --silent "$SKALD_SERVER/v1/sagas/p-7/history" |
        jq --exit-status '.items[-1].type == "late"' >/dev/null
}

# --- Before the first example ----------------------------------------------------------------------

export SKALD_SECRET_WEBHOOK_KEY=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
start_skald
export SKALD_SERVER=http://127.0.0.1:${ports[skald]}
