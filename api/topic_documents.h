#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "api/topic_document.h"
#include "engine/mutex.h"
#include "sagas/result.h"
#include "store/store.h"

namespace skald::api {

/// The latest documents of the topics that were used lately, parsed; read from the store when they
/// are not there.
///
/// Threads: any number at once.
class TopicDocuments {
 public:
    explicit TopicDocuments(const store::Reader& reader) : reader_(reader) {}

    struct Latest {
        std::uint32_t version = 0;  ///< 0: the topic has no document, or there is no such topic.
        TopicDocument document;
    };
    using LatestPtr = std::shared_ptr<const Latest>;  // Shared by requests; immutable.

    /// Never null. Errors: Unavailable, Corruption.
    sagas::Result<LatestPtr> latest(const std::string& topic);

    /// Forgets it, after it was changed.
    void changed(const std::string& topic);

 private:
    static constexpr std::size_t kTopicsMax = 1'000;

    // Synchronised by itself.
    const store::Reader& reader_;

    engine::Mutex mutex_;
    std::unordered_map<std::string, LatestPtr> latest_ SKALD_GUARDED_BY(mutex_);
    /// Counts `changed`: what was read from the store before it must not be remembered after it.
    std::uint64_t changes_ SKALD_GUARDED_BY(mutex_) = 0;
};

}  // namespace skald::api
