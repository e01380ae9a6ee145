#include "api/topic_log.h"

#include "api/json_writer.h"
#include "api/saga_topic.h"
#include "api/services.h"
#include "api/topic_view.h"

namespace skald::api {
namespace {

using store::Offset;

std::int64_t number_of(Offset offset) { return static_cast<std::int64_t>(offset); }

void write_row(JsonWriter& to, const store::EventRow& row) {
    to.begin_object();
    to.member("offset").number(number_of(row.offset));
    to.member("event").raw(row.event);
    to.end_object();
}

}  // namespace

sagas::Result<store::EventPage> TopicLog::events(const std::string& topic, Offset after,
                                                 std::uint32_t limit) const {
    if (topic == kSagaTopic) return saga_events(reader_, catalog_, after, limit);
    return read_again([&] { return reader_.events(topic, after, limit); });
}

sagas::Result<Offset> TopicLog::last(const std::string& topic) const {
    if (topic == kSagaTopic) return last_saga_event(reader_);
    const auto row = read_again([&] { return reader_.topic(topic, std::nullopt); });
    if (!row) return tl::unexpected(row.error());
    return row->last;
}

sagas::Result<Offset> TopicLog::offset_before(const std::string& topic, sagas::Timestamp at) const {
    if (topic == kSagaTopic) return saga_event_before(reader_, at);
    return read_again([&] { return reader_.offset_before(topic, at); });
}

Offset next_of(const store::EventPage& page) {
    return page.is_cut && !page.rows.empty() ? page.rows.back().offset : page.last;
}

std::string page_text(const store::EventPage& page) {
    JsonWriter to;
    to.begin_object();
    to.member("events").begin_array();
    for (const store::EventRow& row : page.rows) write_row(to, row);
    to.end_array();
    to.member("next").number(number_of(next_of(page)));
    to.member("last").number(number_of(page.last));
    to.end_object();
    return to.take();
}

std::string row_event(const store::EventRow& row) {
    JsonWriter to;
    write_row(to, row);
    return "id: " + std::to_string(number_of(row.offset)) + "\ndata: " + to.take() + "\n\n";
}

std::string offset_resync_event(Offset offset) {
    const std::string number = std::to_string(number_of(offset));
    return "id: " + number + "\nevent: resync\ndata: {\"offset\":" + number + "}\n\n";
}

}  // namespace skald::api
