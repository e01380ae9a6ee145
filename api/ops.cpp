#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/awaited.h"
#include "api/bridge/bridges.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/subscription_view.h"

namespace skald::api {
namespace {

/// A loop that doesn't answer a scrape within this time has other troubles; the scrape goes on
/// without its gauges.
constexpr sagas::Milliseconds kStatsTime{1'000};

/// None: it can't be read now.
std::optional<std::vector<SubscriptionStats>> subscription_stats(const Services& services) {
    const auto rows = all_subscriptions(services.reader);
    if (!rows) return std::nullopt;
    SubscriptionLags lags(TopicLog(services.reader, services.catalog));
    std::vector<SubscriptionStats> stats;
    for (const store::SubscriptionRow& row : *rows) {
        const auto lag = lags.of(row);
        if (!lag) return std::nullopt;
        stats.push_back({row.name, *lag, row.dead_letters});
    }
    return stats;
}

/// A broker that is away makes nobody else's work impossible: it is told, and that is all.
void add_bridges(const Services& services, Document& ready) {
    if (services.bridges == nullptr) return;
    for (const auto& [name, is_connected] : services.bridges->connections()) {
        ready["bridges"][name] = is_connected ? "connected" : "not_connected";
    }
}

}  // namespace

Answer get_health(const Request&) { return json_reply(200, {{"status", "alive"}}); }

Answer get_readiness(const Services& services, const Request&) {
    const std::string reason = services.why_not_ready();
    if (!reason.empty()) return json_reply(503, {{"status", "not_ready"}, {"reason", reason}});
    Document ready{{"status", "ready"}};
    add_bridges(services, ready);
    return json_reply(200, ready);
}

Answer get_metrics(const Services& services, const Request&) {
    auto stats = std::make_shared<Awaited<EngineStats>>();
    services.ask_stats([stats](const EngineStats& now) { stats->set(now); });
    Later later;
    later.time = kStatsTime;
    later.arm = [stats](std::function<void()> ready) { stats->when_set(std::move(ready)); };
    later.finish = [&services, stats]() -> Answer {
        const auto counts = read_again([&] { return services.reader.counts(); });
        const auto subscriptions = subscription_stats(services);
        return Reply{200,
                     {},
                     "text/plain; version=0.0.4; charset=utf-8",
                     services.metrics.scrape(stats->get(), counts ? &*counts : nullptr,
                                             subscriptions ? &*subscriptions : nullptr)};
    };
    return later;
}

Answer get_index(const Request&) {
    return Reply{200,
                 {},
                 "text/plain; charset=utf-8",
                 "Skald, a saga orchestration engine.\n"
                 "\n"
                 "  PUT  /v1/definitions/{name}   register a definition\n"
                 "  POST /v1/sagas                start a saga\n"
                 "  GET  /v1/sagas                list sagas\n"
                 "  GET  /v1/sagas/{id}           see one; ?wait=10s waits for its end\n"
                 "  GET  /v1/topics               the event log\n"
                 "  GET  /v1/subscriptions        who has its events delivered\n"
                 "  GET  /v1/bridges              brokers that it shares them with\n"
                 "  GET  /healthz /readyz /metrics\n"
                 "\n"
                 "/openapi.json has them all, and docs/api.md in the source tree; `skald --help` "
                 "is the command line.\n"};
}

}  // namespace skald::api
