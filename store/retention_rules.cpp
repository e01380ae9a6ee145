#include "store/retention_rules.h"

#include <algorithm>

namespace skald::store {

std::optional<Timestamp> deletable_before(const Retention& retention, sagas::Status status,
                                          bool has_key, Timestamp now) {
    std::optional<Milliseconds> kept;
    switch (status) {
        case sagas::Status::Completed:
            kept = retention.completed;
            break;
        case sagas::Status::Compensated:
            kept = retention.compensated;
            break;
        case sagas::Status::Abandoned:
            kept = retention.abandoned;
            break;
        case sagas::Status::Running:
        case sagas::Status::Compensating:
        case sagas::Status::Stuck:
            break;
    }
    if (!kept) {
        return std::nullopt;
    }
    return now - (has_key ? std::max(*kept, kKeyedKept) : *kept);
}

}  // namespace skald::store
