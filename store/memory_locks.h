#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace skald::store::memory {

/// Which sagas queue for which lock; of the memory store.
class LockQueues {
 public:
    /// `lock`: its name (lock_rules.h).
    void enter(const std::string& lock, SagaKey saga);
    void grant(SagaKey saga);
    /// Nothing, where it queues for none.
    void leave(SagaKey saga);

    /// At the start of a batch.
    void clear_heads() { heads_before_.clear(); }
    /// At its end: Committed::lock_heads.
    std::vector<SagaKey> new_heads() const;

    /// Recovery::lock_heads.
    std::vector<SagaKey> waiting_heads() const;
    struct Place {
        SagaKey head;
        std::uint64_t before;  ///< At most kLockPlaceMax.
    };
    std::optional<Place> place(SagaKey saga) const;

 private:
    enum class Grant : std::uint8_t { Waited, Given };
    using Queue = std::map<SagaKey, Grant>;

    std::optional<SagaKey> head(const std::string& lock) const;

    std::map<std::string, Queue> queues_;  ///< None is empty.
    std::map<SagaKey, std::string> locks_;
    std::map<std::string, std::optional<SagaKey>> heads_before_;  ///< Of the queues that changed.
};

}  // namespace skald::store::memory
