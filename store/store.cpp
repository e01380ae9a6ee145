#include "store/store.h"

#include <algorithm>

namespace skald::store {

bool Batch::empty() const {
    return definitions.empty() && starts.empty() && rows.empty() && summaries.empty() &&
           unparks.empty() && parks.empty() && match_paths.empty() && topics.empty() &&
           expectations.empty() && events.empty() && told_hits.empty() && subscriptions.empty();
}

void Batch::grow_by(Batch&& more) {
    const auto move_to = [](auto& all, auto& some) {
        all.insert(all.end(), std::make_move_iterator(some.begin()),
                   std::make_move_iterator(some.end()));
    };
    move_to(rows, more.rows);
    move_to(summaries, more.summaries);
    move_to(unparks, more.unparks);
    move_to(expectations, more.expectations);
    move_to(events, more.events);
    move_to(told_hits, more.told_hits);
}

Counts no_sagas() {
    Counts counts;
    for (int status = 0; status <= static_cast<int>(sagas::Status::Abandoned); ++status) {
        counts.by_status[static_cast<sagas::Status>(status)] = 0;
    }
    return counts;
}

bool matches(const SagaFilter& filter, const SagaRow& saga) {
    const auto equals = [](const auto& wanted, const auto& is) { return !wanted || *wanted == is; };
    const auto has = [&saga](const auto& label) {
        const auto found = saga.labels.find(label.first);
        return found != saga.labels.end() && found->second == label.second;
    };
    const Summary& now = saga.summary;
    const auto& statuses = filter.statuses;
    return (statuses.empty() ||
            std::find(statuses.begin(), statuses.end(), now.status) != statuses.end()) &&
           equals(filter.definition, saga.definition) &&
           (!filter.definition || equals(filter.version, saga.version)) &&
           (!filter.started_from || saga.started_at >= *filter.started_from) &&
           (!filter.started_before || saga.started_at < *filter.started_before) &&
           equals(filter.step, now.last_step) &&
           (!filter.error || now.last_error.find(*filter.error) != std::string::npos) &&
           (!filter.failing_since ||
            (now.failing_since && *now.failing_since <= *filter.failing_since)) &&
           std::all_of(filter.labels.begin(), filter.labels.end(), has);
}

namespace {
constexpr std::string_view kReplay = "\x1freplay\x1f";
}  // namespace

std::string replay_key(std::string_view id) { return std::string(kReplay).append(id); }

bool is_replay_key(std::string_view key) { return key.starts_with(kReplay); }

const sagas::RequestKey* request_key(const Record& begun) {
    const auto* begin = std::get_if<sagas::Begin>(&begun.cause);
    return begin != nullptr && begin->request ? &*begin->request : nullptr;
}

}  // namespace skald::store
