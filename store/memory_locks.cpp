#include "store/memory_locks.h"

#include <algorithm>
#include <iterator>

#include "store/lock_rules.h"

namespace skald::store::memory {

void LockQueues::enter(const std::string& lock, SagaKey saga) {
    heads_before_.emplace(lock, head(lock));
    queues_[lock].emplace(saga, Grant::Waited);
    locks_.emplace(saga, lock);
}

void LockQueues::grant(SagaKey saga) {
    if (const auto found = locks_.find(saga); found != locks_.end()) {
        queues_.at(found->second).at(saga) = Grant::Given;
    }
}

void LockQueues::leave(SagaKey saga) {
    const auto found = locks_.find(saga);
    if (found == locks_.end()) {
        return;
    }
    heads_before_.emplace(found->second, head(found->second));
    const auto queue = queues_.find(found->second);
    queue->second.erase(saga);
    if (queue->second.empty()) {
        queues_.erase(queue);
    }
    locks_.erase(found);
}

std::vector<SagaKey> LockQueues::new_heads() const {
    std::vector<SagaKey> heads;
    for (const auto& [lock, before] : heads_before_) {
        const auto now = head(lock);
        if (now && now != before) {
            heads.push_back(*now);
        }
    }
    std::sort(heads.begin(), heads.end());
    return heads;
}

std::vector<SagaKey> LockQueues::waiting_heads() const {
    std::vector<SagaKey> heads;
    for (const auto& [lock, queue] : queues_) {
        const auto& [saga, grant] = *queue.begin();
        if (grant == Grant::Waited) {
            heads.push_back(saga);
        }
    }
    std::sort(heads.begin(), heads.end());
    return heads;
}

std::optional<LockQueues::Place> LockQueues::place(SagaKey saga) const {
    const auto found = locks_.find(saga);
    if (found == locks_.end()) {
        return std::nullopt;
    }
    const Queue& queue = queues_.at(found->second);
    const auto before = std::distance(queue.begin(), queue.find(saga));
    return Place{queue.begin()->first,
                 std::min<std::uint64_t>(static_cast<std::uint64_t>(before), kLockPlaceMax)};
}

std::optional<SagaKey> LockQueues::head(const std::string& lock) const {
    const auto found = queues_.find(lock);
    return found == queues_.end() ? std::nullopt : std::optional{found->second.begin()->first};
}

}  // namespace skald::store::memory
