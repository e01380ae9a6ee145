#include "api/topic_view.h"

#include <algorithm>

#include "sagas/ascii.h"

namespace skald::api {
namespace {

constexpr std::size_t kTopicNameMax = 127;
constexpr std::string_view kReservedPrefix = "skald.";

constexpr bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }

Problem bad_topic_name() {
    return make_problem(ProblemType::InvalidRequest, "topic name: " + std::string(kTopicNameRule));
}

}  // namespace

bool is_topic_name(std::string_view name) {
    return !name.empty() && name.size() <= kTopicNameMax && is_lower_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_lower_letter(c) || sagas::is_digit(c) || c == '_' || c == '.' || c == '-';
           });
}

std::optional<Problem> refuse_topic(std::string_view name) {
    if (!is_topic_name(name)) return bad_topic_name();
    if (!name.starts_with(kReservedPrefix)) return std::nullopt;
    return make_problem(ProblemType::ReservedTopic,
                        "Topics whose names begin with \"skald.\" are the server's own: " +
                            std::string(name) + " can't be written.");
}

Problem no_such_topic(std::string_view name, std::optional<std::uint32_t> version) {
    if (!is_topic_name(name)) return bad_topic_name();
    const std::string path = "/v1/topics/" + std::string(name);
    std::string detail = "There is no topic " + std::string(name);
    if (version) {
        detail += " with a document of version " + std::to_string(*version) + "; GET " + path +
                  " shows what there is.";
    } else {
        detail += "; it comes to be with its first event, or with PUT " + path + ".";
    }
    return make_problem(ProblemType::TopicNotFound, std::move(detail));
}

Document topic_item(const store::TopicRow& row) {
    Document item;
    item["name"] = row.name;
    if (row.version > 0) item["version"] = row.version;
    set_time(item, "created_at", row.created_at);
    item["first"] = static_cast<std::int64_t>(row.first);
    item["last"] = static_cast<std::int64_t>(row.last);
    item["bytes"] = row.bytes;
    return item;
}

Document topic_document(const store::TopicRow& row) {
    Document document = topic_item(row);
    if (row.version > 0) document["document"] = Document::parse(row.source, nullptr, false);
    return document;
}

Document saga_topic_item(store::Position last) {
    Document item;
    item["name"] = kSagaTopic;
    item["last"] = static_cast<std::int64_t>(last);
    item["read_only"] = true;
    return item;
}

}  // namespace skald::api
