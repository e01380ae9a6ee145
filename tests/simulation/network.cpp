#include "tests/simulation/network.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

std::string header(const sagas::Request& request, std::string_view name) {
    const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                    [name](const auto& header) { return header.first == name; });
    return found == request.headers.end() ? "" : found->second;
}

std::string without_quotes(const std::string& text) {
    return text.size() < 2 ? text : text.substr(1, text.size() - 2);
}

/// The key is SAGA/STEP/PHASE, or SAGA/STEP/INDEX/PHASE for an element.
CallName name_of(const sagas::Request& request, const std::string& key, std::uint32_t attempt) {
    const std::string saga = header(request, "Skald-Saga");
    const std::string step = header(request, "Skald-Step");
    const std::string phase = header(request, "Skald-Phase");
    const std::string rest = key.substr(std::min(key.size(), saga.size() + step.size() + 2));
    CallName name{saga, step_named(step), phase == "action" ? Phase::Action : Phase::Undo, attempt};
    if (rest != phase) name.item = static_cast<std::uint32_t>(std::stoul(rest));
    return name;
}

}  // namespace

Network::Network(Timeline& timeline, Participants& participants, Callbacks& callbacks,
                 Random random, Counters& counters, See see)
    : timeline_(timeline),
      participants_(participants),
      callbacks_(callbacks),
      random_(random),
      counters_(counters),
      see_(std::move(see)) {}

void Network::begin_process(Answered answered) {
    ++process_;
    answered_ = std::move(answered);
}

void Network::end_process() {
    open_.clear();
    answered_ = nullptr;
}

void Network::call(engine::CallId id, sagas::Request request, std::uint32_t attempt) {
    const std::string key = without_quotes(header(request, "Idempotency-Key"));
    const std::string callback = header(request, "Skald-Callback");
    const bool is_of_child = request.target.find(kUndoOfChild) != std::string::npos;
    open_.emplace(id, Open{{name_of(request, key, attempt), request.method == "DELETE", is_of_child,
                            !callback.empty()},
                           key,
                           callback,
                           request.timeout});
    const Time wait = goes_wrong(10) ? Time{random_.between(1, 2'000)} : Time{0};
    timeline_.after(wait, Owner::Process, [this, id] { leave(id); });
}

bool Network::is_out(const CallName& call) const {
    return std::any_of(open_.begin(), open_.end(), [&call](const auto& each) {
        const CallName& name = each.second.request.call;
        return !each.second.is_queued && name.saga == call.saga && name.phase == call.phase &&
               name.place() == call.place();
    });
}

void Network::recall(engine::CallId id) {
    const auto found = open_.find(id);
    if (found == open_.end() || !found->second.is_queued || found->second.is_recalled) return;
    counters_.count("a call was taken back unsent");
    found->second.is_recalled = true;
    timeline_.after(Time{0}, Owner::Process,
                    [this, id] { tell(id, sagas::NotSent{"taken back"}); });
}

void Network::leave(engine::CallId id) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.is_recalled) return;
    Open& open = found->second;
    if (goes_wrong(1)) unreachable_until_ = timeline_.now() + Time{random_.between(10, 3'000)};
    if (goes_wrong(3) || (timeline_.now() < unreachable_until_ && !is_healed_)) {
        tell(id, sagas::NotSent{"connection refused"});
        return;
    }
    open.is_queued = false;
    see_(Sent{open.request.call, open.key, open.callback});
    timeline_.after(open.timeout, Owner::Process,
                    [this, id] { tell(id, sagas::Lost{"no reply in time"}); });
    if (goes_wrong(3)) {
        timeline_.after(Time{random_.between(0, 600)}, Owner::Process,
                        [this, id] { tell(id, sagas::Lost{"connection reset"}); });
    }
    const auto send = [this, request = open.request,
                       callback = open.callback](std::optional<Asker> asker) {
        timeline_.after(way(), Owner::World,
                        [this, request, callback, asker] { arrive(request, callback, asker); });
    };
    if (goes_wrong(4)) {
        counters_.count("a request was lost");
    } else {
        send(Asker{process_, id});
    }
    if (goes_wrong(4)) {
        counters_.count("a request was doubled");
        send(std::nullopt);
    }
}

void Network::arrive(const ParticipantRequest& request, const std::string& callback,
                     std::optional<Asker> asker) {
    const Participants::Dealt dealt = participants_.handle(request);
    see_(Handled{request.call, dealt.did, dealt.reply.status});
    if (dealt.is_put_off) callbacks_.put_off(request, callback);
    if (!asker || dealt.reply.status == 0) return;
    if (goes_wrong(4)) {
        counters_.count("a reply was lost");
        return;
    }
    const sagas::Reply reply{dealt.reply.status,
                             {},
                             sagas::make_value({{"n", request.call.attempt}}),
                             dealt.reply.retry_after};
    timeline_.after(way(), Owner::World, [this, asker = *asker, reply] { bring(asker, reply); });
}

/// The connection was the process's: the next one is told nothing.
void Network::bring(Asker asker, const sagas::Reply& reply) {
    if (asker.process != process_ || !open_.contains(asker.id)) {
        counters_.count("a reply came too late");
        return;
    }
    tell(asker.id, reply);
}

void Network::tell(engine::CallId id, sagas::Answer answer) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    Told told{found->second.request.call, Told::What::NotSent, 0, {}, found->second.is_recalled};
    if (const auto* reply = std::get_if<sagas::Reply>(&answer)) {
        told.what = Told::What::Reply;
        told.status = reply->status;
        told.retry_after = reply->retry_after;
    } else if (std::holds_alternative<sagas::Lost>(answer)) {
        told.what = Told::What::Lost;
        counters_.count("a call was lost");
    }
    open_.erase(found);
    see_(told);
    answered_(id, std::move(answer));
}

Time Network::way() {
    if (is_healed_) return Time{1};
    if (random_.chance(5)) return Time{random_.between(300, 5'000)};
    return Time{random_.between(0, 30)};
}

}  // namespace skald::simulation
