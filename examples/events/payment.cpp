#include <SQLiteCpp/SQLiteCpp.h>

#include "examples/events/pull_wire.h"
#include "examples/program/database.h"

/// Charges cards, and refunds; the card "declined" is refused. It has never heard of sagas: an
/// order is charged once and refunded once, and the reply says of which order it speaks.
int main(int argc, char** argv) {
    const auto arguments = events::read_arguments("event_payment", "--skald", argc, argv);
    SQLite::Database database = program::open_database(arguments);
    events::Desk desk(database, "/payment", events::Knows::Orders);

    desk.on_action(
        {"payment.charge", "payment.charged", "payment.declined"},
        [](order::Ledger& ledger, const std::string& key, const nlohmann::json& data) {
            if (data.at("card").get<std::string>() == "declined") {
                return events::refused("the card was declined");
            }
            const auto order_id = data.at("order_id").get<std::string>();
            ledger.write({key, "charged", data.at("amount").get<std::int64_t>(), order_id});
            return events::done({{"charge_id", "charge-of-" + order_id}});
        });
    desk.on_compensation({"payment.refund", "payment.refunded", "payment.charge", "refunded"});

    events::run(desk, arguments, [&] {
        return events::pull_wire(arguments.text("--skald"), "payment", "payment.events");
    });
}
