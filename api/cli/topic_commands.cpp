#include "api/cli/topic_commands.h"

#include <cstdlib>
#include <ostream>

#include "api/cli/ask.h"
#include "api/cli/paging.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "api/cli/topic_target.h"

namespace skald::cli {
namespace {

constexpr std::size_t kSchemaColumns = 200;

void print_topics(Console& console, const Document& items) {
    Table table;
    table.add_heading({"TOPIC", "VERSION", "FIRST", "LAST", "BYTES", "CREATED"});
    for (const Document& item : items) {
        table.add({{printable(text_of(item, "name")), Style::Bold},
                   {number_of(item, "version")},
                   {number_of(item, "first")},
                   {number_of(item, "last")},
                   {number_of(item, "bytes")},
                   {time_text(text_of(item, "created_at")), Style::Dim}});
    }
    table.print(console, 0);
}

/// "events 1 to 17", "no events".
std::string events_text(const Document& topic) {
    const std::string first = number_of(topic, "first");
    const std::string last = number_of(topic, "last");
    if (is_true(topic, "read_only")) return "read-only, up to position " + last;
    if (std::atoll(first.c_str()) > std::atoll(last.c_str())) return "no events";
    return "events " + first + " to " + last + ", " + number_of(topic, "bytes") + " bytes";
}

std::string compatible_text(const Document& type) {
    if (!type.contains("compatible")) return "";
    return is_true(type, "compatible") ? "yes" : "no";
}

void print_document(Console& console, const Document& document) {
    const Document& retention = object_of(document, "retention");
    if (!retention.empty()) {
        const std::string bytes = number_of(retention, "bytes");
        console.out() << "  retention  " << printable(text_of(retention, "age"))
                      << (bytes.empty() ? "" : " " + bytes + " bytes") << '\n';
    }
    if (is_true(document, "closed")) console.out() << "  closed: no other types\n";
    const Document& types = object_of(document, "types");
    if (types.empty()) return;
    console.out() << '\n';
    Table table;
    table.add_heading({"TYPE", "COMPATIBLE", "SCHEMA"});
    for (const auto& [name, type] : types.items()) {
        table.add({{printable(name), Style::Bold},
                   {compatible_text(type)},
                   {shortened(printable(json_of(type, "schema")), kSchemaColumns), Style::Dim}});
    }
    table.print(console, 2);
}

void print_topic(Console& console, const Document& topic) {
    const std::string version = number_of(topic, "version");
    const std::string created = text_of(topic, "created_at");
    console.out() << console.styled(Style::Bold, printable(text_of(topic, "name")))
                  << (version.empty() ? "" : " v" + version) << ", " << events_text(topic) << '\n';
    if (!created.empty()) console.out() << "created " << time_text(created) << '\n';
    if (!topic.contains("document")) return;
    console.out() << '\n';
    print_document(console, topic["document"]);
}

}  // namespace

Exit show_topics(Console& console, ServerClient& server, const TopicOptions& options) {
    if (options.name.empty()) return list_all(console, server, "topics", print_topics);
    std::string target = topic_target(options.name);
    if (options.version) target += "?version=" + std::to_string(*options.version);
    const auto reply = ask(console, server, {"GET", target, "", {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_topic(console, reply->body);
    }
    return Exit::Done;
}

}  // namespace skald::cli
