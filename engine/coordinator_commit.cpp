#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"

/// What the coordinator does with a batch: hands it over, and once it is durable releases what
/// waited for that.
namespace skald::engine {

namespace {

constexpr sagas::Milliseconds kWriteAgainAfter{200};
/// While the disk is nearly full no start makes a batch: an empty one asks whether there is space.
constexpr sagas::Milliseconds kLookAtSpaceEvery{1'000};

}  // namespace

sagas::Result<store::Committed> write_growing(store::Writer& writer, store::Batch& batch,
                                              const Committer::React& react) {
    return writer.write(batch, [&](std::vector<store::EventHit> hits) -> store::Grow {
        return [&batch, &react, hits = std::move(hits)] { batch.grow_by(react(hits)); };
    });
}

// ---- Handing over ------------------------------------------------------------------------------

void Coordinator::Impl::hand_over() {
    if (syncing_) return;
    add_deliveries();
    if (gathering_.is_idle() && !is_look_due()) return;
    if (!gathering_.batch->empty() || is_look_due()) {
        submit();
        return;
    }
    // Nothing to write: what it rests on is durable already.
    Gathering done = std::exchange(gathering_, Gathering{});
    gathering_.number = done.number + 1;
    release(std::move(done), {});
}

/// What became of deliveries, as the last of all that goes into the batch.
void Coordinator::Impl::add_deliveries() {
    subscriptions_.write(gathering_.batch->subscriptions,
                         gathering_.batch->empty() ? Subscriptions::Batch::WrittenIfNeeded
                                                   : Subscriptions::Batch::Written);
}

bool Coordinator::Impl::is_look_due() const {
    return look_at_space_at_ && parts_.clock.now() >= *look_at_space_at_;
}

void Coordinator::Impl::submit() {
    syncing_ = std::exchange(gathering_, Gathering{});
    gathering_.number = syncing_->number + 1;
    gathering_.expect_as_much_as(*syncing_);
    write();
}

void Coordinator::Impl::write() {
    parts_.committer.commit(
        syncing_->batch, [this](const std::vector<store::EventHit>& hits) { return react(hits); },
        [this](sagas::Result<store::Committed> result) { on_committed(std::move(result)); });
}

void Coordinator::Impl::write_again_if_due() {
    if (write_again_at_ && parts_.clock.now() >= *write_again_at_) {
        write_again_at_.reset();
        write();
    }
}

void Coordinator::Impl::on_committed(sagas::Result<store::Committed> result) {
    SKALD_CHECK(syncing_);
    if (result) {
        if (is_store_full_) spdlog::info("the store can be written again");
        is_store_full_ = false;
        space_ = result->space;
        look_at_space_at_.reset();
        if (space_ == store::Space::Low) {
            look_at_space_at_ = parts_.clock.now() + kLookAtSpaceEvery;
        }
        Gathering done = std::move(*syncing_);
        syncing_.reset();
        // The writer goes on with what came meanwhile, while this batch's effects are performed.
        add_deliveries();
        if (!gathering_.batch->empty()) submit();
        release(std::move(done), std::move(*result));
        turn();
        return;
    }
    if (result.error().code != sagas::ErrorCode::Unavailable) {
        parts_.fatal(result.error());
        return;
    }
    // Memory is ahead of the disk: the same batch, again and again, and no effect before.
    if (!is_store_full_) {
        spdlog::error("{}; trying again every {} ms", result.error().message,
                      kWriteAgainAfter.count());
    }
    is_store_full_ = true;
    write_again_at_ = parts_.clock.now() + kWriteAgainAfter;
    wake_once();
}

// ---- What a durable batch releases -------------------------------------------------------------

void Coordinator::Impl::release(Gathering done, store::Committed committed) {
    durable_batch_ = done.number;
    answer_definitions(done, committed);
    answer_subscriptions(done, committed);
    answer_starts(done, committed);
    answer_publishes(done, committed);
    tell_subscriptions(done, committed);
    for (const auto& reply : done.replies) reply();
    for (const store::SagaKey key : done.recalls) recall(key);
    for (const CallId call : done.settled_calls) {
        if (open_calls_.contains(call)) parts_.caller.recall(call);
    }
    for (const auto& [key, effect] : done.effects) perform(key, effect);
    for (const store::SagaKey key : committed.lock_heads) reach(key, sagas::LockGranted{});
    reach_late(done, committed);
    for (store::EventHit& hit : committed.event_hits) {
        if (!hit.is_told) reach(std::move(hit));
    }
    for (const store::SagaKey key : done.at_rest) come_to_rest(key, done.number);
    for (const store::Park& park : done.batch->parks) give_up(park, done.number);
    for (const store::SagaKey key : done.waiting) consider(key);
    parts_.bell.ring(committed.last);
}

void Coordinator::Impl::answer_definitions(Gathering& done, const store::Committed& committed) {
    SKALD_CHECK(done.definitions.size() == committed.definitions.size());
    for (std::size_t i = 0; i < done.definitions.size(); ++i) {
        parts_.catalog.changed(done.definitions[i].name);
        done.definitions[i].done(committed.definitions[i]);
    }
}

void Coordinator::Impl::answer_starts(Gathering& done, const store::Committed& committed) {
    SKALD_CHECK(done.starts.size() == committed.starts.size());
    for (std::size_t i = 0; i < done.starts.size(); ++i) {
        const auto& [key, reply] = done.starts[i];
        const store::StartOutcome& outcome = committed.starts[i];
        if (std::holds_alternative<store::StartWritten>(outcome)) {
            const LiveSaga& live = live_.at(key);
            by_id_.emplace(live.saga.id, key);
            if (!loads_.empty()) redirect(live);
            parts_.telemetry.saga_started(live.definition().name);
            reply(Start::Started{});
        } else if (const auto* repeats = std::get_if<store::StartRepeats>(&outcome)) {
            live_.erase(key);  // It was never run: nothing of it is durable.
            reply(*repeats);
        } else {
            live_.erase(key);
            reply(store::StartIdUsed{});
        }
    }
}

void Coordinator::Impl::come_to_rest(store::SagaKey key, std::uint64_t batch) {
    LiveSaga* live = find(key);
    if (live == nullptr) return;
    if (live->last_batch > batch) return;  // It has gone on: a later batch will tell.
    const bool is_over = live->saga.end.has_value();
    if (!is_over && sagas::status(live->saga) != sagas::Status::Stuck) return;
    const std::string& id = live->saga.id;
    if (is_over && !live->is_end_told) {
        live->is_end_told = true;
        parts_.telemetry.saga_ended(live->definition().name, live->saga.end->status);
        if (live->parent) {
            tell_parent(*live, live->is_turned_by_parent ? sagas::Phase::Compensation
                                                         : live->saga.parent->phase);
        }
    } else if (!is_over && !live->is_stuck_told) {
        live->is_stuck_told = true;
        spdlog::warn("saga {} ({}) is stuck at step {}: {}", id, live->definition().name,
                     live->summary.last_step, live->summary.last_error);
    }
    const bool is_watched = parts_.watchers.is_watched(id);
    if (is_over && is_forgettable(*live)) {
        LiveSaga gone = take_out(*live);
        if (is_watched)
            tell_rest(std::move(gone.version), std::move(gone.saga), std::move(gone.labels));
        return;
    }
    if (is_watched) tell_rest(live->version, live->saga, live->labels);
    if (!is_over) consider(key);
}

void Coordinator::Impl::tell_rest(VersionPtr version, sagas::Saga saga, store::Labels labels) {
    parts_.watchers.came_to_rest(
        std::make_shared<const Rest>(Rest{std::move(version), std::move(saga), std::move(labels)}));
}

bool Coordinator::Impl::is_forgettable(const LiveSaga& live) const {
    return live.saga.end && live.calls.empty() && live.last_batch <= durable_batch_;
}

void Coordinator::Impl::forget_if_over(store::SagaKey key) {
    LiveSaga* live = find(key);
    if (live != nullptr && is_forgettable(*live)) take_out(*live);
}

LiveSaga Coordinator::Impl::take_out(LiveSaga& live) {
    const store::SagaKey key = live.key;
    if (live.saga.deadline_at) timers_.disarm_deadline(key, *live.saga.deadline_at);
    for (const sagas::WakeStep& wake : live.far) timers_.disarm(key, wake);
    failing_ -= live.summary.failing_since.has_value();
    by_id_.erase(live.saga.id);
    return std::move(live_.extract(key).mapped());
}

// ---- The end -----------------------------------------------------------------------------------

void Coordinator::Impl::drain(std::function<void()> done) {
    is_draining_ = true;
    drained_ = std::move(done);
    for (const auto& [id, key] : open_calls_) parts_.caller.recall(id);
    subscriptions_.drain();
    loads_.refuse_commands({Busy::Why::Draining, "the server is stopping"});
    wake_once();
}

void Coordinator::Impl::end_drain_if_done() {
    const bool is_done = drained_ && !syncing_ && gathering_.is_idle() && inbox_.empty() &&
                         in_turn_.empty() && commands_.empty() && mailbox_.depth() == 0 &&
                         loads_.commands() == 0 && open_calls_.empty() &&
                         !subscriptions_.has_calls();
    if (is_done) std::exchange(drained_, nullptr)();
}

}  // namespace skald::engine
