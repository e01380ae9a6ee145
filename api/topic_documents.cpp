#include "api/topic_documents.h"

#include <optional>
#include <utility>

namespace skald::api {
namespace {

using Latest = TopicDocuments::Latest;

sagas::Result<TopicDocuments::LatestPtr> parse_latest(const store::TopicRow& row) {
    auto latest = std::make_shared<Latest>();
    if (row.version == 0) return latest;
    const auto corrupt = [&row](const std::string& why) {
        return sagas::fail(
            sagas::ErrorCode::Corruption,
            "load topic " + row.name + " version " + std::to_string(row.version) + ": " + why);
    };
    const auto source = sagas::parse_json(row.source);
    if (!source) return corrupt(source.error().message);
    sagas::Problems problems;
    auto document = TopicDocument::read(*source, problems);
    if (!document) return corrupt(problems.take().front().detail);
    latest->version = row.version;
    latest->document = std::move(*document);
    return latest;
}

}  // namespace

sagas::Result<TopicDocuments::LatestPtr> TopicDocuments::latest(const std::string& topic) {
    std::uint64_t changes_before = 0;
    {
        const engine::MutexLock lock(mutex_);
        const auto found = latest_.find(topic);
        if (found != latest_.end()) return found->second;
        changes_before = changes_;
    }
    auto row = reader_.topic(topic, std::nullopt);
    if (!row && row.error().code != sagas::ErrorCode::NotFound) {
        return tl::unexpected(row.error());
    }
    auto read = parse_latest(row ? *row : store::TopicRow{});
    if (!read) return read;
    const engine::MutexLock lock(mutex_);
    if (changes_ == changes_before) {
        if (latest_.size() >= kTopicsMax) latest_.clear();
        latest_[topic] = *read;
    }
    return read;
}

void TopicDocuments::changed(const std::string& topic) {
    const engine::MutexLock lock(mutex_);
    ++changes_;
    latest_.erase(topic);
}

}  // namespace skald::api
