#include <SQLiteCpp/SQLiteCpp.h>

#include "examples/events/pull_wire.h"
#include "examples/program/database.h"

/// Reserves stock, and releases it. Hears "inventory.commands" by a pull subscription, and knows
/// that it is asked by sagas.
int main(int argc, char** argv) {
    const auto arguments = events::read_arguments("event_inventory", "--skald", argc, argv);
    SQLite::Database database = program::open_database(arguments);
    events::Desk desk(database, "/inventory", events::Knows::Sagas);

    desk.on_action({"inventory.reserve", "inventory.reserved", "inventory.rejected"},
                   [](order::Ledger& ledger, const std::string& key, const nlohmann::json& data) {
                       std::int64_t pieces = 0;
                       for (const nlohmann::json& item : data.at("items")) {
                           pieces += item.at("quantity").get<std::int64_t>();
                       }
                       if (pieces < 1) {
                           return events::refused("nothing to reserve");
                       }
                       const auto order_id = data.at("order_id").get<std::string>();
                       ledger.write({key, "reserved", pieces, order_id});
                       return events::done({{"reservation_id", "reservation-of-" + order_id}});
                   });
    desk.on_compensation(
        {"inventory.release", "inventory.released", "inventory.reserve", "released"});

    events::run(desk, arguments, [&] {
        return events::pull_wire(arguments.text("--skald"), "inventory", "inventory.events");
    });
}
