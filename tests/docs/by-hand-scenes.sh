# What happens behind the examples of README.md and docs/api.md, which start everything themselves, on
# the usual ports: here it gets free ones. Sourced by run-examples.
# shellcheck shell=bash

# shellcheck source=tests/docs/stage.sh
. "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

# --- On free ports -------------------------------------------------------------------------------

# Each program says which process it is, and where it listens. Of a flag that comes twice, the last
# counts.
participants_folder=$scenes_folder/work
for program in inventory payment shipping; do
    cat >"$scenes_folder/bin/$program" <<WRAPPER
#!/usr/bin/env bash
echo \$\$ >$program.pid
exec "$PARTICIPANTS/$program" "\$@" --port 0 --port-file $program.port
WRAPPER
    chmod +x "$scenes_folder/bin/$program"
done
sed -i "2i [ \"\$1\" != serve ] || echo \$\$ >skald.pid" "$scenes_folder/bin/skald"
export SKALD_LISTEN=127.0.0.1:0 SKALD_PORT_FILE=skald.port
mkdir build

scene_all_is_up() {
    local program
    for program in inventory payment shipping skald; do
        ports[$program]=$(port_of $program.port) && pids[$program]=$(<$program.pid) || return 1
    done
    disown -a
    # shellcheck disable=SC2034,SC2079  # It is run-examples' own, and its keys are text.
    stands_for=([localhost:8080]=127.0.0.1:${ports[skald]}
                [127.0.0.1:9001]=127.0.0.1:${ports[inventory]}
                [127.0.0.1:9002]=127.0.0.1:${ports[payment]}
                [127.0.0.1:9003]=127.0.0.1:${ports[shipping]})
    export SKALD_SERVER=http://127.0.0.1:${ports[skald]} SHIPPING=http://127.0.0.1:${ports[shipping]}
}

# --- The definitions -----------------------------------------------------------------------------

order_definition() { definition_in_stage <"$order"; }

# The definition that README.md shows, as the file that it names.
scene_order_is_saved() {
    order=$scenes_folder/shown.json
    sed -n '/^```json$/,/^```$/ {/^```/d; p}' "$TREE/README.md" >"$order"
    order_definition >order.json
}

# The one that docs/api.md takes from the tree.
scene_tree_is_here() {
    order=$TREE/examples/order/order.json
    mkdir -p examples/order && order_definition >examples/order/order.json
}

# --- Waits ---------------------------------------------------------------------------------------

delivery_waits() {
    local saga=$SKALD_SERVER/v1/sagas/delivery-1
    [ "$(curl --silent "$saga" | jq --raw-output '.steps[1].status')" = waiting ]
}
scene_delivery_waits() { wait_until delivery_waits; }

# --- Good days and bad nights --------------------------------------------------------------------

scene_ten_thousand_orders_later() {
    receipt_definition | register receipt && start_ten_thousand
}

# A saga for each thing that an operator can do, from order-$1 on.
bad_night() { # NUMBER
    ship_and_die "$1" && die_before_shipping $(($1 + 1)) && die_before_shipping $(($1 + 2)) &&
        start invoice "invoice-$(($1 + 3))" "$(order_input $(($1 + 3)) takes-then-silent)" &&
        wait_until status_is "invoice-$(($1 + 3))" stuck
}
scene_bad_night() { invoice_definition | register invoice && bad_night 17; }
scene_another_night() {
    wait_until status_is order-17 completed && wait_until status_is invoice-20 compensated &&
        bad_night 27
}
