#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace skald::engine {

/// Gives what another reader gives: for tests that want one member to do something else.
class ForwardingReader : public store::Reader {
 public:
    explicit ForwardingReader(const store::Reader& reader) : reader_(reader) {}

    sagas::Result<store::SagaRow> saga(std::string_view id) const override {
        return reader_.saga(id);
    }
    sagas::Result<store::SagaRow> saga(store::SagaKey key) const override {
        return reader_.saga(key);
    }
    sagas::Result<std::vector<store::JournalRow>> journal(store::SagaKey saga, std::uint32_t after,
                                                          std::uint32_t limit) const override {
        return reader_.journal(saga, after, limit);
    }
    sagas::Result<store::StartRepeats> repeated_start(
        const store::StartIdentity& start) const override {
        return reader_.repeated_start(start);
    }
    sagas::Result<store::SagaList> list(const store::SagaFilter& filter,
                                        const store::SagaRange& range) const override {
        return reader_.list(filter, range);
    }
    sagas::Result<store::Counts> counts() const override { return reader_.counts(); }
    sagas::Result<store::FilteredCounts> counts(const store::SagaFilter& filter,
                                                std::uint32_t looks_max) const override {
        return reader_.counts(filter, looks_max);
    }
    sagas::Result<store::FeedPage> feed(store::Position after, std::uint32_t limit) const override {
        return reader_.feed(after, limit);
    }
    sagas::Result<store::Position> last_position() const override {
        return reader_.last_position();
    }
    sagas::Result<std::vector<store::Park>> parked(sagas::Timestamp until,
                                                   std::uint32_t limit) const override {
        return reader_.parked(until, limit);
    }
    sagas::Result<store::LockPlace> lock_place(store::SagaKey saga) const override {
        return reader_.lock_place(saga);
    }
    sagas::Result<store::DefinitionRow> definition(
        std::string_view name, std::optional<std::uint32_t> version) const override {
        return reader_.definition(name, version);
    }
    sagas::Result<store::DefinitionRow> definition(store::DefinitionKey key) const override {
        return reader_.definition(key);
    }
    sagas::Result<std::vector<store::DefinitionRow>> definitions(
        std::string_view after, std::uint32_t limit) const override {
        return reader_.definitions(after, limit);
    }

    sagas::Result<store::TopicRow> topic(std::string_view name,
                                         std::optional<std::uint32_t> version) const override {
        return reader_.topic(name, version);
    }
    sagas::Result<std::vector<store::TopicRow>> topics(std::string_view after,
                                                       std::uint32_t limit) const override {
        return reader_.topics(after, limit);
    }
    sagas::Result<store::EventPage> events(std::string_view topic, store::Offset after,
                                           std::uint32_t limit) const override {
        return reader_.events(topic, after, limit);
    }
    sagas::Result<store::Offset> offset_before(std::string_view topic,
                                               sagas::Timestamp at) const override {
        return reader_.offset_before(topic, at);
    }

    sagas::Result<store::SubscriptionRow> subscription(std::string_view name) const override {
        return reader_.subscription(name);
    }
    sagas::Result<std::vector<store::SubscriptionRow>> subscriptions(
        std::string_view after, std::uint32_t limit) const override {
        return reader_.subscriptions(after, limit);
    }
    sagas::Result<std::vector<store::DeadLetter>> dead_letters(store::SubscriptionKey subscription,
                                                               store::Offset after,
                                                               std::uint32_t limit) const override {
        return reader_.dead_letters(subscription, after, limit);
    }
    sagas::Result<store::BridgeRow> bridge(std::string_view name) const override {
        return reader_.bridge(name);
    }
    sagas::Result<std::vector<store::BridgeRow>> bridges(std::string_view after,
                                                         std::uint32_t limit) const override {
        return reader_.bridges(after, limit);
    }

 private:
    const store::Reader& reader_;
};

}  // namespace skald::engine
