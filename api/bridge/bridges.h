#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/bridge/document.h"
#include "api/metrics.h"
#include "api/topic_documents.h"
#include "engine/broker.h"
#include "engine/clock.h"
#include "engine/loop.h"
#include "engine/mutex.h"
#include "engine/nats/bridge.h"
#include "sagas/request.h"
#include "store/store.h"

namespace skald::api {

/// The bridges that run: as their latest documents say.
///
/// Threads: the loop's, but for `state` and `connections`: any. Destroyed while nobody is in the
/// loop. Ownership: borrows its parts.
class Bridges final : public engine::Broker {
 public:
    struct Parts {
        engine::Loop& loop;
        const engine::Clock& clock;
        const sagas::Secrets& secrets;  ///< Threads: any.
        TopicDocuments& topics;
        Metrics& metrics;
        std::function<void(engine::Publish)> post;                    ///< Coordinator::post.
        std::function<void(engine::CallId, sagas::Answer)> answered;  ///< Coordinator::answered.
    };
    explicit Bridges(Parts parts);
    ~Bridges() override;

    /// Begins those of the store; before the loop runs. Errors: Unavailable, Corruption.
    sagas::Result<void> start(const store::Reader& reader);

    void publish(engine::CallId id, engine::BrokerMessage message) override;

    /// A change of a document is durable, which was made `at`: the bridge is made, changed or
    /// (none) deleted.
    void changed(const std::string& name, std::optional<BridgeDocument> document,
                 sagas::Timestamp at);

    /// Nothing comes in any more. What goes out still does.
    void drain();

    /// None: it does not run.
    std::optional<engine::NatsBridgeState> state(const std::string& name) const
        SKALD_EXCLUDES(mutex_);
    /// Of all: whether they are connected.
    std::map<std::string, bool> connections() const SKALD_EXCLUDES(mutex_);

 private:
    using BridgePtr = std::unique_ptr<engine::NatsBridge>;
    struct Running {
        BridgePtr bridge;
        std::string wiring;  ///< BridgeDocument::wiring.
    };
    BridgePtr make(engine::NatsBridgePlan plan, const BridgeDocument& document);
    std::set<std::string> run(engine::NatsBridgePlan plan, const BridgeDocument& document)
        SKALD_EXCLUDES(mutex_);
    void forget_retired();

    const Parts parts_;
    std::vector<BridgePtr> retired_;  ///< Of the loop's thread: they end what they have begun.
    bool is_draining_ = false;        ///< Of the loop's thread.
    const std::shared_ptr<int> alive_ = std::make_shared<int>();
    mutable engine::Mutex mutex_;
    /// Changed on the loop's thread alone.
    std::map<std::string, Running> running_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::api
