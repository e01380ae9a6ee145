#include <utility>
#include <variant>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"

/// What the coordinator has to do with those who subscribe to the event log: it hands over what is
/// asked for and what came of it, and writes what they tell.
namespace skald::engine {

Subscriptions::Parts Coordinator::Impl::parts_of_subscriptions() {
    return {parts_.loader,
            parts_.caller,
            parts_.broker,
            parts_.clock,
            parts_.secrets,
            parts_.telemetry,
            [this] { return CallId{++last_call_}; },
            [this] { wake_once(); },
            [this](std::function<void()> work) { in_turn(std::move(work)); },
            [this](std::function<void()> reply) { gathering_.replies.push_back(std::move(reply)); },
            [this](Start start) { take(std::move(start)); },
            [this] { return is_store_full_; }};
}

// ---- What is asked for -------------------------------------------------------------------------

void Coordinator::Impl::take(ChangeSubscription command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
        return;
    }
    const auto* put = std::get_if<store::PutSubscription>(&command.change);
    const std::size_t under_way =
        gathering_.subscriptions.size() + (syncing_ ? syncing_->subscriptions.size() : 0);
    if (const auto busy = put != nullptr ? subscriptions_.refuses(*put, under_way) : std::nullopt) {
        command.done(*busy);
        return;
    }
    gathering_.batch->subscriptions.changes.push_back(std::move(command.change));
    gathering_.subscriptions.push_back({std::move(command.document), std::move(command.done)});
}

void Coordinator::Impl::take(ChangeBridge command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
        return;
    }
    const auto* put = std::get_if<store::PutBridge>(&command.change);
    if (const auto busy =
            put != nullptr ? subscriptions_.refuses(put->subscriptions) : std::nullopt) {
        command.done(*busy);
        return;
    }
    gathering_.batch->subscriptions.bridges.push_back(std::move(command.change));
    gathering_.bridges.push_back(std::move(command.done));
}

/// What must be durable to be answered is refused while that may take long.
template <typename AnyCommand>
void Coordinator::Impl::pass_on(AnyCommand command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
    } else {
        subscriptions_.take(std::move(command));
    }
}

void Coordinator::Impl::take(Fetch command) { subscriptions_.take(std::move(command)); }
void Coordinator::Impl::take(AnswerLeases command) { pass_on(std::move(command)); }
void Coordinator::Impl::take(Rewind command) { pass_on(std::move(command)); }
void Coordinator::Impl::take(SettleDeadLetters command) { pass_on(std::move(command)); }

// ---- What is durable ---------------------------------------------------------------------------

void Coordinator::Impl::answer_subscriptions(Gathering& done, const store::Committed& committed) {
    const store::SubscriptionRows& rows = done.batch->subscriptions;
    SKALD_CHECK(done.subscriptions.size() == committed.subscriptions.size());
    for (const store::OwnedChange& change : committed.owned) subscriptions_.changed(change);
    for (std::size_t i = 0; i < done.subscriptions.size(); ++i) {
        auto& [document, reply] = done.subscriptions[i];
        subscriptions_.changed(rows.changes[i], std::move(document), committed.subscriptions[i]);
        reply(committed.subscriptions[i]);
    }
    SKALD_CHECK(done.bridges.size() == committed.bridges.size());
    for (std::size_t i = 0; i < done.bridges.size(); ++i) done.bridges[i](committed.bridges[i]);
}

/// There are new events.
void Coordinator::Impl::tell_subscriptions(const Gathering& done,
                                           const store::Committed& committed) {
    for (std::size_t i = 0; i < committed.events.size(); ++i) {
        const auto& written = committed.events[i];
        if (!written || written->is_repeat) continue;
        subscriptions_.published(done.batch->events[i], written->offset, done.events[i]);
    }
    if (!done.batch->rows.empty() || !done.batch->starts.empty()) {
        subscriptions_.grown(kSagaTopic);
    }
}

}  // namespace skald::engine
