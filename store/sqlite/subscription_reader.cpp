#include <string>
#include <utility>

#include "store/event_rules.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/reading.h"

namespace skald::store::sqlite {
namespace {

SubscriptionRow subscription_row(const Rows& rows) {
    return {SubscriptionKey{rows.integer(0)},
            rows.text(1),
            rows.text(2),
            rows.text(3),
            static_cast<std::uint32_t>(rows.integer(4)),
            rows.text(5),
            rows.time(6),
            rows.time(7),
            Offset{rows.integer(8)},
            rows.text(9),
            static_cast<std::uint64_t>(rows.integer(10)),
            static_cast<std::uint64_t>(rows.integer(11))};
}

FailedDelivery failed_delivery(const Rows& rows) {
    return {SubscriptionKey{rows.integer(0)}, Offset{rows.integer(1)},
            static_cast<std::uint32_t>(rows.integer(2)), rows.time(3), rows.text(4)};
}

DeadLetter dead_letter(const Rows& rows) {
    return {SubscriptionKey{rows.integer(0)},
            Offset{rows.integer(1)},
            static_cast<std::uint32_t>(rows.integer(2)),
            rows.time(3),
            rows.text(4),
            rows.text(5),
            rows.integer(6) != 0};
}

BridgeRow bridge_row(const Rows& rows) {
    return {rows.text(0), static_cast<std::uint32_t>(rows.integer(1)), rows.text(2), rows.time(3),
            rows.time(4)};
}

template <typename Row, typename ReadRow>
Result<Row> one_named(Rows rows, const ReadRow& read_row, const std::string& kind,
                      const std::string& name) {
    if (!rows.next()) {
        return sagas::fail(ErrorCode::NotFound, kind + " " + name + ": no such " + kind);
    }
    return read_row(rows);
}

template <typename Row, typename ReadRow>
std::vector<Row> all_rows(Rows rows, const ReadRow& read_row) {
    std::vector<Row> found;
    while (rows.next()) {
        found.push_back(read_row(rows));
    }
    return found;
}

}  // namespace

Result<SubscriptionRow> SqliteReader::subscription(std::string_view name) const {
    const std::string text(name);
    return read<SubscriptionRow>(pool_, "read a subscription", [&](ReaderConnection& connection) {
        return one_named<SubscriptionRow>(connection.subscriptions.by_name.query(text),
                                          subscription_row, "subscription", text);
    });
}

Result<std::vector<SubscriptionRow>> SqliteReader::subscriptions(std::string_view after,
                                                                 std::uint32_t limit) const {
    using Found = Result<std::vector<SubscriptionRow>>;
    return read<std::vector<SubscriptionRow>>(
        pool_, "list subscriptions", [&](ReaderConnection& connection) -> Found {
            return all_rows<SubscriptionRow>(
                connection.subscriptions.list.query(std::string(after), limit), subscription_row);
        });
}

Result<std::vector<DeadLetter>> SqliteReader::dead_letters(SubscriptionKey subscription,
                                                           Offset after,
                                                           std::uint32_t limit) const {
    using Found = Result<std::vector<DeadLetter>>;
    return read<std::vector<DeadLetter>>(
        pool_, "list dead letters", [&](ReaderConnection& connection) -> Found {
            std::vector<DeadLetter> found;
            std::size_t bytes = 0;
            Rows rows = connection.subscriptions.dead.query(subscription, after, limit);
            while (bytes < kEventPageBytesMax && rows.next()) {
                found.push_back(dead_letter(rows));
                bytes += found.back().event.size();
            }
            return found;
        });
}

Result<BridgeRow> SqliteReader::bridge(std::string_view name) const {
    const std::string text(name);
    return read<BridgeRow>(pool_, "read a bridge", [&](ReaderConnection& connection) {
        return one_named<BridgeRow>(connection.subscriptions.bridge_by_name.query(text), bridge_row,
                                    "bridge", text);
    });
}

Result<std::vector<BridgeRow>> SqliteReader::bridges(std::string_view after,
                                                     std::uint32_t limit) const {
    using Found = Result<std::vector<BridgeRow>>;
    return read<std::vector<BridgeRow>>(
        pool_, "list bridges", [&](ReaderConnection& connection) -> Found {
            return all_rows<BridgeRow>(
                connection.subscriptions.bridges.query(std::string(after), limit), bridge_row);
        });
}

Result<std::vector<StoredSubscription>> SqliteReader::subscriptions() const {
    using Found = Result<std::vector<StoredSubscription>>;
    return read<std::vector<StoredSubscription>>(
        pool_, "read the subscriptions", [](ReaderConnection& connection) -> Found {
            const Snapshot snapshot(connection);
            SubscriptionQueries& queries = connection.subscriptions;
            std::vector<StoredSubscription> found;
            for (Rows rows = queries.all.query(); rows.next();) {
                const SubscriptionKey key{rows.integer(0)};
                found.push_back(
                    {subscription_row(rows),
                     all_rows<FailedDelivery>(queries.failed.query(key), failed_delivery),
                     all_rows<DeadLetter>(queries.revived.query(key), dead_letter)});
            }
            return found;
        });
}

}  // namespace skald::store::sqlite
