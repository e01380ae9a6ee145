#include <string>
#include <utility>

#include "engine/coordinator_impl.h"
#include "sagas/child_id.h"
#include "sagas/request.h"

/// What steps want of the sagas that they call, and what those tell them.
///
/// Nothing rests on memory alone: a step owes its wish until it has the answer, so a parent that
/// comes back, after a restart or from the store, asks again; and the row of a child's end is
/// written together with what brings a parked parent back.
namespace skald::engine {

namespace {

using sagas::Child;
using sagas::ChildEnd;
using sagas::Phase;
using LinkState = ChildLink::State;

constexpr char kTurned[] = "the parent saga was turned";

std::string child_id_of(const LiveSaga& parent, const Child& wish) {
    // The child that turns back is the one which the action started.
    const Phase phase = wish.wish == Child::Wish::TurnBack ? Phase::Action : wish.phase;
    return sagas::child_id(parent.definition(), parent.saga.id, wish.step, phase, wish.attempt);
}

/// Whether `saga` is the child that `wish` is about, and not one that took its id.
bool is_child_of(const LiveSaga& parent, const Child& wish, const sagas::Saga& saga) {
    const Phase phase = wish.wish == Child::Wish::TurnBack ? Phase::Action : wish.phase;
    return saga.parent == sagas::Parent{parent.saga.id, wish.step, phase, wish.attempt};
}

std::string why_turned(const sagas::Definition& definition, const sagas::Saga& saga) {
    if (!saga.turned) return {};
    if (!saga.turned->step) return saga.turned->reason;
    const auto item = sagas::item_of(*saga.turned->step);
    return "step " + definition.step(*saga.turned->step).name +
           (item ? "/" + std::to_string(*item) : "") + ": " + saga.turned->reason;
}

/// Precondition: it has ended.
ChildEnd end_of(const sagas::Definition& definition, const sagas::Saga& saga) {
    switch (saga.end->status) {
        case sagas::Status::Completed:
            return {ChildEnd::How::Completed, saga.end->output, {}};
        case sagas::Status::Compensated:
            return {ChildEnd::How::Compensated, nullptr, why_turned(definition, saga)};
        default:
            return {ChildEnd::How::Abandoned, nullptr, {}};
    }
}

}  // namespace

// ---- Wishes ------------------------------------------------------------------------------------

void Coordinator::Impl::perform(LiveSaga& live, const Child& wish) {
    if (is_draining_) return;
    if (ChildLink* link = live.find_link(wish)) {
        // Its end answers whatever is wished; else what is under way goes on.
        if (link->state == LinkState::Ending) return;
        if (link->wish == wish && link->state != LinkState::Linked) return;
        *link = {wish, LinkState::Seeking};
    } else {
        live.links.push_back({wish, LinkState::Seeking});
    }
    const Meet meet{live.key, wish};
    const std::string id = child_id_of(live, wish);
    if (const auto found = by_id_.find(id); found != by_id_.end()) {
        run(live_.at(found->second), meet);
    } else {
        await(id, meet);
    }
}

/// The parent, if it wants that still; null: it doesn't.
LiveSaga* Coordinator::Impl::find_seeker(const Meet& meet) {
    LiveSaga* parent = find(meet.parent);
    const ChildLink* link = parent != nullptr ? parent->find_link(meet.wish) : nullptr;
    const bool is_sought =
        link != nullptr && link->wish == meet.wish && link->state == LinkState::Seeking;
    if (!is_sought) return nullptr;
    if (sagas::is_owed(parent->definition(), parent->saga, meet.wish)) return parent;
    unlink(*parent, meet.wish);
    return nullptr;
}

void Coordinator::Impl::link(LiveSaga& parent, const Child& wish, LinkState state) {
    if (ChildLink* link = parent.find_link(wish)) link->state = state;
    may_wait(parent);
}

void Coordinator::Impl::unlink(LiveSaga& parent, const Child& wish) {
    std::erase_if(parent.links, [&wish](const ChildLink& link) { return link.wish == wish; });
    may_wait(parent);
}

void Coordinator::Impl::unlink_answered(LiveSaga& parent, const sagas::Event& event) {
    std::visit(
        [&parent](const auto& what) {
            using What = std::decay_t<decltype(what)>;
            if constexpr (std::is_same_v<What, sagas::Answered> ||
                          std::is_same_v<What, sagas::Unsendable>) {
                std::erase_if(parent.links, [&what](const ChildLink& link) {
                    return link.wish.step == what.step && link.wish.phase == what.phase &&
                           link.wish.attempt == what.attempt;
                });
            }
        },
        event);
}

void Coordinator::Impl::answer_wish(const LiveSaga& parent, const Child& wish,
                                    sagas::Answer answer) {
    reach(parent.key, sagas::Answered{wish.step, wish.phase, wish.attempt, std::move(answer)});
}

/// There is no child, and won't be one.
void Coordinator::Impl::refuse_wish(const LiveSaga& parent, const Child& wish,
                                    const std::string& why) {
    switch (wish.wish) {
        case Child::Wish::Run:
            reach(parent.key, sagas::Unsendable{wish.step, wish.phase, wish.attempt, why});
            break;
        case Child::Wish::Stop:
            answer_wish(parent, wish, sagas::NotSent{"not started: the saga turned first"});
            break;
        case Child::Wish::TurnBack:
            answer_wish(parent, wish, ChildEnd{ChildEnd::How::Completed, nullptr, why});
            break;
    }
}

// ---- Meeting the child -------------------------------------------------------------------------

/// The child is in memory.
void Coordinator::Impl::run(LiveSaga& live, Meet errand) {
    LiveSaga* parent = find_seeker(errand);
    if (parent == nullptr) return;
    const Child& wish = errand.wish;
    if (!is_child_of(*parent, wish, live.saga)) {
        refuse_wish(*parent, wish, "the id " + live.saga.id + " is taken");
        return;
    }
    const bool has_completed = live.saga.end && live.saga.end->status == sagas::Status::Completed;
    if (wish.wish == Child::Wish::TurnBack && has_completed) {
        reach(live.key, sagas::ParentTurned{});
        link(*parent, wish, LinkState::Linked);
    } else if (live.saga.end) {
        link(*parent, wish, LinkState::Ending);
        // Else when it is durable.
        if (live.is_end_told) answer_wish(*parent, wish, end_of(live.definition(), live.saga));
    } else {
        if (wish.wish == Child::Wish::Stop) {
            reach(live.key, sagas::Cancel{{"parent", kTurned, std::nullopt}});
        }
        link(*parent, wish, LinkState::Linked);
    }
}

/// The child is in the store: over, or parked.
void Coordinator::Impl::run(Loader::Loaded& loaded, Meet errand) {
    LiveSaga* parent = find_seeker(errand);
    if (parent == nullptr) return;
    const Child& wish = errand.wish;
    const sagas::Saga& child = loaded.saga;
    if (!is_child_of(*parent, wish, child)) {
        refuse_wish(*parent, wish, "the id " + child.id + " is taken");
        return;
    }
    const bool has_completed = child.end && child.end->status == sagas::Status::Completed;
    const bool is_to_turn = wish.wish == Child::Wish::TurnBack && has_completed;
    if (child.end && !is_to_turn) {
        link(*parent, wish, LinkState::Ending);
        answer_wish(*parent, wish, end_of(loaded.version->definition, child));
        return;
    }
    link(*parent, wish, LinkState::Linked);
    if (is_to_turn) {
        run(loaded, Tell{sagas::ParentTurned{}});
    } else if (wish.wish == Child::Wish::Stop) {
        run(loaded, Tell{sagas::Cancel{{"parent", kTurned, std::nullopt}}});
    }
}

/// There is no saga with its id.
void Coordinator::Impl::run(const Loader::Name& missing, Meet errand) {
    LiveSaga* parent = find_seeker(errand);
    if (parent == nullptr) return;
    if (errand.wish.wish == Child::Wish::Run) {
        order_child(*parent, errand.wish);
    } else {
        refuse_wish(*parent, errand.wish,
                    "the saga " + std::get<std::string>(missing) + " is not in the store any more");
    }
}

// ---- Starting a child --------------------------------------------------------------------------

void Coordinator::Impl::order_child(LiveSaga& parent, const Child& wish) {
    const sagas::Step& step = parent.definition().step(wish.step);
    const std::string& name = sagas::child_called(step, wish.phase)->definition;
    const auto pin = parent.saga.pins.find(name);
    if (pin == parent.saga.pins.end()) {
        refuse_wish(parent, wish, "no version of definition " + name + " was chosen at the start");
        return;
    }
    auto input = sagas::render_child_input(parent.definition(), parent.saga, wish.step, wish.phase);
    if (!input) {
        refuse_wish(parent, wish, input.error().message);
        return;
    }
    prepare_child({parent.key, wish}, {name, pin->second, std::move(*input)});
}

void Coordinator::Impl::prepare_child(const Meet& meet, Loader::ChildOrder order) {
    parts_.loader.prepare(order, [this, meet, order](sagas::Result<Loader::ChildReady> ready) {
        in_turn([this, meet, order, ready = std::move(ready)] {
            if (!ready && ready.error().code == sagas::ErrorCode::Unavailable) {
                try_later([this, meet, order] { prepare_child(meet, order); });
            } else if (!ready && ready.error().code == sagas::ErrorCode::Corruption) {
                parts_.fatal(ready.error());
            } else {
                start_child(meet, order.input, ready);
            }
        });
    });
}

void Coordinator::Impl::start_child(const Meet& meet, sagas::Value input,
                                    sagas::Result<Loader::ChildReady> ready) {
    LiveSaga* parent = find_seeker(meet);
    if (parent == nullptr || is_draining_) return;
    const Child& wish = meet.wish;
    if (!ready) {
        refuse_wish(*parent, wish, "the child saga can't be started: " + ready.error().message);
        return;
    }
    Start start;
    start.version = std::move(ready->version);
    start.id = child_id_of(*parent, wish);
    start.id_origin = store::IdOrigin::Ours;
    start.input = std::move(input);
    start.labels = std::move(ready->labels);
    start.pins = parent->saga.pins;
    start.done = [this, meet, id = start.id](const Start::Result& result) {
        child_started(meet, id, result);
    };
    link(*parent, wish, LinkState::Starting);
    begin(std::move(start),
          Parentage{parent->key, {parent->saga.id, wish.step, wish.phase, wish.attempt}});
}

/// Its start is durable, or lost.
void Coordinator::Impl::child_started(const Meet& meet, const std::string& id,
                                      const Start::Result& result) {
    LiveSaga* parent = find(meet.parent);
    ChildLink* link = parent != nullptr ? parent->find_link(meet.wish) : nullptr;
    if (link == nullptr || link->state != LinkState::Starting) return;
    if (std::holds_alternative<Start::Started>(result)) {
        // One of which every step is skipped has ended with its start.
        const bool is_over = live_.at(by_id_.at(id)).saga.end.has_value();
        link->state = is_over ? LinkState::Ending : LinkState::Linked;
        may_wait(*parent);
    } else {
        // The id was taken in between: by whom, the store tells.
        link->state = LinkState::Seeking;
        await(id, meet);
    }
}

// ---- Telling the parent ------------------------------------------------------------------------

/// Precondition: its end is durable.
void Coordinator::Impl::tell_parent(const LiveSaga& child, Phase phase) {
    const sagas::Parent& of = *child.saga.parent;
    reach(*child.parent,
          sagas::Answered{of.step, phase, of.attempt, end_of(child.definition(), child.saga)});
}

/// The child's end goes into the batch that gathers: from that batch on, its parent is not parked.
void Coordinator::Impl::hold_parent(const LiveSaga& child) {
    LiveSaga* parent = find(*child.parent);
    if (parent == nullptr) {
        gathering_.batch->unparks.push_back(*child.parent);
        return;
    }
    if (parent->park_batch != 0) stay(*parent);
    const sagas::Parent& of = *child.saga.parent;
    const Phase phase = child.is_turned_by_parent ? Phase::Compensation : of.phase;
    ChildLink* link = parent->find_link({Child::Wish::Run, of.step, phase, of.attempt});
    if (link != nullptr) link->state = LinkState::Ending;
}

/// ParentTurned changed nothing.
void Coordinator::Impl::refuse_turn(const LiveSaga& child) {
    if (child.saga.end && child.is_end_told && child.parent) {
        tell_parent(child, Phase::Compensation);
    }
}

}  // namespace skald::engine
