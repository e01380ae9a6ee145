#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/bridge/bridges.h"
#include "api/bridge/document.h"
#include "api/bridge/view.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/request_body.h"
#include "engine/owned_subscriptions.h"

/// Makes, changes and deletes bridges.
namespace skald::api {
namespace {

using engine::ChangeBridge;

/// Each has threads, and a connection.
constexpr std::uint32_t kBridgesMax = 64;

Problem invalid_bridge(const std::string& name, std::vector<sagas::Problem> errors) {
    const std::size_t count = errors.size();
    return {ProblemType::InvalidBridge,
            "The document of bridge " + name + " has " + std::to_string(count) +
                (count == 1 ? " fault; " : " faults; ") + "nothing was changed.",
            std::move(errors), nullptr};
}

/// Problems: InvalidBridge, with all that is wrong.
Parsed<BridgeDocument> read_bridge_document(const Services& services, const std::string& name,
                                            const sagas::Json& source) {
    sagas::Problems problems;
    BridgeDocument document = read_bridge(source, problems);
    check_bridge_secrets(document, services.has_secret, problems);
    if (problems.is_empty()) return document;
    return tl::unexpected(invalid_bridge(name, problems.take()));
}

/// The version that is the latest now; 0: there is no such bridge. Problems: the precondition does
/// not hold for it, or those of the store.
struct BridgeBefore {
    std::uint32_t version;
    std::optional<std::uint32_t> if_version;  ///< That it must still be then; none: any.
};
Parsed<BridgeBefore> find_before(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    if (!is_definition_name(name)) return tl::unexpected(bad_bridge_name());
    const auto precondition = read_precondition(request);
    if (!precondition) return tl::unexpected(precondition.error());
    const auto row = read_again([&] { return services.reader.bridge(name); });
    if (!row && row.error().code != sagas::ErrorCode::NotFound) {
        return tl::unexpected(to_problem(row.error()));
    }
    const std::uint32_t version = row ? row->version : 0;
    if (!holds_for(*precondition, version))
        return tl::unexpected(version_mismatch("bridge " + name, version));
    const bool is_any = precondition->kind == Precondition::Kind::None;
    return BridgeBefore{version, is_any ? std::nullopt : std::optional(version)};
}

/// None: there may be one more.
std::optional<Problem> refuse_more(const Services& services) {
    const auto rows = read_again([&] { return services.reader.bridges("", kBridgesMax); });
    if (!rows) return to_problem(rows.error());
    if (rows->size() < kBridgesMax) return std::nullopt;
    return make_problem(ProblemType::Conflict, "There are " + std::to_string(kBridgesMax) +
                                                   " bridges, and may be no more: delete some.");
}

/// What goes out, goes by these. Errors: Unavailable, Corruption.
sagas::Result<std::vector<store::OwnedSubscription>> relays(const Services& services,
                                                            const std::string& name,
                                                            const BridgeDocument& document) {
    const TopicLog log(services.reader, services.catalog);
    std::vector<store::OwnedSubscription> relays;
    for (const BridgeDocument::Out& out : document.out) {
        const auto begin = find_place(log, out.topic, out.from);
        if (!begin) return tl::unexpected(begin.error());
        relays.push_back(engine::relay_subscription(name, out.topic, out.subject, *begin));
    }
    return relays;
}

Answer bridge_put(const Services& services, const std::string& name,
                  const store::BridgeWritten& written) {
    const auto row = read_again([&] { return services.reader.bridge(name); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) return no_such_bridge(name);
    if (!row) return to_problem(row.error());
    SubscriptionLags lags(TopicLog(services.reader, services.catalog));
    const auto document = bridge_document(services, *row, lags);
    if (!document) return to_problem(document.error());
    const bool is_new = written.how == store::BridgeWritten::How::Made ||
                        written.how == store::BridgeWritten::How::NewVersion;
    Reply reply = json_reply(is_new ? 201 : 200, *document);
    reply.headers.emplace_back("ETag", entity_tag(row->version));
    if (is_new) reply.headers.emplace_back("Location", "/v1/bridges/" + name);
    return reply;
}

/// The bridge runs as it should before anyone hears of the change. `document`: none: it is deleted.
/// `at`: what stands in the command, as the time of the change.
Later change_bridge(const Services& services, const std::string& name, ChangeBridge command,
                    std::shared_ptr<const BridgeDocument> document, sagas::Timestamp at,
                    std::function<Answer(const store::BridgeWritten&)> answer) {
    auto outcome = std::make_shared<Awaited<ChangeBridge::Result>>();
    command.done = [&services, outcome, name, at,
                    document = std::move(document)](ChangeBridge::Result result) {
        const auto* changed = std::get_if<store::BridgeOutcome>(&result);
        const bool is_written =
            changed != nullptr && std::holds_alternative<store::BridgeWritten>(*changed);
        if (is_written && services.bridges != nullptr) {
            services.bridges->changed(name, document ? std::optional(*document) : std::nullopt, at);
        }
        outcome->set(std::move(result));
    };
    services.post(std::move(command));
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome, name, answer = std::move(answer)]() -> Answer {
        const ChangeBridge::Result* result = outcome->get();
        if (result == nullptr) return change_unconfirmed();
        if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
        const auto& changed = std::get<store::BridgeOutcome>(*result);
        if (const auto* mismatch = std::get_if<store::BridgeVersionMismatch>(&changed)) {
            return version_mismatch("bridge " + name, mismatch->latest);
        }
        if (std::holds_alternative<store::BridgeNotFound>(changed)) return no_such_bridge(name);
        return answer(std::get<store::BridgeWritten>(changed));
    };
    return later;
}

}  // namespace

Answer put_bridge(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto before = find_before(services, request);
    if (!before) return before.error();
    const auto source = read_json(request);
    if (!source) return source.error();
    auto document = read_bridge_document(services, name, *source);
    if (!document) return std::move(document.error());
    if (before->version == 0) {
        if (auto refused = refuse_more(services)) return std::move(*refused);
    }
    auto subscriptions = relays(services, name, *document);
    if (!subscriptions) return to_problem(subscriptions.error());
    const sagas::Timestamp now = services.clock.now();
    ChangeBridge command;
    command.change =
        store::PutBridge{name, source->dump(), std::move(*subscriptions), before->if_version, now};
    return change_bridge(services, name, std::move(command),
                         std::make_shared<const BridgeDocument>(std::move(*document)), now,
                         [&services, name](const store::BridgeWritten& written) {
                             return bridge_put(services, name, written);
                         });
}

Answer delete_bridge(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto before = find_before(services, request);
    if (!before) return before.error();
    if (before->version == 0) return no_such_bridge(name);
    ChangeBridge command;
    command.change = store::DeleteBridge{name, before->if_version};
    return change_bridge(services, name, std::move(command), nullptr, services.clock.now(),
                         [](const store::BridgeWritten&) {
                             return Reply{204, {}, "", ""};
                         });
}

}  // namespace skald::api
