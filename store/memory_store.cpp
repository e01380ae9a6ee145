#include "store/memory_store.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "sagas/check.h"
#include "store/memory_tables.h"
#include "store/retention_rules.h"

namespace skald::store {
namespace {

class MemoryStore final : public Store, public Writer, public Reader, public Recovery {
 public:
    MemoryStore(Retention retention, const EventRules& events) : retention_(retention) {
        tables_.events = memory::EventLog(events);
    }

    Writer& writer() override { return *this; }
    const Reader& reader() const override { return *this; }
    const Recovery& recovery() const override { return *this; }
    std::uint64_t wal_bytes() const override { return 0; }
    void copy_to(std::string, std::function<void(Result<void>)> done) override {
        done(sagas::fail(ErrorCode::InvalidArgument, "a store in memory can't be copied"));
    }
    void stop_examining() override {}
    Result<Examination> examine(Depth depth) override {
        const std::shared_lock lock(mutex_);
        Examination found;
        found.is_whole = depth == Depth::Whole;
        found.sagas = tables_.sagas.size();
        return found;
    }

    using Writer::write;
    Result<Committed> write(const Batch& batch, const OnHits& on_hits) override {
        const std::unique_lock lock(mutex_);
        if (has_failed_) {
            return sagas::fail(ErrorCode::Corruption, "commit: an earlier batch was broken");
        }
        auto committed = memory::write(tables_, batch, on_hits);
        has_failed_ = !committed;
        return committed;
    }

    Result<bool> maintain(Timestamp now) override {
        const std::unique_lock lock(mutex_);
        if (has_failed_) {
            return sagas::fail(ErrorCode::Corruption, "keep house: an earlier batch was broken");
        }
        std::vector<SagaKey> old;
        for (const auto& [key, saga] : tables_.sagas) {
            if (memory::is_held(tables_, saga)) continue;
            const bool has_key = request_key(saga.start.begun) != nullptr;
            const auto before = deletable_before(retention_, saga.summary.status, has_key, now);
            if (before && saga.summary.ended_at && *saga.summary.ended_at < *before) {
                old.push_back(key);
            }
        }
        for (const SagaKey key : old) {
            memory::erase(tables_, key, now);
        }
        std::erase_if(tables_.tombstones, [&](const auto& tombstone) {
            return now - tombstone.second > kTombstoneKept;
        });
        tables_.events.keep_house(now, tables_.subscriptions.settled());
        return false;
    }

    Result<SagaRow> saga(std::string_view id) const override {
        const std::shared_lock lock(mutex_);
        const auto found = tables_.ids.find(std::string(id));
        if (found == tables_.ids.end()) {
            return not_found("saga " + std::string(id));
        }
        return row(tables_.sagas.at(found->second));
    }

    Result<SagaRow> saga(SagaKey key) const override {
        const std::shared_lock lock(mutex_);
        const auto found = tables_.sagas.find(key);
        if (found == tables_.sagas.end()) {
            return not_found("saga number " + std::to_string(static_cast<std::int64_t>(key)));
        }
        return row(found->second);
    }

    Result<std::vector<JournalRow>> journal(SagaKey saga, std::uint32_t after,
                                            std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        const auto found = tables_.sagas.find(saga);
        if (found == tables_.sagas.end()) {
            return std::vector<JournalRow>{};
        }
        const auto& all = found->second.journal;
        const std::size_t first = std::min<std::size_t>(after, all.size());
        const std::size_t count = std::min<std::size_t>(limit, all.size() - first);
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
        return std::vector<JournalRow>(from, from + static_cast<std::ptrdiff_t>(count));
    }

    Result<StartRepeats> repeated_start(const StartIdentity& start) const override {
        const std::shared_lock lock(mutex_);
        if (auto repeats = memory::find_start(tables_, start)) {
            return std::move(*repeats);
        }
        return not_found("a saga that was started with this key or id");
    }

    Result<SagaList> list(const SagaFilter& filter, const SagaRange& range) const override {
        SKALD_CHECK(range.limit >= 1 && range.limit <= 200);
        const std::shared_lock lock(mutex_);
        SagaList list;
        std::uint32_t looks = 0;
        for (auto at = tables_.sagas.rbegin(); at != tables_.sagas.rend(); ++at) {
            if (range.before && at->first >= *range.before) continue;
            if (list.rows.size() == range.limit || looks++ == range.looks_max) {
                list.next = std::prev(at)->first;
                break;
            }
            SagaRow candidate = row(at->second);
            if (matches(filter, candidate)) {
                candidate.input = nullptr;
                list.rows.push_back(std::move(candidate));
            }
        }
        return list;
    }

