#include "tests/simulation/network.h"

#include <algorithm>
#include <utility>

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

}  // namespace

Network::Network(Timeline& timeline, Participants& participants, Random random, Counters& counters,
                 FindStep find_step, See see)
    : timeline_(timeline),
      participants_(participants),
      random_(random),
      counters_(counters),
      find_step_(std::move(find_step)),
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
    const std::string saga = header(request, "Skald-Saga");
    const Phase phase = header(request, "Skald-Phase") == "action" ? Phase::Action : Phase::Undo;
    // A step that nobody planned is left to the oracle, as one that is out of range.
    const std::size_t step =
        find_step_(saga, header(request, "Skald-Step")).value_or(static_cast<std::size_t>(-1));
    open_.emplace(id, Open{{saga, step, phase, attempt},
                           without_quotes(header(request, "Idempotency-Key")),
                           request.method == "DELETE",
                           request.timeout});
    const Time wait = goes_wrong(10) ? Time{random_.between(1, 2'000)} : Time{0};
    timeline_.after(wait, Owner::Process, [this, id] { leave(id); });
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
    see_(Sent{open.name, open.key});
    timeline_.after(open.timeout, Owner::Process,
                    [this, id] { tell(id, sagas::Lost{"no reply in time"}); });
    if (goes_wrong(3)) {
        timeline_.after(Time{random_.between(0, 600)}, Owner::Process,
                        [this, id] { tell(id, sagas::Lost{"connection reset"}); });
    }
    const auto send = [this, name = open.name,
                       is_delete = open.is_delete](std::optional<Asker> asker) {
        timeline_.after(way(), Owner::World,
                        [this, name, is_delete, asker] { arrive(name, is_delete, asker); });
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

void Network::arrive(const CallName& name, bool is_delete, std::optional<Asker> asker) {
    const Participants::Dealt dealt = participants_.handle(name, is_delete);
    see_(Handled{name, dealt.did, dealt.reply.status});
    if (!asker || dealt.reply.status == 0) return;
    if (goes_wrong(4)) {
        counters_.count("a reply was lost");
        return;
    }
    const sagas::Reply reply{
        dealt.reply.status, {}, sagas::make_value({{"n", name.attempt}}), dealt.reply.retry_after};
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
    Told told{found->second.name, Told::What::NotSent, 0, {}};
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
