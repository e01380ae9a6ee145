#include "store/subscriptions.h"

namespace skald::store {

bool SubscriptionRows::empty() const { return size() == 0; }

std::size_t SubscriptionRows::size() const {
    return changes.size() + bridges.size() + progress.size() + ended.size() + failed.size() +
           revived.size() + buried.size() + dead.size();
}

}  // namespace skald::store