    Result<Counts> counts() const override {
        return counts(SagaFilter{}, std::numeric_limits<std::uint32_t>::max())->counts;
    }

    Result<FilteredCounts> counts(const SagaFilter& filter,
                                  std::uint32_t looks_max) const override {
        const std::shared_lock lock(mutex_);
        SagaFilter any_status = filter;
        any_status.statuses.clear();
        FilteredCounts found{no_sagas(), FilteredCounts::Extent::All};
        for (auto at = tables_.sagas.rbegin(); at != tables_.sagas.rend(); ++at) {
            if (looks_max-- == 0) {
                found.extent = FilteredCounts::Extent::NewestOnly;
                break;
            }
            const memory::StoredSaga& saga = at->second;
            if (matches(any_status, row(saga))) ++found.counts.by_status[saga.summary.status];
        }
        return found;
    }

    Result<FeedPage> feed(Position after, std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        std::map<Position, FeedRow> found;
        for (const auto& [key, saga] : tables_.sagas) {
            for (const JournalRow& each : saga.journal) {
                if (each.position <= after) continue;
                SagaRow now = row(saga);
                now.input = nullptr;
                found.emplace(each.position, FeedRow{each, std::move(now)});
            }
        }
        FeedPage page;
        for (auto& [position, each] : found) {
            if (page.rows.size() == limit) break;
            page.rows.push_back(std::move(each));
        }
        page.is_cut = page.rows.size() == limit;
        return page;
    }

    Result<Position> last_position() const override {
        const std::shared_lock lock(mutex_);
        return tables_.last_position;
    }

    Result<std::vector<Park>> parked(Timestamp until, std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        std::vector<Park> found;
        for (const auto& [saga, wake_at] : tables_.parked) {
            if (wake_at && *wake_at <= until) found.push_back({saga, wake_at});
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const Park& a, const Park& b) { return a.wake_at < b.wake_at; });
        found.resize(std::min<std::size_t>(found.size(), limit));
        return found;
    }

    Result<LockPlace> lock_place(SagaKey saga) const override {
        const std::shared_lock lock(mutex_);
        const auto place = tables_.locks.place(saga);
        if (!place) {
            return not_found("a lock that saga number " +
                             std::to_string(static_cast<std::int64_t>(saga)) + " queues for");
        }
        return LockPlace{tables_.sagas.at(place->head).start.id, place->before};
    }

    Result<DefinitionRow> definition(std::string_view name,
                                     std::optional<std::uint32_t> version) const override {
        const std::shared_lock lock(mutex_);
        return definition_of(std::string(name), version);
    }

    Result<DefinitionRow> definition(DefinitionKey key) const override {
        const std::shared_lock lock(mutex_);
        const auto found = tables_.definition_keys.find(key);
        if (found == tables_.definition_keys.end()) {
            return not_found("definition number " + std::to_string(static_cast<std::int64_t>(key)));
        }
        return definition_of(found->second.first, found->second.second);
    }

    Result<std::vector<DefinitionRow>> definitions(std::string_view after,
                                                   std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        std::vector<DefinitionRow> found;
        for (auto at = tables_.definitions.upper_bound(std::string(after));
             at != tables_.definitions.end() && found.size() < limit; ++at) {
            if (at->second.state == DefinitionRow::State::Active) {
                found.push_back(*definition_of(at->first, std::nullopt));
            }
        }
        return found;
    }

    Result<TopicRow> topic(std::string_view name,
                           std::optional<std::uint32_t> version) const override {
        const std::shared_lock lock(mutex_);
        return of_topic(name, tables_.events.topic(std::string(name), version));
    }

    Result<std::vector<TopicRow>> topics(std::string_view after,
                                         std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        return tables_.events.topics(after, limit);
    }

    Result<EventPage> events(std::string_view topic, Offset after,
                             std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        return of_topic(topic, tables_.events.events(std::string(topic), after, limit));
    }

