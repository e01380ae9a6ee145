#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/reader_pool.h"
#include "store/store.h"

namespace skald::store::sqlite {

class SqliteReader final : public Reader, public Recovery {
 public:
    explicit SqliteReader(ReaderPool& pool) : pool_(pool) {}

    Result<SagaRow> saga(std::string_view id) const override;
    Result<SagaRow> saga(SagaKey key) const override;
    Result<std::vector<JournalRow>> journal(SagaKey saga, std::uint32_t after,
                                            std::uint32_t limit) const override;
    Result<StartRepeats> repeated_start(const StartIdentity& start) const override;
    // saga_search.cpp
    Result<SagaList> list(const SagaFilter& filter, const SagaRange& range) const override;
    Result<FilteredCounts> counts(const SagaFilter& filter, std::uint32_t looks_max) const override;

    Result<Counts> counts() const override;
    Result<FeedPage> feed(Position after, std::uint32_t limit) const override;
    Result<Position> last_position() const override;
    Result<std::vector<Park>> parked(Timestamp until, std::uint32_t limit) const override;
    Result<LockPlace> lock_place(SagaKey saga) const override;
    Result<DefinitionRow> definition(std::string_view name,
                                     std::optional<std::uint32_t> version) const override;
    Result<DefinitionRow> definition(DefinitionKey key) const override;
    Result<std::vector<DefinitionRow>> definitions(std::string_view after,
                                                   std::uint32_t limit) const override;

    // event_reader.cpp
    Result<TopicRow> topic(std::string_view name,
                           std::optional<std::uint32_t> version) const override;
    Result<std::vector<TopicRow>> topics(std::string_view after,
                                         std::uint32_t limit) const override;
    Result<EventPage> events(std::string_view topic, Offset after,
                             std::uint32_t limit) const override;
    Result<Offset> offset_before(std::string_view topic, Timestamp at) const override;
    Result<std::vector<EventHit>> event_hits() const override;
    Result<std::vector<sagas::MatchPath>> match_paths() const override;

    // subscription_reader.cpp
    Result<SubscriptionRow> subscription(std::string_view name) const override;
    Result<std::vector<SubscriptionRow>> subscriptions(std::string_view after,
                                                       std::uint32_t limit) const override;
    Result<std::vector<DeadLetter>> dead_letters(SubscriptionKey subscription, Offset after,
                                                 std::uint32_t limit) const override;
    Result<BridgeRow> bridge(std::string_view name) const override;
    Result<std::vector<BridgeRow>> bridges(std::string_view after,
                                           std::uint32_t limit) const override;
    Result<std::vector<StoredSubscription>> subscriptions() const override;

    // recovery.cpp
    Result<LastKeys> last_keys() const override;
    Result<std::vector<SagaKey>> lock_heads() const override;
    Result<void> live_sagas(
        const std::function<Result<void>(SagaRow, std::vector<JournalRow>)>& each) const override;

 private:
    ReaderPool& pool_;
};

}  // namespace skald::store::sqlite
