#include "store/sqlite/delivery_table.h"

namespace skald::store::sqlite {

DeliveryTable::DeliveryTable(SQLite::Database& database)
    : end_(database, "DELETE FROM failed_delivery WHERE subscription = ? AND offset = ?"),
      fail_(database,
            "INSERT INTO failed_delivery(subscription, offset, attempts, next_at, error)"
            " SELECT key, ?2, ?3, ?4, ?5 FROM subscription WHERE key = ?1"
            " ON CONFLICT DO UPDATE SET attempts = excluded.attempts,"
            " next_at = excluded.next_at, error = excluded.error"),
      revive_(database,
              "UPDATE dead_letter SET is_revived = 1 WHERE subscription = ? AND offset = ?"),
      bury_(database, "DELETE FROM dead_letter WHERE subscription = ? AND offset = ?"),
      die_(database,
           "INSERT INTO dead_letter(subscription, offset, attempts, at, error, event, is_revived)"
           " SELECT key, ?2, ?3, ?4, ?5, ?6, ?7 FROM subscription WHERE key = ?1"
           " ON CONFLICT DO UPDATE SET attempts = excluded.attempts, at = excluded.at,"
           " error = excluded.error, event = excluded.event, is_revived = excluded.is_revived"),
      erase_failed_(database, "DELETE FROM failed_delivery WHERE subscription = ?"),
      erase_dead_(database, "DELETE FROM dead_letter WHERE subscription = ?") {}

void DeliveryTable::write(const SubscriptionRows& rows) {
    for (const DeliveryPlace& place : rows.ended) {
        end_.run(place.subscription, place.offset);
    }
    for (const FailedDelivery& failed : rows.failed) {
        fail_.run(failed.subscription, failed.offset, failed.attempts, failed.next_at,
                  failed.error);
    }
    for (const DeliveryPlace& place : rows.revived) {
        revive_.run(place.subscription, place.offset);
    }
    for (const DeliveryPlace& place : rows.buried) {
        bury_.run(place.subscription, place.offset);
    }
    for (const DeadLetter& letter : rows.dead) {
        die_.run(letter.subscription, letter.offset, letter.attempts, letter.at, letter.error,
                 letter.event, std::uint32_t{letter.is_revived});
    }
}

void DeliveryTable::erase(SubscriptionKey subscription) {
    erase_failed_.run(subscription);
    erase_dead_.run(subscription);
}

}  // namespace skald::store::sqlite
