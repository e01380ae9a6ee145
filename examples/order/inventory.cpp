#include "examples/barrier/barrier.h"
#include "examples/order/participant.h"

/// Reserves stock, and releases it.
int main(int argc, char** argv) {
    order::Participant inventory("inventory", argc, argv);

    inventory.on_action("/reservations", [](order::Ledger& ledger, const order::Call& call) {
        std::int64_t pieces = 0;
        for (const nlohmann::json& item : call.body.at("items")) {
            pieces += item.at("quantity").get<std::int64_t>();
        }
        if (pieces < 1) {
            return order::answer(409, {{"reason", "nothing to reserve"}});
        }
        const auto order_id = call.body.at("order_id").get<std::string>();
        ledger.write({call.key, "reserved", pieces, order_id});
        return order::answer(201, {{"reservation_id", "reservation-of-" + order_id}});
    });
    inventory.on_compensation_by_path("/reservations/by-key/", "released");

    return inventory.run();
}
