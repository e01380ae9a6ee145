#include <SQLiteCpp/SQLiteCpp.h>

#include "examples/events/nats_wire.h"
#include "examples/program/database.h"

/// Ships; to "the moon" it does not. Speaks NATS, and only NATS. There is no compensation: what is
/// on the lorry is gone.
int main(int argc, char** argv) {
    const auto arguments = events::read_arguments("event_shipping", "--nats", argc, argv);
    SQLite::Database database = program::open_database(arguments);
    events::Desk desk(database, "/shipping", events::Knows::Sagas);

    desk.on_action({"shipping.ship", "shipping.shipped", "shipping.refused"},
                   [](order::Ledger& ledger, const std::string& key, const nlohmann::json& data) {
                       if (data.at("to").get<std::string>() == "the moon") {
                           return events::refused("nobody drives to the moon");
                       }
                       const auto order_id = data.at("order_id").get<std::string>();
                       ledger.write({key, "shipped", 1, order_id});
                       return events::done({{"shipment_id", "shipment-of-" + order_id},
                                            {"reservation", data.at("reservation")}});
                   });

    events::run(desk, arguments, [&] {
        return events::nats_wire(arguments.text("--nats"),
                                 {"SHIPPING_COMMANDS", "shipping.commands"}, "shipping",
                                 {"SHIPPING_EVENTS", "shipping.events"});
    });
}
