#include "api/bridge/bridges.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "api/bridge/intake.h"
#include "api/services.h"

namespace skald::api {
namespace {

using engine::NatsBridge;
using engine::NatsInbound;

constexpr std::uint32_t kBridgeRowsAtOnce = 200;

sagas::Result<BridgeDocument> stored_document(const store::BridgeRow& row) {
    sagas::Problems problems;
    const auto json = sagas::parse_json(row.source);
    auto document = json ? read_bridge(*json, problems) : BridgeDocument{};
    if (json && problems.is_empty()) return document;
    return sagas::fail(sagas::ErrorCode::Corruption,
                       "take up bridge " + row.name + ": " +
                           (json ? problems.take().front().detail : json.error().message));
}

bool is_same(const NatsInbound& one, const NatsInbound& other) {
    return one.stream == other.stream && one.subject == other.subject && one.topic == other.topic;
}

/// When the binding of a document of `at` was made: `before` had it already, or not.
sagas::Timestamp made_at(const NatsInbound& in, sagas::Timestamp at, const NatsBridge* before) {
    if (before == nullptr) return at;
    for (const NatsInbound& each : before->plan().in) {
        const auto* const end = std::get_if<NatsInbound::End>(&each.from);
        if (end != nullptr && is_same(each, in)) return end->at;
    }
    return at;
}

/// `before`: the bridge of the version before, if it runs.
engine::NatsBridgePlan plan_of(const BridgeDocument& document, const std::string& name,
                               sagas::Timestamp created_at, sagas::Timestamp at,
                               const NatsBridge* before) {
    engine::NatsBridgePlan plan{name, created_at, document.server, document.in};
    for (NatsInbound& in : plan.in) {
        if (auto* const end = std::get_if<NatsInbound::End>(&in.from)) {
            end->at = made_at(in, at, before);
        }
    }
    return plan;
}

}  // namespace

Bridges::Bridges(Parts parts) : parts_(std::move(parts)) {}

Bridges::~Bridges() {
    // All of them first, so that they end together.
    for (const BridgePtr& bridge : retired_) bridge->end();
    std::map<std::string, Running> running;
    {
        const engine::MutexLock lock(mutex_);
        running.swap(running_);
    }
    for (const auto& [name, each] : running) each.bridge->end();
}

sagas::Result<void> Bridges::start(const store::Reader& reader) {
    std::string after;
    while (true) {
        const auto page = read_again([&] { return reader.bridges(after, kBridgeRowsAtOnce); });
        if (!page) return tl::unexpected(page.error());
        for (const store::BridgeRow& row : *page) {
            after = row.name;
            auto document = stored_document(row);
            if (!document) return tl::unexpected(document.error());
            run(plan_of(*document, row.name, row.created_at, row.changed_at, nullptr), *document);
        }
        if (page->size() < kBridgeRowsAtOnce) return {};
    }
}

Bridges::BridgePtr Bridges::make(engine::NatsBridgePlan plan, const BridgeDocument& document) {
    const std::string name = plan.name;
    plan.server.login = [&secrets = parts_.secrets, login = document.login] {
        return login.find(secrets);
    };
    NatsBridge::Parts parts{
        parts_.loop,
        parts_.clock,
        make_intake(name, parts_.topics, parts_.clock),
        parts_.post,
        parts_.answered,
        [&metrics = parts_.metrics, name](engine::NatsEvent what, std::size_t count) {
            metrics.bridge_events(name, what, count);
        },
        [&metrics = parts_.metrics, name](bool is_connected) {
            metrics.bridge_connected(name, is_connected);
        },
    };
    parts.over = [this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) forget_retired();
    };
    parts_.metrics.bridge_connected(name, false);
    return std::make_unique<NatsBridge>(std::move(plan), std::move(parts));
}

/// Its consumers.
std::set<std::string> Bridges::run(engine::NatsBridgePlan plan, const BridgeDocument& document) {
    const std::string name = plan.name;
    BridgePtr bridge = make(std::move(plan), document);
    if (is_draining_) bridge->drain();
    std::set<std::string> consumers = bridge->consumers();
    const engine::MutexLock lock(mutex_);
    running_.emplace(name, Running{std::move(bridge), document.wiring});
    return consumers;
}

void Bridges::changed(const std::string& name, std::optional<BridgeDocument> document,
                      sagas::Timestamp at) {
    BridgePtr before;
    {
        const engine::MutexLock lock(mutex_);
        const auto found = running_.find(name);
        if (found != running_.end()) {
            if (document && found->second.wiring == document->wiring) return;
            before = std::move(found->second.bridge);
            running_.erase(found);
        }
    }
    std::set<std::string> kept;
    if (document) {
        const sagas::Timestamp created_at = before ? before->plan().created_at : at;
        kept = run(plan_of(*document, name, created_at, at, before.get()), *document);
    } else {
        parts_.metrics.bridge_gone(name);
    }
    if (before) retired_.push_back(std::move(before));
    // Earlier ones, too, which have yet to end: they must not take its consumers away.
    for (const BridgePtr& each : retired_) {
        if (each->plan().name == name) each->retire(kept);
    }
}

/// Never from within a bridge: it is destroyed here.
void Bridges::forget_retired() {
    std::erase_if(retired_, [](const BridgePtr& bridge) { return bridge->has_ended(); });
}

void Bridges::publish(engine::CallId id, engine::BrokerMessage message) {
    NatsBridge* bridge = nullptr;
    {
        const engine::MutexLock lock(mutex_);
        const auto found = running_.find(message.bridge);
        if (found != running_.end()) bridge = found->second.bridge.get();
    }
    if (bridge != nullptr) return bridge->publish(id, std::move(message));
    parts_.loop.post([this, alive = std::weak_ptr<int>(alive_), id, name = message.bridge] {
        if (!alive.expired()) {
            parts_.answered(id, sagas::NotSent{"bridge " + name + " does not run"});
        }
    });
}

void Bridges::drain() {
    is_draining_ = true;
    const engine::MutexLock lock(mutex_);
    for (const auto& [name, each] : running_) each.bridge->drain();
}

std::optional<engine::NatsBridgeState> Bridges::state(const std::string& name) const {
    const engine::MutexLock lock(mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) return std::nullopt;
    return found->second.bridge->state();
}

std::map<std::string, bool> Bridges::connections() const {
    std::map<std::string, bool> connections;
    const engine::MutexLock lock(mutex_);
    for (const auto& [name, each] : running_) {
        connections[name] = each.bridge->state().is_connected;
    }
    return connections;
}

}  // namespace skald::api
