#include "api/cli/publish_command.h"

#include <ostream>
#include <utility>

#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/topic_target.h"
#include "api/cli/waiting.h"
#include "api/uuid.h"

namespace skald::cli {
namespace {

using sagas::Json;

/// The value of --data.
sagas::Result<Json> read_data(Console& console, const std::string& text) {
    if (text == "-") return read_json_file(console, "-");
    if (text.starts_with('@')) return read_json_file(console, text.substr(1));
    auto data = sagas::parse_json(text);
    if (data) return data;
    return sagas::fail(data.error().code, "--data: " + data.error().message +
                                              R"(; it is JSON: a text stands in quotes, as '"x"')");
}

sagas::Result<Json> make_event(Console& console, const PublishOptions& options) {
    Json event = {{"specversion", "1.0"},
                  {"id", options.id ? *options.id : api::random_uuid()},
                  {"type", *options.type},
                  {"source", *options.source}};
    if (options.subject) event["subject"] = *options.subject;
    for (const std::string& each : options.extensions) {
        const auto equals = each.find('=');
        event[each.substr(0, equals)] = each.substr(equals + 1);
    }
    if (!options.data) return event;
    auto data = read_data(console, *options.data);
    if (!data) return data;
    event["data"] = std::move(*data);
    return event;
}

/// What is sent; `type` becomes its Content-Type.
sagas::Result<Json> make_body(Console& console, const PublishOptions& options, std::string& type) {
    type = options.batch ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    if (options.batch) return read_json_file(console, *options.batch);
    if (options.event) return read_json_file(console, *options.event);
    return make_event(console, options);
}

void print_published(Console& console, const std::string& topic, const Document& offsets) {
    console.out() << "published to " << console.styled(Style::Bold, printable(topic))
                  << (offsets.size() == 1 ? " at offset " : " at offsets ");
    for (std::size_t at = 0; at < offsets.size(); ++at) {
        console.out() << (at == 0 ? "" : ", ") << offsets[at].dump();
    }
    console.out() << '\n';
}

}  // namespace

Exit publish(Console& console, ServerClient& server, const PublishOptions& options) {
    std::string type;
    const auto body = make_body(console, options, type);
    if (!body) return console.fail(Exit::Failed, printable(body.error().message));
    api::ServerRequest request{
        "POST", topic_target(options.topic, "/events"), body_text(*body), {}};
    request.headers.emplace_back("Content-Type", type);
    Patience patience(Wait{Wait::Until::Rest});
    const auto reply = send_patiently(server, std::move(request), patience, WaitParameter::No);
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 202) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_published(console, options.topic, list_of(reply->body, "offsets"));
    }
    return Exit::Done;
}

}  // namespace skald::cli