    Result<Offset> offset_before(std::string_view topic, Timestamp at) const override {
        const std::shared_lock lock(mutex_);
        return of_topic(topic, tables_.events.offset_before(std::string(topic), at));
    }

    Result<SubscriptionRow> subscription(std::string_view name) const override {
        const std::shared_lock lock(mutex_);
        auto found = tables_.subscriptions.subscription(std::string(name));
        return found ? Result<SubscriptionRow>(std::move(*found))
                     : not_found("subscription " + std::string(name));
    }

    Result<std::vector<SubscriptionRow>> subscriptions(std::string_view after,
                                                       std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        return tables_.subscriptions.subscriptions(after, limit);
    }

    Result<std::vector<DeadLetter>> dead_letters(SubscriptionKey subscription, Offset after,
                                                 std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        return tables_.subscriptions.dead_letters(subscription, after, limit);
    }

    Result<BridgeRow> bridge(std::string_view name) const override {
        const std::shared_lock lock(mutex_);
        auto found = tables_.subscriptions.bridge(std::string(name));
        return found ? Result<BridgeRow>(std::move(*found))
                     : not_found("bridge " + std::string(name));
    }

    Result<std::vector<BridgeRow>> bridges(std::string_view after,
                                           std::uint32_t limit) const override {
        const std::shared_lock lock(mutex_);
        return tables_.subscriptions.bridges(after, limit);
    }

    Result<std::vector<StoredSubscription>> subscriptions() const override {
        const std::shared_lock lock(mutex_);
        return tables_.subscriptions.stored();
    }

    Result<std::vector<EventHit>> event_hits() const override {
        const std::shared_lock lock(mutex_);
        return tables_.events.hits();
    }

    Result<std::vector<sagas::MatchPath>> match_paths() const override {
        const std::shared_lock lock(mutex_);
        return tables_.events.paths();
    }

    Result<LastKeys> last_keys() const override {
        const std::shared_lock lock(mutex_);
        return tables_.last;
    }

    Result<std::vector<SagaKey>> lock_heads() const override {
        const std::shared_lock lock(mutex_);
        return tables_.locks.waiting_heads();
    }

    Result<void> live_sagas(
        const std::function<Result<void>(SagaRow, std::vector<JournalRow>)>& each) const override {
        std::vector<std::pair<SagaRow, std::vector<JournalRow>>> live;
        {
            const std::shared_lock lock(mutex_);
            for (const auto& [key, saga] : tables_.sagas) {
                if (!sagas::is_terminal(saga.summary.status) && !tables_.parked.contains(key)) {
                    live.emplace_back(row(saga), saga.journal);
                }
            }
        }
        for (auto& [saga, journal] : live) {
            if (Result<void> done = each(std::move(saga), std::move(journal)); !done) {
                return done;
            }
        }
        return {};
    }

 private:
    static tl::unexpected<Error> not_found(const std::string& what) {
        return sagas::fail(ErrorCode::NotFound, what + ": not found");
    }

    template <typename T>
    static Result<T> of_topic(std::string_view name, std::optional<T> found) {
        return found ? Result<T>(std::move(*found)) : not_found("topic " + std::string(name));
    }

    Result<DefinitionRow> definition_of(const std::string& name,
                                        std::optional<std::uint32_t> version) const {
        const auto found = tables_.definitions.find(name);
        if (found == tables_.definitions.end() ||
            (version && (*version == 0 || *version > found->second.versions.size()))) {
            return not_found("definition " + name);
        }
        const auto& versions = found->second.versions;
        DefinitionRow row = version ? versions[*version - 1] : versions.back();
        row.state = found->second.state;
        return row;
    }

    SagaRow row(const memory::StoredSaga& saga) const {
        const NewSaga& start = saga.start;
        const auto& [definition, version] = tables_.definition_keys.at(start.definition);
        return SagaRow{start.key,    start.id,         start.definition,  definition,
                       version,      start.started_at, start.deadline_at, start.input,
                       start.labels, start.body_hash,  start.parent,      saga.summary};
    }

    const Retention retention_;
    mutable std::shared_mutex mutex_;
    // Guarded by mutex_.
    memory::Tables tables_;
    bool has_failed_ = false;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Retention retention, EventRules events) {
    return std::make_unique<MemoryStore>(retention, events);
}

}  // namespace skald::store
