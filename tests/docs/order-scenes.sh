# What happens behind the examples of docs/operations.md: sagas that get into trouble on the stage
# (stage.sh). Sourced by run-examples.
#
# The examples see SKALD_SERVER, and the addresses INVENTORY, PAYMENT and SHIPPING.
# shellcheck shell=bash

# shellcheck source=tests/docs/stage.sh
. "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

# --- The definitions -----------------------------------------------------------------------------

order_definition() { definition_in_stage <"$TREE/examples/order/order.json"; }

# One whose reservation is undone by a call that inventory does not know.
parcel_definition() {
    order_definition | jq --arg url "http://127.0.0.1:${ports[inventory]}/cancellations" \
        '.name = "parcel" | .steps[0].compensation.http = {method: "POST", url: $url}'
}

# --- The scenes ----------------------------------------------------------------------------------

scene_busy_day() { start_ten_thousand; }

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
    end_process payment KILL
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
    end_process payment KILL && start order order-4730 "$(order_input 4730 visa)" &&
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

scene_stop_server() { end_process skald TERM; }
scene_start_server() { start_skald; }

# --- Before the first example ----------------------------------------------------------------------

for participant in inventory payment shipping; do start_participant $participant; done
start_skald
export SKALD_SERVER=http://127.0.0.1:${ports[skald]}
export SHIPPING=http://127.0.0.1:${ports[shipping]} PAYMENT=http://127.0.0.1:${ports[payment]}
export INVENTORY=http://127.0.0.1:${ports[inventory]}
for definition in order invoice parcel receipt; do
    "${definition}_definition" | register $definition ||
        { echo "definition $definition was not taken" >&2 && exit 2; }
done
