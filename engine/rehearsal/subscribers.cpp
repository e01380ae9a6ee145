#include "engine/rehearsal/subscribers.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "sagas/check.h"
#include "sagas/event_match.h"
#include "sagas/saga_scope.h"
#include "store/restore.h"

namespace skald::rehearsal {
namespace {

using Owner = Timeline::Owner;
using Manner = Ledger::Manner;

constexpr Milliseconds kAnHour = std::chrono::hours{1};
/// From an event to the work and its answer.
constexpr Milliseconds kEventWorkTakes{500};
constexpr Milliseconds kPublishesAgainAfter{1'000};
constexpr std::uint32_t kRowsMax = 1u << 30;

bool is_for_every_try(FaultKind kind) {
    return kind == FaultKind::EventRefused || kind == FaultKind::EventIgnored ||
           kind == FaultKind::EventUnanswered;
}

/// "reserve", "reserve/3". None: `definition` has no such step.
std::optional<StepIndex> find_step(const sagas::Definition& definition, std::string_view name) {
    const std::size_t slash = name.find('/');
    const auto step =
        std::find_if(definition.steps.begin(), definition.steps.end(),
                     [&](const sagas::Step& each) { return each.name == name.substr(0, slash); });
    if (step == definition.steps.end()) return std::nullopt;
    const StepIndex index{static_cast<std::uint32_t>(step - definition.steps.begin())};
    if (slash == std::string_view::npos) return index;
    std::size_t item = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + slash + 1, end, item);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return sagas::element_of(index, item);
}

/// Puts `value` into `event` where `path` leads.
void put_at(Json& event, const sagas::Path& path, Json value) {
    Json* node = &event;
    for (const sagas::Segment& segment : path.segments) {
        if (const auto* name = std::get_if<std::string>(&segment)) {
            if (!node->is_object()) *node = Json::object();
            node = &(*node)[*name];
        } else {
            if (!node->is_array()) *node = Json::array();
            node = &(*node)[std::get<std::size_t>(segment)];
        }
    }
    *node = std::move(value);
}

}  // namespace

Subscribers::Subscribers(const Stage& stage, const Schedule& schedule, Timeline& timeline,
                         Ledger& ledger, const store::Reader& reader,
                         std::function<void(std::string)> tell)
    : stage_(stage),
      schedule_(schedule),
      timeline_(timeline),
      ledger_(ledger),
      reader_(reader),
      tell_(std::move(tell)) {}

void Subscribers::begin_process(Publish publish) {
    ++process_;
    publish_ = std::move(publish);
    for (auto each = unheard_.begin(); each != unheard_.end(); ++each) {
        timeline_.after(way_to(each->place.spot), Owner::Process, [this, each] { send(each); });
    }
}

std::vector<Place> Subscribers::called() const {
    std::vector<Place> places(awaited_.begin(), awaited_.end());
    for (const auto& [place, tries] : tries_) places.push_back(place);
    return places;
}

// ---- What is durable ---------------------------------------------------------------------------

void Subscribers::hear(const store::Batch& batch, const store::Committed& committed) {
    for (std::size_t i = 0; i < batch.starts.size(); ++i) {
        if (!std::holds_alternative<store::StartWritten>(committed.starts[i])) continue;
        if (const auto saga = stage_.cast().find(batch.starts[i].id)) begin_saga(*saga);
    }
    for (const store::NewExpectation& each : batch.expectations) {
        const auto saga = number_of(each.saga);
        if (!saga) continue;
        const Place place{{*saga, each.step}, each.phase};
        if (way_of(step(place), place.phase) == Way::Signal) await_signal(place);
    }
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        const auto& written = committed.events[i];
        const bool is_command = batch.events[i].saga && written && !written->is_repeat;
        if (!is_command) continue;
        const auto place = place_of(Json::parse(batch.events[i].event));
        SKALD_CHECK(place);
        hear_command(*place);
    }
}

std::optional<Place> Subscribers::place_of(const Json& event) const {
    const auto saga = stage_.cast().find(event.at("sagaid").get<std::string>());
    if (!saga) return std::nullopt;
    const auto step =
        find_step(stage_.cast().role(*saga).definition(), event.at("sagastep").get<std::string>());
    if (!step) return std::nullopt;
    const bool is_action = event.at("sagaphase") == "action";
    return Place{{*saga, *step}, is_action ? Phase::Action : Phase::Compensation};
}

std::optional<SagaNumber> Subscribers::number_of(store::SagaKey key) const {
    const auto row = reader_.saga(key);
    return row ? stage_.cast().find(row->id) : std::nullopt;
}

Milliseconds Subscribers::patience_for(Place place) const {
    if (place.phase == Phase::Action) return step(place).callback_timeout;
    return std::get<sagas::Compensation>(step(place).undo).callback_timeout;
}

// ---- Commands ----------------------------------------------------------------------------------

void Subscribers::hear_command(Place place) {
    const std::uint32_t tries = ++tries_[place];
    const Fault* fault = fault_of_call(schedule_, place);
    if (fault != nullptr && tries > (is_for_every_try(fault->kind) ? kForEver : 1)) {
        fault = nullptr;
    }
    const Milliseconds soon = way_to(place.spot) + kEventWorkTakes;
    if (fault == nullptr) return work(place, Manner::Agrees, soon, 1);
    switch (fault->kind) {
        case FaultKind::EventRefused:
            return work(place, Manner::Refuses, soon, 1);
        case FaultKind::EventLost:
        case FaultKind::EventIgnored:
            return tell(place, "nobody hears of it");
        case FaultKind::EventOwed:
        case FaultKind::EventUnanswered:
            return work(place, Manner::Agrees, soon, 0);
        case FaultKind::EventLate:
            return work(place, Manner::Agrees, patience_for(place) + kAnHour, 1);
        case FaultKind::EventTwice:
            return work(place, Manner::Agrees, soon, 2);
        case FaultKind::EventAgain:
            work(place, Manner::Agrees, soon, 1);
            return work(place, Manner::Agrees, soon + kAnHour, 1);
        case FaultKind::EventHeardLate:
            return work(place, Manner::Agrees, kAnHour, 1);
        case FaultKind::Slow:
            return work(place, Manner::Agrees, patience_for(place) / 2, 1);
        default:
            return work(place, Manner::Agrees, soon, 1);  // Not a fault of events.
    }
}

