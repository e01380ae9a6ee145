#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "engine/caller.h"
#include "engine/commands.h"
#include "engine/event_filter.h"
#include "sagas/machine.h"
#include "store/store.h"

namespace skald::engine {

/// A batch, and everything that waits for it to be durable: effects, answers, wake-ups.
struct Gathering {
    std::uint64_t number = 0;  ///< Counts batches, from 1.
    std::shared_ptr<store::Batch> batch = std::make_shared<store::Batch>();

    struct StartReply {
        store::SagaKey saga;
        std::function<void(Start::Result)> done;
    };
    struct DefinitionReply {
        std::string name;
        std::function<void(ChangeDefinition::Result)> done;
    };
    /// Of batch->events, `count` from `first` on.
    struct PublishReply {
        std::size_t first;
        std::size_t count;
        std::function<void(Publish::Result)> done;
    };
    /// One of batch->events names this saga.
    struct Addressed {
        std::size_t event;
        std::string saga;
    };
    struct SubscriptionReply {
        std::optional<SubscriptionDocument> document;  ///< Of what is put.
        std::function<void(ChangeSubscription::Result)> done;
    };
    std::vector<StartReply> starts;            ///< One for each of batch->starts.
    std::vector<DefinitionReply> definitions;  ///< One for each of batch->definitions.
    /// One for each of batch->events: what others published, as it came; what sagas did, as far
    /// as subscriptions look at it.
    std::vector<std::variant<sagas::Json, EventHead>> events;
    std::vector<Addressed> addressed;     ///< Of what others published.
    std::vector<PublishReply> publishes;  ///< Those of batch->events that no saga published.
    std::vector<std::function<void(ChangeTopic::Result)>>
        topics;  ///< One for each of batch->topics.
    /// One for each of batch->subscriptions.changes, and .bridges.
    std::vector<SubscriptionReply> subscriptions;
    std::vector<std::function<void(ChangeBridge::Result)>> bridges;
    std::vector<std::function<void()>> replies;
    std::vector<std::pair<store::SagaKey, sagas::Effect>> effects;
    std::vector<store::SagaKey> recalls;  ///< Sagas whose calls are taken back where they wait.
    std::vector<CallId> settled_calls;    ///< By a callback: taken back where they wait.
    std::vector<store::SagaKey> at_rest;  ///< Sagas that ended or got stuck in it.
    std::vector<store::SagaKey> waiting;  ///< Sagas that may have nothing to do for long.

    /// Makes room for about as much as `last` holds.
    void expect_as_much_as(const Gathering& last) {
        batch->rows.reserve(last.batch->rows.size());
        batch->starts.reserve(last.batch->starts.size());
        batch->summaries.reserve(last.batch->summaries.size());
        starts.reserve(last.starts.size());
        effects.reserve(last.effects.size());
        at_rest.reserve(last.at_rest.size());
    }

    std::size_t rows() const {
        return batch->rows.size() + batch->starts.size() + batch->definitions.size() +
               batch->unparks.size() + batch->parks.size() + batch->topics.size() +
               batch->events.size() + batch->expectations.size() + batch->told_hits.size() +
               batch->subscriptions.size();
    }
    bool is_idle() const {
        return batch->empty() && replies.empty() && publishes.empty() && effects.empty() &&
               at_rest.empty() && waiting.empty() && recalls.empty() && settled_calls.empty();
    }
};

}  // namespace skald::engine
