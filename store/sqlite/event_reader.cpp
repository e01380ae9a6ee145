#include <string>
#include <utility>

#include "store/event_rules.h"
#include "store/sqlite/event_key.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/reading.h"

namespace skald::store::sqlite {
namespace {

tl::unexpected<Error> no_such_topic(const std::string& which) {
    return sagas::fail(ErrorCode::NotFound, "topic " + which + ": no such topic");
}

TopicRow topic_row(const Rows& rows) {
    return {rows.text(0),
            static_cast<std::uint32_t>(rows.integer(1)),
            rows.text(2),
            rows.time(3),
            Offset{rows.integer(4)},
            Offset{rows.integer(5)},
            static_cast<std::uint64_t>(rows.integer(6))};
}

Result<TopicRow> one_topic(Rows rows, const std::string& which) {
    return rows.next() ? Result<TopicRow>(topic_row(rows)) : no_such_topic(which);
}

/// The events of a topic that are kept, and how it is found.
struct TopicRange {
    TopicKey key;
    Offset first;
    Offset last;
};

Result<TopicRange> range_of(ReaderConnection& connection, const std::string& topic) {
    Rows rows = connection.topic_range.query(topic);
    if (!rows.next()) {
        return no_such_topic(topic);
    }
    return TopicRange{TopicKey{rows.integer(0)}, Offset{rows.integer(1)}, Offset{rows.integer(2)}};
}

EventPage read_events(ReaderConnection& connection, const TopicRange& topic, Offset after,
                      std::uint32_t limit) {
    EventPage page;
    page.last = topic.last;
    std::size_t bytes = 0;
    Rows rows = connection.events.query(event_key(topic.key, after), end_of(topic.key), limit);
    while (!page.is_cut && rows.next()) {
        page.rows.push_back({offset_of(EventKey{rows.integer(0)}), rows.time(1), rows.text(2)});
        bytes += page.rows.back().event.size();
        page.is_cut = page.rows.size() == limit || bytes >= kEventPageBytesMax;
    }
    return page;
}

/// By halves: their times don't go back, and none is missing.
Result<Offset> find_before(ReaderConnection& connection, const TopicRange& topic, Timestamp at) {
    auto from = static_cast<std::int64_t>(topic.first);
    auto to = static_cast<std::int64_t>(topic.last) + 1;
    while (from < to) {
        const std::int64_t middle = from + (to - from) / 2;
        Rows rows = connection.event_at.query(event_key(topic.key, Offset{middle}));
        if (!rows.next()) {
            return sagas::fail(ErrorCode::Corruption,
                               "event " + std::to_string(middle) + " of a topic is missing");
        }
        if (rows.time(0) < at) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from > static_cast<std::int64_t>(topic.first) ? Offset{from - 1} : Offset{0};
}

}  // namespace

Result<TopicRow> SqliteReader::topic(std::string_view name,
                                     std::optional<std::uint32_t> version) const {
    const std::string text(name);
    return read<TopicRow>(pool_, "read a topic", [&](ReaderConnection& connection) {
        return version ? one_topic(connection.topic_version.query(text, *version),
                                   text + " version " + std::to_string(*version))
                       : one_topic(connection.topic_latest.query(text), text);
    });
}

Result<std::vector<TopicRow>> SqliteReader::topics(std::string_view after,
                                                   std::uint32_t limit) const {
    return read<std::vector<TopicRow>>(
        pool_, "list topics", [&](ReaderConnection& connection) -> Result<std::vector<TopicRow>> {
            std::vector<TopicRow> found;
            Rows rows = connection.topics.query(std::string(after), limit);
            while (rows.next()) {
                found.push_back(topic_row(rows));
            }
            return found;
        });
}

Result<EventPage> SqliteReader::events(std::string_view topic, Offset after,
                                       std::uint32_t limit) const {
    return read<EventPage>(
        pool_, "read events", [&](ReaderConnection& connection) -> Result<EventPage> {
            const Snapshot snapshot(connection);
            const auto range = range_of(connection, std::string(topic));
            return range ? Result<EventPage>(read_events(connection, *range, after, limit))
                         : tl::unexpected(range.error());
        });
}

Result<Offset> SqliteReader::offset_before(std::string_view topic, Timestamp at) const {
    return read<Offset>(
        pool_, "look for an event", [&](ReaderConnection& connection) -> Result<Offset> {
            const Snapshot snapshot(connection);
            const auto range = range_of(connection, std::string(topic));
            return range ? find_before(connection, *range, at) : tl::unexpected(range.error());
        });
}

Result<std::vector<EventHit>> SqliteReader::event_hits() const {
    return read<std::vector<EventHit>>(
        pool_, "read what was waited for",
        [](ReaderConnection& connection) -> Result<std::vector<EventHit>> {
            std::vector<EventHit> hits;
            for (Rows rows = connection.event_hits.query(); rows.next();) {
                hits.push_back({SagaKey{rows.integer(0)},
                                sagas::StepIndex{static_cast<std::uint32_t>(rows.integer(1))},
                                static_cast<sagas::Phase>(rows.integer(2)), rows.text(3),
                                offset_of(EventKey{rows.integer(4)}), rows.text(5)});
            }
            return hits;
        });
}

Result<std::vector<sagas::MatchPath>> SqliteReader::match_paths() const {
    return read<std::vector<sagas::MatchPath>>(
        pool_, "read the paths of events",
        [](ReaderConnection& connection) -> Result<std::vector<sagas::MatchPath>> {
            std::vector<sagas::MatchPath> paths;
            for (Rows rows = connection.match_paths.query(); rows.next();) {
                paths.push_back({rows.text(0), rows.text(1), rows.text(2)});
            }
            return paths;
        });
}

}  // namespace skald::store::sqlite
