#include "examples/barrier/barrier.h"
#include "examples/order/participant.h"

/// Ships. There is no compensation: what is on the lorry is gone.
int main(int argc, char** argv) {
    order::Participant shipping("shipping", argc, argv);

    shipping.on_action("/shipments", [](order::Ledger& ledger, const order::Call& call) {
        const auto order_id = call.body.at("order_id").get<std::string>();
        ledger.write({call.key, "shipped", 1, order_id});
        return order::answer(
            201, {{"id", "shipment-of-" + order_id}, {"reservation", call.body.at("reservation")}});
    });

    return shipping.run();
}
