#include "engine/catalog.h"

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

#include "engine/mutex.h"
#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

constexpr std::size_t kVersionsMax = 1'000;
constexpr std::size_t kNamesMax = 1'000;

/// A map that forgets what was not used for longest.
template <typename Key, typename Value>
class RecentlyUsed {
 public:
    explicit RecentlyUsed(std::size_t size_max) : size_max_(size_max) {}

    /// Null: not there. Valid until the next `put` or `erase`.
    const Value* find(const Key& key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &entries_.front().second;
    }

    void put(const Key& key, Value value) {
        erase(key);
        entries_.emplace_front(key, std::move(value));
        places_[key] = entries_.begin();
        if (entries_.size() > size_max_) erase(Key(entries_.back().first));
    }

    void erase(const Key& key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return;
        entries_.erase(found->second);
        places_.erase(found);
    }

 private:
    using Entries = std::list<std::pair<Key, Value>>;  // The one used last in front.
    std::size_t size_max_;
    Entries entries_;
    std::unordered_map<Key, typename Entries::iterator> places_;
};

std::string described(std::string_view name, std::optional<std::uint32_t> version) {
    std::string text = "definition " + std::string(name);
    if (version) text += " version " + std::to_string(*version);
    return text;
}

/// Reads what registration stored.
Result<VersionPtr> load(const store::DefinitionRow& row) {
    const auto corrupt = [&](const std::string& why) {
        return sagas::fail(ErrorCode::Corruption,
                           "load " + described(row.name, row.version) + ": " + why);
    };
    const Result<sagas::Json> filled = sagas::parse_json(row.filled);
    if (!filled) return corrupt(filled.error().message);
    const auto definition = sagas::load_definition(*filled);
    if (!definition) return corrupt(definition.error().message);
    return std::make_shared<const Version>(Version{row.key, row.version, **definition});
}

}  // namespace

struct Catalog::State {
    explicit State(const store::Reader& from) : reader(from) {}

    // Synchronised by itself.
    const store::Reader& reader;

    Mutex mutex;
    RecentlyUsed<store::DefinitionKey, VersionPtr> versions SKALD_GUARDED_BY(mutex){kVersionsMax};
    /// The latest version of names that can be started.
    RecentlyUsed<std::string, VersionPtr> latest SKALD_GUARDED_BY(mutex){kNamesMax};
    /// Counts `changed`: what was read from the store before it must not be remembered after it.
    std::uint64_t changes SKALD_GUARDED_BY(mutex) = 0;

    VersionPtr remembered(store::DefinitionKey key) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        const VersionPtr* const found = versions.find(key);
        return found ? *found : nullptr;
    }

    /// The row's version from memory, or parsed and then remembered.
    Result<VersionPtr> version_of(const store::DefinitionRow& row) SKALD_EXCLUDES(mutex) {
        if (VersionPtr known = remembered(row.key)) return known;
        Result<VersionPtr> loaded = load(row);
        if (!loaded) return loaded;
        const MutexLock lock(mutex);
        // Another thread may have been quicker; all sagas should share one.
        if (const VersionPtr* const found = versions.find(row.key)) return *found;
        versions.put(row.key, *loaded);
        return loaded;
    }

    /// Null: it is not known which version is the latest.
    VersionPtr known_latest(const std::string& name) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        const VersionPtr* const found = latest.find(name);
        return found ? *found : nullptr;
    }

    Result<VersionPtr> latest_of(const std::string& name) SKALD_EXCLUDES(mutex) {
        std::uint64_t changes_before = 0;
        {
            const MutexLock lock(mutex);
            if (const VersionPtr* const found = latest.find(name)) return *found;
            changes_before = changes;
        }
        const Result<store::DefinitionRow> row = reader.definition(name, std::nullopt);
        if (!row) return tl::unexpected(row.error());
        if (row->state == store::DefinitionRow::State::Deleted) {
            return sagas::fail(ErrorCode::NotFound,
                               described(name, std::nullopt) +
                                   ": it was deleted; register it again to start more sagas of it");
        }
        Result<VersionPtr> version = version_of(*row);
        if (!version) return version;
        const MutexLock lock(mutex);
        if (changes == changes_before) latest.put(name, *version);
        return version;
    }
};

Catalog::Catalog(const store::Reader& reader) : state_(std::make_unique<State>(reader)) {}
Catalog::~Catalog() = default;

Result<VersionPtr> Catalog::to_start(std::string_view name, std::optional<std::uint32_t> version) {
    // The latest is asked for first in any case: it tells whether the name is deleted.
    Result<VersionPtr> latest = state_->latest_of(std::string(name));
    if (!latest || !version || (*latest)->number == *version) return latest;
    const Result<store::DefinitionRow> row = state_->reader.definition(name, version);
    if (!row) return tl::unexpected(row.error());
    return state_->version_of(*row);
}

Result<VersionPtr> Catalog::pinned(std::string_view name, std::uint32_t version) {
    const VersionPtr latest = state_->known_latest(std::string(name));
    if (latest && latest->number == version) return latest;
    const Result<store::DefinitionRow> row = state_->reader.definition(name, version);
    if (!row) return tl::unexpected(row.error());
    return state_->version_of(*row);
}

Result<VersionPtr> Catalog::of(store::DefinitionKey key) {
    if (VersionPtr known = state_->remembered(key)) return known;
    const Result<store::DefinitionRow> row = state_->reader.definition(key);
    if (!row) return tl::unexpected(row.error());
    return state_->version_of(*row);
}

void Catalog::changed(std::string_view name) {
    const MutexLock lock(state_->mutex);
    ++state_->changes;
    state_->latest.erase(std::string(name));
}

}  // namespace skald::engine
