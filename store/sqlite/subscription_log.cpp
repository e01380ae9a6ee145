#include "store/sqlite/subscription_log.h"

#include <utility>

namespace skald::store::sqlite {

void SubscriptionLog::replace(const std::optional<OwnedSet>& set, Committed& committed) {
    if (!set) {
        return;
    }
    for (OwnedChange& change : subscriptions_.replace(*set)) {
        committed.owned.push_back(std::move(change));
    }
}

void SubscriptionLog::write(const SubscriptionRows& rows, Committed& committed) {
    for (const auto& change : rows.changes) {
        committed.subscriptions.push_back(
            std::visit([this](const auto& which) { return subscriptions_.write(which); }, change));
    }
    for (const auto& change : rows.bridges) {
        std::visit(
            [&](const auto& which) {
                committed.bridges.push_back(bridges_.write(which));
                replace(owned_set(which, committed.bridges.back()), committed);
            },
            change);
    }
    for (const Progress& progress : rows.progress) {
        subscriptions_.write(progress);
    }
    deliveries_.write(rows);
}

}  // namespace skald::store::sqlite
