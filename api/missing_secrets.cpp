#include "api/missing_secrets.h"

#include <utility>
#include <variant>
#include <vector>

#include "api/bridge/document.h"
#include "api/subscription_view.h"
#include "engine/subscription_document.h"

namespace skald::api {
namespace {

constexpr std::uint32_t kDefinitionsPage = 200;

/// That its pushes are signed with; empty: it has none.
std::string secret_of(const store::SubscriptionRow& row) {
    const sagas::Json source = sagas::Json::parse(row.source, nullptr, false);
    if (!source.is_object() || !source.contains("push")) return {};
    sagas::Problems problems;
    const auto document = engine::read_subscription(source, engine::Author::People, problems);
    const auto* push = std::get_if<engine::Push>(&document.how);
    return push == nullptr ? std::string() : push->secret;
}

class SecretsInCalls {
 public:
    void look_at(const sagas::Step& step, sagas::Phase phase) {
        if (phase == sagas::Phase::Action) {
            look_at(std::get_if<sagas::HttpCall>(&step.action));
        } else if (const auto* const undo = std::get_if<sagas::Compensation>(&step.undo)) {
            look_at(std::get_if<sagas::HttpCall>(&undo->call));
        }
    }
    std::set<std::string> take() { return std::move(names_); }

 private:
    /// Null: not sent to a participant; then there are none.
    void look_at(const sagas::HttpCall* call) {
        if (call == nullptr) return;
        look_at(call->target);
        for (const auto& [name, text] : call->query) look_at(text);
        for (const auto& [name, text] : call->headers) look_at(text);
        if (call->body) look_at(*call->body);
    }
    void look_at(const sagas::Template& text) {
        for (const sagas::Template::Use& use : text.uses()) {
            const sagas::Root& root = use.path.root;
            if (root.kind == sagas::RootKind::Secret) names_.insert(root.name);
        }
    }

    std::set<std::string> names_;
};

}  // namespace

std::set<std::string> secrets_of(const sagas::Definition& definition) {
    SecretsInCalls calls;
    for (const sagas::Step& step : definition.steps) {
        calls.look_at(step, sagas::Phase::Action);
        calls.look_at(step, sagas::Phase::Compensation);
    }
    return calls.take();
}

std::set<std::string> secrets_of(const sagas::Step& step, sagas::Phase phase) {
    SecretsInCalls calls;
    calls.look_at(step, phase);
    return calls.take();
}

namespace {

/// What bridges log in with. Errors: as find_needed_secrets.
sagas::Result<void> add_secrets_of_bridges(const Services& services, NeededSecrets& needed) {
    std::string after;
    while (true) {
        const auto page =
            read_again([&] { return services.reader.bridges(after, kDefinitionsPage); });
        if (!page) return tl::unexpected(page.error());
        for (const store::BridgeRow& row : *page) {
            after = row.name;
            sagas::Problems problems;
            const auto bridge =
                read_bridge(sagas::Json::parse(row.source, nullptr, false), problems);
            for (const std::string& name : bridge.login.secrets()) {
                needed.names.insert(name);
                if (!services.has_secret(name)) needed.missing[name].insert("bridge " + row.name);
            }
        }
        if (page->size() < kDefinitionsPage) return {};
    }
}

}  // namespace

sagas::Result<NeededSecrets> find_needed_secrets(const Services& services) {
    NeededSecrets needed;
    if (const auto added = add_secrets_of_bridges(services, needed); !added) {
        return tl::unexpected(added.error());
    }
    const auto subscriptions = all_subscriptions(services.reader);
    if (!subscriptions) return tl::unexpected(subscriptions.error());
    for (const store::SubscriptionRow& row : *subscriptions) {
        const std::string name = secret_of(row);
        if (name.empty()) continue;
        needed.names.insert(name);
        if (!services.has_secret(name)) needed.missing[name].insert("subscription " + row.name);
    }
    std::string after;
    while (true) {
        const auto page =
            read_again([&] { return services.reader.definitions(after, kDefinitionsPage); });
        if (!page) return tl::unexpected(page.error());
        for (const store::DefinitionRow& row : *page) {
            after = row.name;
            const auto version = read_again([&] { return services.catalog.of(row.key); });
            if (!version) return tl::unexpected(version.error());
            for (const std::string& name : secrets_of((*version)->definition)) {
                needed.names.insert(name);
                if (!services.has_secret(name)) needed.missing[name].insert(row.name);
            }
        }
        if (page->size() < kDefinitionsPage) return needed;
    }
}

}  // namespace skald::api
