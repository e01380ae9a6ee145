#include <utility>
#include <vector>

#include "engine/coordinator_impl.h"

/// Taking up what an earlier process left: the normal path, only from the store instead of memory.
/// Parked sagas stay where they are.
namespace skald::engine {

sagas::Result<std::size_t> Coordinator::Impl::recover(const store::Recovery& recovery) {
    const auto last = recovery.last_keys();
    if (!last) return tl::unexpected(last.error());
    last_key_ = last->saga;

    const auto each = [this](store::SagaRow row,
                             const std::vector<store::JournalRow>& journal) -> sagas::Result<void> {
        auto loaded = fold_loaded(parts_.catalog, std::move(row), journal);
        if (!loaded) return tl::unexpected(loaded.error());
        expect_again(take_up(std::move(*loaded)));
        return {};
    };
    if (auto result = recovery.live_sagas(each); !result) {
        return tl::unexpected(result.error());
    }
    // Who came to the head of a queue, and did not hear of it.
    const auto heads = recovery.lock_heads();
    if (!heads) return tl::unexpected(heads.error());
    for (const store::SagaKey head : *heads) reach(head, sagas::LockGranted{});
    // Which events reached a step that did not hear of it.
    const auto paths = recovery.match_paths();
    if (!paths) return tl::unexpected(paths.error());
    match_paths_.insert(paths->begin(), paths->end());
    auto hits = recovery.event_hits();
    if (!hits) return tl::unexpected(hits.error());
    for (store::EventHit& hit : *hits) reach(std::move(hit));
    auto subscriptions = recovery.subscriptions();
    if (!subscriptions) return tl::unexpected(subscriptions.error());
    if (auto taken = subscriptions_.take_up(std::move(*subscriptions)); !taken) {
        return tl::unexpected(taken.error());
    }
    update_stats();
    wake_once();
    return live_.size();
}

/// The store forgot what sagas in memory wait for.
void Coordinator::Impl::expect_again(const LiveSaga& live) {
    const sagas::Timestamp now = parts_.clock.now();
    for (auto& [step, phase, keys] : sagas::standing_expectations(live.definition(), live.saga)) {
        gathering_.batch->expectations.push_back(
            {live.key, step, phase, std::move(keys), now, false});
    }
}

}  // namespace skald::engine
