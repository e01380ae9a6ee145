# What happens behind the examples of docs/operations.md: three real participants, a real skald, and
# sagas that get into trouble. Sourced by run-examples; needs SKALD (the binary), PARTICIPANTS (the
# folder of inventory, payment and shipping) and ORDER (examples/order/order.json).
#
# The examples see: skald in PATH, SKALD_SERVER, the addresses INVENTORY, PAYMENT and SHIPPING, and a
# folder of their own to work in, where skald.db lies.
# shellcheck shell=bash

: "${SKALD:?}" "${PARTICIPANTS:?}" "${ORDER:?}"
unset SKALD_TOKEN
scenes_folder=$(mktemp -d)
mkdir "$scenes_folder/bin" "$scenes_folder/work" "$scenes_folder/participants"
cd "$scenes_folder/work" || exit 2
declare -A pids=() ports=()

scenes_end() { # EXIT_CODE
    local pid
    if [ "$1" -ne 0 ]; then
        echo "--- the end of skald's log" >&2
        tail -n 20 "$scenes_folder/skald.log" >&2
    fi
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
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
    local folder=$scenes_folder/participants
    rm -f "$folder/$1.port"
    "$PARTICIPANTS/$1" --port "${ports[$1]:-0}" --db "$folder/$1.db" --port-file "$folder/$1.port" \
        >>"$folder/$1.log" 2>&1 </dev/null &
    pids[$1]=$!
    disown
    ports[$1]=$(port_of "$folder/$1.port")
}

kill_participant() { # NAME
    kill -KILL "${pids[$1]}"
    wait_until is_gone "${pids[$1]}"
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }

start_skald() {
    rm -f "$scenes_folder/port"
    "$SKALD" serve --db "$scenes_folder/work/skald.db" --listen "127.0.0.1:${ports[skald]:-0}" \
        --port-file "$scenes_folder/port" >>"$scenes_folder/skald.log" 2>&1 </dev/null &
    pids[skald]=$!
    disown
    ports[skald]=$(port_of "$scenes_folder/port")
}

stop_skald() {
    kill -TERM "${pids[skald]}"
    wait_until is_gone "${pids[skald]}"
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

# --- The definitions -----------------------------------------------------------------------------

# That of examples/order, with tries that fit the patience of a test.
order_definition() {
    sed "s/127\.0\.0\.1:9001/127.0.0.1:${ports[inventory]}/
         s/127\.0\.0\.1:9002/127.0.0.1:${ports[payment]}/
         s/127\.0\.0\.1:9003/127.0.0.1:${ports[shipping]}/" "$ORDER" |
        jq '(.steps[] | select(.name == "charge")) +=
                {retry: {maximum_attempts: 1000000, initial_interval: "50ms", maximum_interval: "200ms"}} |
            (.steps[] | select(.name == "ship")) +=
                {retry: {maximum_attempts: 3, initial_interval: "20ms"}}'
}

# A charge that waits for a decision when nobody knows whether it was made.
invoice_definition() {
    order_definition | jq '.name = "invoice" | .steps |= map(select(.name == "charge")) |
        .steps[0] += {in_doubt: "park", timeout: "300ms",
                      retry: {maximum_attempts: 2, initial_interval: "20ms"}} | del(.output)'
}

# One whose reservation is undone by a call that inventory does not know.
parcel_definition() {
    order_definition | jq --arg url "http://127.0.0.1:${ports[inventory]}/cancellations" \
        '.name = "parcel" | .steps[0].compensation.http = {method: "POST", url: $url}'
}

receipt_definition() {
    jq --null-input --arg url "http://127.0.0.1:${ports[payment]}/receipts" \
        '{name: "receipt", steps: [{name: "print", when: "$input.on_paper",
          action: {http: {method: "POST", url: $url}}, compensation: "none"}]}'
}

# --- The scenes ----------------------------------------------------------------------------------

# Ten thousand sagas that went well.
scene_busy_day() {
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
        wait_until is_held "order-$1/ship/action" && kill_participant shipping &&
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
        wait_until has_unread shipping && kill_participant shipping &&
        wait_until status_is "order-$1" stuck && start_participant shipping
}

scene_bad_night() {
    start order order-4712 "$(order_input 4712 declined)" &&
        wait_until status_is order-4712 compensated &&
        ship_and_die 4713 && ship_and_die 4714 &&
        die_before_shipping 4715 && die_before_shipping 4716 && die_before_shipping 4717 &&
        start invoice invoice-17 "$(order_input 17 takes-then-silent)" &&
        wait_until status_is invoice-17 stuck &&
        start parcel parcel-8 "$(order_input 8 declined)" && wait_until status_is parcel-8 stuck
}

all_fail_for() { # DURATION COUNT
    [ "$(curl --silent "$SKALD_SERVER/v1/sagas?failing=$1" | jq '.items | length')" = "$2" ]
}

scene_payment_down() {
    local number
    kill_participant payment
    for number in 4721 4722 4723; do
        start order "order-$number" "$(order_input "$number" visa)" || return 1
    done
    wait_until all_fail_for 1s 3
}
scene_payment_up() { start_participant payment; }

scene_payment_orders_done() {
    local number
    for number in 4721 4722 4723; do wait_until status_is "order-$number" completed || return 1; done
}

# A database of which one page was overwritten.
scene_damage() {
    "$SKALD" backup --server "$SKALD_SERVER" damaged.db >/dev/null &&
        dd if=/dev/zero of=damaged.db bs=1 seek=100 count=3996 conv=notrunc status=none
}

# An order that is in the middle when the backup is made.
scene_before_the_backup() {
    kill_participant payment && start order order-4730 "$(order_input 4730 visa)" &&
        wait_until all_fail_for 10ms 1
}

# It ends, and two more come, one under an id of Skald's.
scene_after_the_backup() {
    start_participant payment && wait_until status_is order-4730 completed &&
        start order order-4731 "$(order_input 4731 visa)" &&
        wait_until status_is order-4731 completed &&
        post '/v1/sagas?wait=30s' "{\"definition\": \"order\", \"input\": $(order_input 4732 visa)}" |
        jq --exit-status '.status == "completed"' >/dev/null
}

scene_stop_server() { stop_skald; }
scene_start_server() { start_skald; }

# --- Before the first example ----------------------------------------------------------------------

# As on a terminal: tables, but for what goes into a pipe.
cat >"$scenes_folder/bin/skald" <<WRAPPER
#!/usr/bin/env bash
[ -p /dev/stdout ] || [ "\$1" = serve ] || set -- -o table "\$@"
exec "$SKALD" "\$@"
WRAPPER
chmod +x "$scenes_folder/bin/skald"
export PATH=$scenes_folder/bin:$PATH

for participant in inventory payment shipping; do start_participant $participant; done
start_skald
export SKALD_SERVER=http://127.0.0.1:${ports[skald]}
export SHIPPING=http://127.0.0.1:${ports[shipping]} PAYMENT=http://127.0.0.1:${ports[payment]}
export INVENTORY=http://127.0.0.1:${ports[inventory]}
for definition in order invoice parcel receipt; do
    "${definition}_definition" | register $definition ||
        { echo "definition $definition was not taken" >&2 && exit 2; }
done
