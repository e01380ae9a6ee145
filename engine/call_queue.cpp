#include "engine/call_queue.h"

#include <algorithm>

#include "sagas/check.h"

namespace skald::engine {

void CallQueue::push(const Origin& origin, CallId id) {
    Lines::value_type& line = *lines_.try_emplace(origin).first;
    line.second.calls.push_back(id);
    const bool is_new =
        waiting_.emplace(id, Place{&line, std::prev(line.second.calls.end())}).second;
    SKALD_CHECK(is_new);
    give_turn(line);
}

std::optional<CallId> CallQueue::take() {
    if (in_flight_ >= limits_.total || turns_.empty()) return std::nullopt;
    Lines::value_type& line = *turns_.front();
    turns_.pop_front();
    line.second.has_turn = false;
    const CallId id = line.second.calls.front();
    line.second.calls.pop_front();
    waiting_.erase(id);
    ++line.second.in_flight;
    ++in_flight_;
    give_turn(line);  // Behind all others.
    return id;
}

void CallQueue::release(const Origin& origin) {
    const auto found = lines_.find(origin);
    SKALD_CHECK(found != lines_.end() && found->second.in_flight > 0);
    --found->second.in_flight;
    --in_flight_;
    give_turn(*found);
    drop_if_unused(*found);
}

CallQueue::Recalled CallQueue::recall(CallId id) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return Recalled::WasNotWaiting;
    Lines::value_type& line = *found->second.line;
    line.second.calls.erase(found->second.position);
    waiting_.erase(found);
    if (line.second.calls.empty() && line.second.has_turn) {
        turns_.remove(&line);
        line.second.has_turn = false;
    }
    drop_if_unused(line);
    return Recalled::Yes;
}

void CallQueue::give_turn(Lines::value_type& line) {
    Line& state = line.second;
    if (state.has_turn || state.calls.empty() || state.in_flight >= limits_.per_origin) return;
    turns_.push_back(&line);
    state.has_turn = true;
}

void CallQueue::drop_if_unused(Lines::value_type& line) {
    if (!line.second.calls.empty() || line.second.in_flight > 0) return;
    lines_.erase(lines_.find(line.first));
}

}  // namespace skald::engine
