#include "engine/rehearsal/network.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "sagas/check.h"

namespace skald::rehearsal {
namespace {

using Owner = Timeline::Owner;
using Manner = Ledger::Manner;

constexpr Milliseconds kLong = std::chrono::hours{1};
/// From a 202 to the work and its callback.
constexpr Milliseconds kWorkTakes{500};
/// From a callback to its 202, where that comes second.
constexpr Milliseconds kHesitates{50};
constexpr Milliseconds kCallsBackAgainAfter{1'000};

std::string_view header(const sagas::Request& request, std::string_view name) {
    const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                    [name](const auto& header) { return header.first == name; });
    return found == request.headers.end() ? std::string_view() : found->second;
}

sagas::Reply empty_reply(int status) {
    return {status, {}, sagas::make_value(nullptr), std::nullopt};
}

/// Of an idempotency key, in its quotes: "SAGA/STEP[/INDEX]/PHASE".
Place place_of(const Cast& cast, const sagas::Request& request) {
    const auto saga = cast.find(header(request, "Skald-Saga"));
    SKALD_CHECK(saga);
    const sagas::Definition& definition = cast.role(*saga).definition();
    const std::string_view name = header(request, "Skald-Step");
    const auto step = std::find_if(definition.steps.begin(), definition.steps.end(),
                                   [name](const sagas::Step& each) { return each.name == name; });
    SKALD_CHECK(step != definition.steps.end());
    StepIndex index{static_cast<std::uint32_t>(step - definition.steps.begin())};
    const std::string_view key = header(request, "Idempotency-Key");
    const std::size_t end = key.rfind('/');
    const std::size_t before = end == std::string_view::npos ? end : key.rfind('/', end - 1);
    SKALD_CHECK(before != std::string_view::npos);
    std::size_t item = 0;
    if (step->for_each) {
        const auto read = std::from_chars(key.data() + before + 1, key.data() + end, item);
        SKALD_CHECK(read.ec == std::errc() && read.ptr == key.data() + end);
        index = sagas::element_of(index, item);
    }
    const bool is_action = header(request, "Skald-Phase") == "action";
    return {{*saga, index}, is_action ? Phase::Action : Phase::Compensation};
}

/// What goes wrong each time, not at the first try only.
bool is_for_ever(FaultKind kind) {
    return kind == FaultKind::Gone || kind == FaultKind::Failing ||
           kind == FaultKind::FailingAfter || kind == FaultKind::Refused ||
           kind == FaultKind::CallbackRefused;
}

}  // namespace

Network::Network(const Stage& stage, const Schedule& schedule, Timeline& timeline, Ledger& ledger,
                 std::function<void(std::string)> tell)
    : stage_(stage),
      schedule_(schedule),
      timeline_(timeline),
      ledger_(ledger),
      tell_(std::move(tell)) {}

void Network::begin_process(Answered answered, CallBack call_back) {
    ++process_;
    answered_ = std::move(answered);
    call_back_ = std::move(call_back);
    for (auto each = unheard_.begin(); each != unheard_.end(); ++each) {
        timeline_.after(way_to(each->place.spot), Owner::Process,
                        [this, each] { this->call_back(each); });
    }
}

void Network::end_process() {
    open_.clear();
    answered_ = nullptr;
    call_back_ = nullptr;
}

std::vector<Place> Network::called() const {
    std::vector<Place> places;
    for (const auto& [place, tries] : tries_) places.push_back(place);
    return places;
}

// ---- The way there -----------------------------------------------------------------------------

void Network::call(engine::CallId id, sagas::Request request, std::uint32_t attempt) {
    const Place place = place_of(stage_.cast(), request);
    const Try made{id, process_, place, attempt, request.timeout, way_to(place.spot)};
    open_.emplace(id, made);
    const std::uint32_t tries = ++tries_[place];
    const bool calls_back = !header(request, "Skald-Callback").empty();
    const Fault* fault = fault_of_call(schedule_, place);
    if (fault == nullptr || tries > (is_for_ever(fault->kind) ? kForEver : 1)) {
        visit(made, made.way, {.calls_back = calls_back});
    } else if (calls_back) {
        send_to_be_called_back(made, fault->kind);
    } else {
        send(made, fault->kind);
    }
}

void Network::send(const Try& attempt, FaultKind kind) {
    switch (kind) {
        case FaultKind::Refused:
            visit(attempt, attempt.way, {.manner = Manner::Refuses});
            return;
        case FaultKind::LostBefore:
            tell(attempt, "the request is lost on its way");
            time_out(attempt);
            return;
        case FaultKind::LostAfter:
            visit(attempt, attempt.way,
                  {.reply_after = std::nullopt, .remark = "; the answer is lost"});
            time_out(attempt);
            return;
        case FaultKind::Late:
            visit(attempt, attempt.timeout + kLong,
                  {.reply_after = std::nullopt, .remark = ", too late"});
            time_out(attempt);
            return;
        case FaultKind::Twice:
            visit(attempt, attempt.way, {});
            visit(attempt, kLong, {.reply_after = std::nullopt, .remark = ", once more"});
            return;
        case FaultKind::Unreachable:
        case FaultKind::Gone:
            answer(attempt, attempt.way, sagas::NotSent{"connection refused"});
            return;
        case FaultKind::Failing:
            answer(attempt, attempt.way, empty_reply(500));
            return;
        case FaultKind::FailingAfter:
            visit(attempt, attempt.way, {.remark = "; but answers 500", .status = 500});
            return;
        case FaultKind::Slow:
            visit(attempt, attempt.way, {.reply_after = attempt.timeout / 2});
            return;
        default:
            visit(attempt, attempt.way, {});  // Not a fault of such calls.
    }
}

/// The same for a participant that answers 202.
void Network::send_to_be_called_back(const Try& attempt, FaultKind kind) {
    const sagas::Step& step = stage_.cast().step(attempt.place.spot);
    const Milliseconds patience = attempt.place.phase == Phase::Action
                                      ? step.callback_timeout
                                      : std::get<sagas::Compensation>(step.undo).callback_timeout;
    const auto accepted = [this, &attempt](Manner manner, Milliseconds after,
                                           std::size_t callbacks) {
        timeline_.after(attempt.way, Owner::World, [this, attempt, manner, after, callbacks] {
            accept(attempt, Milliseconds{0});
            work(attempt.place, manner, after, callbacks);
        });
    };
    switch (kind) {
        case FaultKind::LostAfter:
            visit(attempt, attempt.way, {.reply_after = std::nullopt, .calls_back = true});
            time_out(attempt);
            return;
        case FaultKind::Late:
            visit(attempt, attempt.timeout + kLong,
                  {.reply_after = std::nullopt, .calls_back = true});
            time_out(attempt);
            return;
        case FaultKind::Twice:
            visit(attempt, attempt.way, {.calls_back = true});
            visit(attempt, kLong, {.reply_after = std::nullopt, .calls_back = true});
            return;
        case FaultKind::Slow:
            visit(attempt, attempt.way, {.reply_after = attempt.timeout / 2, .calls_back = true});
            return;
        case FaultKind::CallbackRefused:
            accepted(Manner::Refuses, kWorkTakes, 1);
            return;
        case FaultKind::CallbackLost:
            timeline_.after(attempt.way, Owner::World,
                            [this, attempt] { accept(attempt, Milliseconds{0}); });
            return;
        case FaultKind::CallbackOwed:
            accepted(Manner::Agrees, kWorkTakes, 0);
            return;
        case FaultKind::CallbackFirst:
            timeline_.after(attempt.way, Owner::World, [this, attempt] {
                work(attempt.place, Manner::Agrees, {}, 1);
                accept(attempt, std::min(kHesitates, attempt.timeout / 2));
            });
            return;
        case FaultKind::CallbackTwice:
            accepted(Manner::Agrees, kWorkTakes, 2);
            return;
        case FaultKind::CallbackLate:
            accepted(Manner::Agrees, patience + kLong, 1);
            return;
        default:
            send(attempt, kind);
    }
}

void Network::visit(const Try& attempt, Milliseconds after, const Visit& visit) {
    timeline_.after(after, Owner::World, [this, attempt, visit] {
        if (visit.calls_back) {
            accept(attempt, visit.reply_after);
            work(attempt.place, visit.manner, kWorkTakes, 1);
        } else {
            arrive(attempt, visit);
        }
    });
}

void Network::time_out(const Try& attempt) {
    answer(attempt, attempt.timeout, sagas::Lost{"no reply in time"});
}

// ---- The participants --------------------------------------------------------------------------

Ledger::Did Network::act(Place place, Manner manner) {
    return place.phase == Phase::Action ? ledger_.act(place.spot, manner)
                                        : ledger_.undo(place.spot, manner);
}

void Network::arrive(const Try& attempt, const Visit& visit) {
    const bool is_action = attempt.place.phase == Phase::Action;
    const Ledger::Did did = act(attempt.place, visit.manner);
    if (tell_) tell(attempt, std::string(text_of(did, attempt.place.phase)) + visit.remark);
    if (!visit.reply_after) return;
    const bool is_done = is_agreed(did);
    sagas::Reply reply = visit.status != 0 ? empty_reply(visit.status)
                         : !is_action      ? empty_reply(is_done ? 200 : 409)
                         : is_done         ? stage_.agreement(attempt.place.spot)
                                           : stage_.refusal(attempt.place.spot);
    answer(attempt, *visit.reply_after, std::move(reply));
}

void Network::accept(const Try& attempt, std::optional<Milliseconds> reply_after) {
    tell(attempt, reply_after ? "accepts it" : "accepts it; the answer is lost");
    if (reply_after) answer(attempt, *reply_after, empty_reply(202));
}

/// Does what was accepted, and calls back so many times.
void Network::work(Place place, Manner manner, Milliseconds after, std::size_t callbacks) {
    timeline_.after(after, Owner::World, [this, place, manner, callbacks] {
        const Ledger::Did did = act(place, manner);
        if (tell_) tell(place, text_of(did, place.phase));
        const bool is_done = is_agreed(did);
        sagas::CalledBack said{place.spot.step, place.phase,
                               is_done ? sagas::Outcome::Success : sagas::Outcome::Failure, nullptr,
                               is_done ? "" : "refused"};
        if (is_done && place.phase == Phase::Action) {
            said.output = std::get<sagas::Value>(stage_.agreement(place.spot).body);
        }
        for (std::size_t i = 0; i < callbacks; ++i) {
            timeline_.after(kLong * static_cast<std::int64_t>(i), Owner::World,
                            [this, place, said] {
                                call_back(unheard_.insert(unheard_.end(), {place, said}));
                            });
        }
    });
}

void Network::call_back(Callbacks::iterator callback) {
    if (tell_) {
        tell(callback->place, "calls back: " + std::string(sagas::to_text(callback->said.outcome)) +
                                  (call_back_ ? "" : ", but nobody is there"));
    }
    if (!call_back_) return;  // Again when there is a process.
    call_back_(callback->place.spot.saga, callback->said,
               [this, callback, process = process_](bool is_heard) {
                   if (process != process_) return;
                   if (is_heard) {
                       unheard_.erase(callback);
                       return;
                   }
                   timeline_.after(kCallsBackAgainAfter, Owner::Process,
                                   [this, callback] { call_back(callback); });
               });
}

// ---- The way back ------------------------------------------------------------------------------

/// The connection was the process's: the next one is told nothing.
void Network::answer(const Try& attempt, Milliseconds after, sagas::Answer what) {
    timeline_.after(after, Owner::World, [this, attempt, what = std::move(what)] {
        if (attempt.process != process_ || open_.erase(attempt.id) == 0) return;
        if (const auto* reply = std::get_if<sagas::Reply>(&what)) {
            if (tell_) tell(attempt, "answered " + std::to_string(reply->status));
        } else if (const auto* unsent = std::get_if<sagas::NotSent>(&what)) {
            tell(attempt, unsent->reason);
        } else {
            tell(attempt, std::get<sagas::Lost>(what).reason);
        }
        answered_(attempt.id, what);
    });
}

void Network::tell(const Try& attempt, const std::string& text) {
    if (!tell_) return;
    tell_(stage_.cast().name(attempt.place) + ", try " + std::to_string(attempt.number) + ": " +
          text);
}

void Network::tell(Place place, const std::string& text) {
    if (tell_) tell_(stage_.cast().name(place) + ": " + text);
}

}  // namespace skald::rehearsal
