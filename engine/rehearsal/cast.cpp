#include "engine/rehearsal/cast.h"

#include <utility>

#include "sagas/child_id.h"
#include "sagas/event_match.h"

namespace skald::rehearsal {
namespace {

constexpr const char* kTopmostId = "rehearsal";

}  // namespace

Cast::Cast(engine::VersionPtr topmost) {
    roles_.push_back({kTopmostId, "", std::move(topmost), std::nullopt, false});
    numbers_.emplace(kTopmostId, kTopmost);
}

SagaNumber Cast::add(const std::string& id, engine::VersionPtr version, Place caller,
                     std::uint32_t attempt) {
    const SagaNumber next{static_cast<std::uint32_t>(roles_.size())};
    const auto [known, is_new] = numbers_.emplace(id, next);
    if (!is_new) return known->second;
    const Role& parent = role(caller.spot.saga);
    std::string path =
        sagas::child_id(parent.definition(), parent.path, caller.spot.step, caller.phase, attempt);
    if (parent.path.empty()) path.erase(0, 1);
    const bool is_undoing = parent.is_undoing || caller.phase == Phase::Compensation;
    roles_.push_back({id, std::move(path), std::move(version), caller, is_undoing});
    return next;
}

std::optional<SagaNumber> Cast::find(std::string_view id) const {
    const auto found = numbers_.find(std::string(id));
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::string Cast::name(Spot spot) const {
    const std::string& path = role(spot.saga).path;
    std::string name = path.empty() ? "" : path + '/';
    name += step(spot).name;
    if (const auto item = sagas::item_of(spot.step)) name += '/' + std::to_string(*item);
    return name;
}

std::string Cast::name(Place place) const {
    return (place.phase == Phase::Action ? "" : "undo of ") + name(place.spot);
}

Way way_of(const sagas::Step& step, Phase phase) {
    if (const sagas::EventCall* event = sagas::event_called(step, phase)) {
        return event->reply ? Way::Event : Way::NoEvent;
    }
    if (sagas::awaited_event(step, phase) != nullptr) return Way::Signal;
    const auto* undo = std::get_if<sagas::Compensation>(&step.undo);
    const auto* call = phase == Phase::Action ? std::get_if<sagas::HttpCall>(&step.action)
                       : undo != nullptr      ? std::get_if<sagas::HttpCall>(&undo->call)
                                              : nullptr;
    const bool calls_back = call != nullptr && call->reply == sagas::ReplyMode::Callback;
    return calls_back ? Way::Callback : Way::Reply;
}

sagas::Milliseconds way_to(Spot spot) {
    const auto item = sagas::item_of(spot.step);
    return sagas::Milliseconds{10 + static_cast<std::int64_t>(to_size(spot.step)) +
                               7 * static_cast<std::int64_t>(spot.saga) +
                               3 * static_cast<std::int64_t>(item ? *item + 1 : 0)};
}

bool can_refuse(const sagas::Step& step, Phase phase) {
    return !sagas::awaited_event(step, phase)->failure.empty();
}

}  // namespace skald::rehearsal
