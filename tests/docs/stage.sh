# What the scenes of documents are made of: real participants, a real skald, and ways to bring sagas
# into trouble. Sourced by the files of scenes; needs SKALD (the binary), PARTICIPANTS (the
# folder of inventory, payment and shipping) and TREE (the root of the sources).
#
# The examples see skald in PATH, and a folder of their own to work in, where skald.db lies. With
# KILL_AFTER_EXAMPLES=yes a running skald is killed with -9 after each example, and started again.
# shellcheck shell=bash

: "${SKALD:?}" "${PARTICIPANTS:?}" "${TREE:?}"
unset SKALD_TOKEN
scenes_folder=$(mktemp -d)
mkdir "$scenes_folder/bin" "$scenes_folder/work" "$scenes_folder/participants"
participants_folder=$scenes_folder/participants
cd "$scenes_folder/work" || exit 2
declare -A pids=() ports=()

scenes_end() { # EXIT_CODE
    local pid
    if [ "$1" -ne 0 ]; then
        echo "--- the end of skald's log" >&2
        cat "$scenes_folder"/{.,work}/skald.log 2>/dev/null | tail -n 20 >&2
    fi
    for pid in "${pids[@]}" $(jobs -p); do kill -KILL "$pid" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$scenes_folder"
}

# Tries "$@" until it succeeds, for at most 30 s.
wait_until() {
    local until=$((SECONDS + 30))
    while [ $SECONDS -lt $until ]; do
        "$@" && return 0
        sleep 0.02
    done
    echo "waited in vain for: $*" >&2
    return 1
}

port_of() { # FILE
    wait_until test -s "$1" && tr -dc 0-9 <"$1"
}

start_participant() { # NAME: on the port that it had, or on a free one.
    local folder=$participants_folder
    rm -f "$folder/$1.port"
    "$PARTICIPANTS/$1" --port "${ports[$1]:-0}" --db "$folder/$1.db" --port-file "$folder/$1.port" \
        >>"$folder/$1.log" 2>&1 </dev/null &
    pids[$1]=$!
    disown
    ports[$1]=$(port_of "$folder/$1.port")
}

end_process() { # NAME SIGNAL
    kill "-$2" "${pids[$1]}" && wait_until is_gone "${pids[$1]}" && unset "pids[$1]"
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# On the port that it had, or on a free one. Somebody's connection may have taken that port for its
# own end meanwhile: it is tried again then.
start_skald() {
    rm -f "$scenes_folder/port"
    wait_until launch_skald
    ports[skald]=$(port_of "$scenes_folder/port")
}
launch_skald() {
    "$SKALD" serve --db "$scenes_folder/work/skald.db" --listen "127.0.0.1:${ports[skald]:-0}" \
        --port-file "$scenes_folder/port" >>"$scenes_folder/skald.log" 2>&1 </dev/null &
    pids[skald]=$!
    disown
    wait_until is_up_or_gone "${pids[skald]}"
    test -s "$scenes_folder/port"
}
is_up_or_gone() { [ -s "$scenes_folder/port" ] || is_gone "$1"; }

scenes_after_example() {
    [ "${KILL_AFTER_EXAMPLES:-no}" = yes ] && [ -n "${pids[skald]:-}" ] || return 0
    end_process skald KILL && start_skald
}

post() { # PATH JSON: the answer.
    curl --silent --max-time 30 --header 'Content-Type: application/json' --data "$2" \
        "$SKALD_SERVER$1"
}

status_is() { # ID STATUS
    [ "$(curl --silent "$SKALD_SERVER/v1/sagas/$1" | jq --raw-output .status)" = "$2" ]
}

register() { # NAME, the definition on standard input
    curl --silent --fail --max-time 30 --request PUT --data @- --output /dev/null \
        --header 'Content-Type: application/json' "$SKALD_SERVER/v1/definitions/$1"
}

start() { # DEFINITION ID INPUT
    post /v1/sagas "{\"definition\": \"$1\", \"id\": \"$2\", \"input\": $3}" |
        jq --exit-status .id >/dev/null
}

order_input() { # NUMBER CARD
    printf '{"order_id": "o-%s", "items": [{"sku": "pen", "quantity": 2}], "amount": 12, "card": "%s"}' "$@"
}

# --- Definitions ---------------------------------------------------------------------------------

# A definition with the usual ports of the participants, at those of this run.
at_our_ports() {
    sed "s/127\.0\.0\.1:9001/127.0.0.1:${ports[inventory]}/
         s/127\.0\.0\.1:9002/127.0.0.1:${ports[payment]}/
         s/127\.0\.0\.1:9003/127.0.0.1:${ports[shipping]}/"
}

# An order's, at our ports, with tries that fit the patience of a test.
definition_in_stage() {
    at_our_ports |
        jq '(.steps[] | select(.name == "charge")) +=
                {retry: {maximum_attempts: 1000000, initial_interval: "50ms", maximum_interval: "200ms"}} |
            (.steps[] | select(.name == "ship")) +=
                {retry: {maximum_attempts: 3, initial_interval: "20ms"}}'
}

# A charge, as in `order_definition` of the scenes, that waits for a decision when nobody knows whether it was made.
invoice_definition() {
    order_definition | jq '.name = "invoice" | .steps |= map(select(.name == "charge")) |
        .steps[0] += {in_doubt: "park", timeout: "300ms",
                      retry: {maximum_attempts: 2, initial_interval: "20ms"}} | del(.output)'
}

receipt_definition() {
    jq --null-input --arg url "http://127.0.0.1:${ports[payment]}/receipts" \
        '{name: "receipt", steps: [{name: "print", when: "$input.on_paper",
          action: {http: {method: "POST", url: $url}}, compensation: "none"}]}'
}