/// Does what it was told, and answers so many times.
void Subscribers::work(Place place, Manner manner, Milliseconds after, std::size_t answers) {
    timeline_.after(after, Owner::World, [this, place, manner, answers] {
        const Ledger::Did did = place.phase == Phase::Action ? ledger_.act(place.spot, manner)
                                                             : ledger_.undo(place.spot, manner);
        if (tell_) tell(place, text_of(did, place.phase));
        if (way_of(step(place), place.phase) != Way::Event) return;
        const Says says = is_agreed(did) ? Says::Yes : Says::No;
        for (std::size_t i = 0; i < answers; ++i) {
            signal(place, says, kAnHour * static_cast<std::int64_t>(i));
        }
    });
}

// ---- Signals -----------------------------------------------------------------------------------

void Subscribers::begin_saga(SagaNumber saga) {
    for (const Fault& fault : schedule_) {
        const bool is_here = fault.kind == FaultKind::SignalEarly && fault.place.spot.saga == saga;
        if (is_here) signal(fault.place, Says::Yes, Milliseconds{0});
    }
}

void Subscribers::await_signal(Place place) {
    if (!awaited_.insert(place).second) return;  // Once more, after a crash.
    const Milliseconds patience = patience_for(place);
    const Milliseconds usual = std::min(patience / 2, kAnHour);
    const Fault* fault = fault_of_call(schedule_, place);
    if (fault == nullptr) return signal(place, Says::Yes, usual);
    switch (fault->kind) {
        case FaultKind::SignalRefuses:
            return signal(place, Says::No, usual);
        case FaultKind::SignalLost:
        case FaultKind::SignalEarly:
            return;
        case FaultKind::SignalLate:
            return signal(place, Says::Yes, patience + kAnHour);
        case FaultKind::SignalTwice:
            signal(place, Says::Yes, usual);
            return signal(place, Says::Yes, usual + kAnHour);
        default:
            return signal(place, Says::Yes, usual);
    }
}

void Subscribers::signal(Place place, Says says, Milliseconds after) {
    timeline_.after(after, Owner::World, [this, place, says] { write(place, says); });
}

// ---- What they publish -------------------------------------------------------------------------

/// One that can't say no says nothing.
void Subscribers::write(Place place, Says says) {
    const sagas::AwaitedEvent& awaited = *sagas::awaited_event(step(place), place.phase);
    if (says == Says::No && awaited.failure.empty()) return tell(place, "says nothing");
    const Cast& cast = stage_.cast();
    const std::string& type = says == Says::Yes ? awaited.success.front() : awaited.failure.front();
    const bool has_body = says == Says::Yes && place.phase == Phase::Action;
    Json event{{"specversion", "1.0"},
               {"id", std::to_string(++written_)},
               {"source", "/rehearsal"},
               {"type", type},
               {"time", sagas::to_rfc3339(kBeginning + timeline_.now())},
               {"sagaid", cast.role(place.spot.saga).id},
               {"sagastep", cast.step(place.spot).name},
               {"sagaphase", sagas::to_text(place.phase)},
               {"data", Json::object()}};
    if (const auto item = sagas::item_of(place.spot.step)) {
        event["sagastep"] = cast.step(place.spot).name + '/' + std::to_string(*item);
    }
    const auto& body = std::get<sagas::Value>(stage_.agreement(place.spot).body);
    if (has_body && body) event["data"] = *body;
    if (awaited.match && !make_match(place, *awaited.match, event)) return;
    send(unheard_.insert(unheard_.end(), {place, awaited.topic, std::move(event)}));
}

/// False: what the saga looks for can't be told yet.
bool Subscribers::make_match(Place place, const sagas::EventMatch& match, Json& event) const {
    const Cast::Role& role = stage_.cast().role(place.spot.saga);
    auto row = reader_.saga(role.id);
    if (!row) return false;
    const auto journal = reader_.journal(row->key, 0, kRowsMax);
    if (!journal) return false;
    const auto saga = store::restore(role.definition(), *row, *journal);
    if (!saga) return false;
    const auto value = match.saga.render(
        sagas::SagaScope(role.definition(), *saga).in(place.spot.step, place.phase));
    if (!value) return false;
    put_at(event, match.event, *value);
    return true;
}

void Subscribers::send(Letters::iterator letter) {
    if (tell_) {
        tell(letter->place, "the event " + letter->event.at("type").get<std::string>() +
                                " comes to " + letter->topic +
                                (publish_ ? "" : ", but nobody is there"));
    }
    if (!publish_) return;  // Again when there is a process.
    publish_(letter->topic, letter->event, [this, letter, process = process_](bool is_heard) {
        if (process != process_) return;
        if (is_heard) {
            unheard_.erase(letter);
            return;
        }
        timeline_.after(kPublishesAgainAfter, Owner::Process, [this, letter] { send(letter); });
    });
}

void Subscribers::tell(Place place, const std::string& text) {
    if (tell_) tell_(stage_.cast().name(place) + ": " + text);
}

}  // namespace skald::rehearsal
