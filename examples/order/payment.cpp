#include "examples/barrier/barrier.h"
#include "examples/order/participant.h"

/// Charges cards, and refunds. The card "declined" is refused; "takes-then-silent" is charged, but
/// the answer never comes: what a lost connection or a process that hangs looks like from outside.
int main(int argc, char** argv) {
    order::Participant payment("payment", argc, argv);

    payment.on_action("/charges", [](order::Ledger& ledger, const order::Call& call) {
        if (call.body.at("card").get<std::string>() == "declined") {
            return order::answer(402, {{"reason", "the card was declined"}});
        }
        const auto order_id = call.body.at("order_id").get<std::string>();
        ledger.write({call.key, "charged", call.body.at("amount").get<std::int64_t>(), order_id});
        return order::answer(201, {{"charge_id", "charge-of-" + order_id}});
    });
    payment.on_compensation("/refunds", "charge_key", "refunded");
    payment.stay_silent_when(
        [](const order::Call& call) { return call.body.value("card", "") == "takes-then-silent"; });

    return payment.run();
}