# --- Good days and bad nights -----------------------------------------------------------------------

# Ten thousand sagas that went well.
start_ten_thousand() {
    local batch
    for batch in {0..9}; do
        jq --null-input --compact-output --argjson batch "$batch" \
            '{items: [range(1000) | {definition: "receipt", id: "receipt-\($batch * 1000 + .)",
              input: {on_paper: false}}]}' >"$scenes_folder/batch"
        post /v1/sagas/batch "@$scenes_folder/batch" |
            jq --exit-status 'all(.items[]; .status == 201)' >/dev/null || return 1
    done
}

is_held() { # KEY
    curl --silent "$SHIPPING/received" |
        jq --exit-status --arg key "$1" 'any(.key == $key and .held)' >/dev/null
}

# An order that shipping ships, and then dies over: nobody is told.
ship_and_die() { # NUMBER
    curl --silent --data '' --output /dev/null "$SHIPPING/hold"
    start order "order-$1" "$(order_input "$1" visa)" &&
        wait_until is_held "order-$1/ship/action" && end_process shipping KILL &&
        wait_until status_is "order-$1" stuck && start_participant shipping
}

# Whether bytes wait on a connection of the participant's (rx_queue of an established one).
has_unread() { # NAME
    awk -v port="$(printf ':%04X' "${ports[$1]}")" \
        'substr($2, 9) == port && $4 == "01" && substr($5, 10) != "00000000" {found = 1}
         END {exit !found}' /proc/net/tcp
}

# An order that shipping dies over before it has read it.
die_before_shipping() { # NUMBER
    kill -STOP "${pids[shipping]}"
    start order "order-$1" "$(order_input "$1" visa)" &&
        wait_until has_unread shipping && end_process shipping KILL &&
        wait_until status_is "order-$1" stuck && start_participant shipping
}

# --- Before the first example ----------------------------------------------------------------------

# As on a terminal: tables, but for what goes into a pipe.
cat >"$scenes_folder/bin/skald" <<WRAPPER
#!/usr/bin/env bash
[ -p /dev/stdout ] || [ "\$1" = serve ] || set -- -o table "\$@"
exec "$SKALD" "\$@"
WRAPPER
chmod +x "$scenes_folder/bin/skald"
export PATH=$scenes_folder/bin:$PATH
