#include "store/sqlite/bridge_table.h"

namespace skald::store::sqlite {

BridgeTable::BridgeTable(SQLite::Database& database)
    : latest_(database,
              "SELECT bridge.version, document.source FROM bridge CROSS JOIN bridge_version"
              " AS document ON document.bridge = bridge.name AND document.version = bridge.version"
              " WHERE bridge.name = ?"),
      set_version_(database,
                   "INSERT INTO bridge(name, version) VALUES (?, ?)"
                   " ON CONFLICT DO UPDATE SET version = excluded.version"),
      insert_version_(database,
                      "INSERT INTO bridge_version(bridge, version, source, created_at)"
                      " VALUES (?, ?, ?, ?)"),
      erase_versions_(database, "DELETE FROM bridge_version WHERE bridge = ?"),
      erase_(database, "DELETE FROM bridge WHERE name = ?") {}

BridgeOutcome BridgeTable::write(const PutBridge& put) {
    const BridgeOutcome outcome = decide(put, latest(put.name));
    const auto* written = std::get_if<BridgeWritten>(&outcome);
    if (written != nullptr && written->how != BridgeWritten::How::EqualToLatest) {
        set_version_.run(put.name, written->version);
        insert_version_.run(put.name, written->version, put.source, put.at);
    }
    return outcome;
}

BridgeOutcome BridgeTable::write(const DeleteBridge& deletion) {
    const BridgeOutcome outcome = decide(deletion, latest(deletion.name));
    if (std::holds_alternative<BridgeWritten>(outcome)) {
        erase_versions_.run(deletion.name);
        erase_.run(deletion.name);
    }
    return outcome;
}

std::optional<LatestBridge> BridgeTable::latest(const std::string& name) {
    Rows rows = latest_.query(name);
    if (!rows.next()) {
        return std::nullopt;
    }
    return LatestBridge{static_cast<std::uint32_t>(rows.integer(0)), rows.text(1)};
}

}  // namespace skald::store::sqlite
