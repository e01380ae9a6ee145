#include "api/topic_log.h"

#include <utility>

#include "api/json_writer.h"
#include "api/topic_view.h"

namespace skald::api {
namespace {

using store::Offset;

class StoredTopic final : public TopicLog {
 public:
    StoredTopic(const Services& services, std::string name)
        : services_(services), name_(std::move(name)) {}

    sagas::Result<Page> read(std::int64_t after, std::uint32_t limit) const override {
        auto found =
            read_again([&] { return services_.reader.events(name_, Offset{after}, limit); });
        if (!found) return tl::unexpected(found.error());
        Page page;
        for (store::EventRow& row : found->rows) {
            page.rows.push_back({static_cast<std::int64_t>(row.offset), std::move(row.event)});
        }
        page.last = static_cast<std::int64_t>(found->last);
        page.is_cut = found->is_cut;
        page.next = page.is_cut && !page.rows.empty() ? page.rows.back().offset : page.last;
        return page;
    }
    sagas::Result<std::int64_t> last() const override {
        const auto row = read_again([&] { return services_.reader.topic(name_, std::nullopt); });
        if (!row) return tl::unexpected(row.error());
        return static_cast<std::int64_t>(row->last);
    }
    sagas::Result<std::int64_t> offset_before(sagas::Timestamp at) const override {
        const auto offset = read_again([&] { return services_.reader.offset_before(name_, at); });
        if (!offset) return tl::unexpected(offset.error());
        return static_cast<std::int64_t>(*offset);
    }
    std::unique_ptr<StreamEar> listen() const override {
        return listen_to_topic(services_.event_bell, name_);
    }

 private:
    const Services& services_;
    const std::string name_;
};

void write_row(JsonWriter& to, const TopicLog::Row& row) {
    to.begin_object();
    to.member("offset").number(row.offset);
    to.member("event").raw(row.event);
    to.end_object();
}

}  // namespace

std::unique_ptr<TopicLog> open_topic(const Services& services, const std::string& name) {
    if (name == kSagaTopic) return open_saga_topic(services);
    return std::make_unique<StoredTopic>(services, name);
}

std::string page_text(const TopicLog::Page& page) {
    JsonWriter to;
    to.begin_object();
    to.member("events").begin_array();
    for (const TopicLog::Row& row : page.rows) write_row(to, row);
    to.end_array();
    to.member("next").number(page.next);
    to.member("last").number(page.last);
    to.end_object();
    return to.take();
}

std::string row_event(const TopicLog::Row& row) {
    JsonWriter to;
    write_row(to, row);
    return "id: " + std::to_string(row.offset) + "\ndata: " + to.take() + "\n\n";
}

std::string offset_resync_event(std::int64_t offset) {
    const std::string number = std::to_string(offset);
    return "id: " + number + "\nevent: resync\ndata: {\"offset\":" + number + "}\n\n";
}

}  // namespace skald::api
