#include "api/bridge/view.h"

#include <string>
#include <utility>

#include "api/bridge/bridges.h"
#include "api/bridge/document.h"
#include "api/definition_view.h"
#include "engine/owned_subscriptions.h"

namespace skald::api {
namespace {

Document refusal_document(const engine::NatsRefusal& refusal) {
    Document document;
    document["sequence"] = refusal.sequence;
    document["subject"] = refusal.subject;
    document["why"] = refusal.why;
    set_time(document, "at", refusal.at);
    return document;
}

Document in_document(const engine::NatsInbound& binding, const engine::NatsInState* state) {
    Document document;
    document["stream"] = binding.stream;
    document["subject"] = binding.subject;
    document["topic"] = binding.topic;
    if (state == nullptr) return document;
    document["consumer"] = state->consumer;
    document["received"] = state->received;
    document["repeated"] = state->repeated;
    document["refused"] = state->refused;
    document["pending"] = state->pending;
    set_text(document, "error", state->error);
    document["refusals"] = Document::array();
    for (const engine::NatsRefusal& each : state->refusals) {
        document["refusals"].push_back(refusal_document(each));
    }
    return document;
}

sagas::Result<Document> out_document(const Services& services, const std::string& bridge,
                                     const BridgeDocument::Out& binding, SubscriptionLags& lags) {
    const std::string subscription =
        engine::relay_subscription(bridge, binding.topic, binding.subject, store::Offset{0}).name;
    Document document;
    document["topic"] = binding.topic;
    document["subject"] = binding.subject;
    document["subscription"] = subscription;
    const auto row = read_again([&] { return services.reader.subscription(subscription); });
    // It goes with its bridge, perhaps just now.
    if (!row && row.error().code == sagas::ErrorCode::NotFound) return document;
    if (!row) return tl::unexpected(row.error());
    const auto lag = lags.of(*row);
    if (!lag) return tl::unexpected(lag.error());
    document["lag"] = *lag;
    return document;
}

}  // namespace

sagas::Result<Document> bridge_document(const Services& services, const store::BridgeRow& row,
                                        SubscriptionLags& lags) {
    sagas::Problems problems;
    const auto source = sagas::parse_json(row.source);
    if (!source) return tl::unexpected(source.error());
    const BridgeDocument bridge = read_bridge(*source, problems);
    const auto state =
        services.bridges == nullptr ? std::nullopt : services.bridges->state(row.name);

    Document document;
    document["name"] = row.name;
    document["version"] = row.version;
    set_time(document, "created_at", row.created_at);
    set_time(document, "changed_at", row.changed_at);
    document["connected"] = state && state->is_connected;
    if (state) {
        set_text(document, "server", state->server);
        set_text(document, "last_error", state->last_error);
    }
    document["out"] = Document::array();
    for (const BridgeDocument::Out& each : bridge.out) {
        auto out = out_document(services, row.name, each, lags);
        if (!out) return out;
        document["out"].push_back(std::move(*out));
    }
    document["in"] = Document::array();
    // The bridge that runs may be that of another version just now.
    const bool is_same = state && state->in.size() == bridge.in.size();
    for (std::size_t i = 0; i < bridge.in.size(); ++i) {
        document["in"].push_back(in_document(bridge.in[i], is_same ? &state->in[i] : nullptr));
    }
    document["document"] = Document::parse(row.source, nullptr, false);
    return document;
}

Problem bad_bridge_name() {
    return make_problem(ProblemType::InvalidRequest,
                        "bridge name: " + std::string(kDefinitionNameRule));
}

Problem no_such_bridge(std::string_view name) {
    if (!is_definition_name(name)) return bad_bridge_name();
    return make_problem(ProblemType::BridgeNotFound,
                        "There is no bridge " + std::string(name) +
                            "; GET /v1/bridges lists those that there are.");
}

}  // namespace skald::api
