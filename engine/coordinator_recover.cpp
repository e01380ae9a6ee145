#include <utility>
#include <vector>

#include "engine/coordinator_impl.h"
#include "sagas/machine.h"
#include "store/restore.h"

/// Taking up what an earlier process left: the normal path, only from the store instead of memory.
namespace skald::engine {

sagas::Result<std::size_t> Coordinator::Impl::recover(const store::Recovery& recovery) {
    const auto last = recovery.last_keys();
    if (!last) return tl::unexpected(last.error());
    last_key_ = last->saga;

    const sagas::Timestamp now = parts_.clock.now();
    const auto take_up = [this, now](
                             store::SagaRow row,
                             std::vector<store::JournalRow> journal) -> sagas::Result<void> {
        auto version = parts_.catalog.of(row.definition_key);
        if (!version) return tl::unexpected(version.error());
        auto saga = store::restore((*version)->definition, row, journal);
        if (!saga) return tl::unexpected(saga.error());

        LiveSaga live;
        live.key = row.key;
        live.version = std::move(*version);
        live.saga = sagas::recovered(live.definition(), std::move(*saga));
        live.labels = std::move(row.labels);
        live.next_seq = static_cast<std::uint32_t>(journal.size()) + 1;
        live.summary = std::move(row.summary);
        failing_ += live.summary.failing_since.has_value();
        by_id_.emplace(live.saga.id, live.key);
        LiveSaga& kept = live_.emplace(live.key, std::move(live)).first->second;

        // A deadline that has passed turns the saga before any call of it goes out.
        const bool is_late = kept.saga.deadline_at && *kept.saga.deadline_at <= now;
        if (is_late) apply(kept, {kept.key, sagas::DeadlinePassed{}, std::nullopt});
        for (const sagas::Effect& effect : sagas::owed(kept.definition(), kept.saga)) {
            gathering_.effects.emplace_back(kept.key, effect);
        }
        return {};
    };
    if (auto result = recovery.live_sagas(take_up); !result) {
        return tl::unexpected(result.error());
    }
    update_stats();
    wake_once();
    return live_.size();
}

}  // namespace skald::engine
