#include "api/definition_rows.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/query_parameters.h"

namespace skald::api {
namespace {

constexpr std::string_view kList = "definitions";

/// 304 when the client has this version already (RFC 9110, 13.1.2: weak comparison).
bool is_known_to_client(const Request& request, std::uint32_t version) {
    const auto field = request.header("if-none-match");
    if (!field) return false;
    return *field == "*" || field->find(entity_tag(version)) != std::string_view::npos;
}

Reply definition_reply(const Request& request, const store::DefinitionRow& row) {
    const std::string tag = entity_tag(row.version);
    if (is_known_to_client(request, row.version)) return Reply{304, {{"ETag", tag}}, "", ""};
    Reply reply = json_reply(200, definition_document(row));
    reply.headers.emplace_back("ETag", tag);
    return reply;
}

}  // namespace

Answer get_definition(const Services& services, const Request& request) {
    const auto row = latest_definition(services, request.path.at(0));
    if (!row) return row.error();
    return definition_reply(request, *row);
}

Answer get_definition_version(const Services& services, const Request& request) {
    const auto version = to_number(request.path.at(1), 1, kVersionMax);
    if (!version) {
        return Problem{
            ProblemType::InvalidRequest, "version: must be a number from 1 on", {}, nullptr};
    }
    const auto row =
        definition_version(services, request.path.at(0), static_cast<std::uint32_t>(*version));
    if (!row) return row.error();
    return definition_reply(request, *row);
}

Answer list_definitions(const Services& services, const Request& request) {
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return limit.error();
    const auto after = read_cursor_of(request, kList);
    if (!after) return after.error();

    const std::uint32_t count = limit->value_or(kPageDefault);
    const auto rows =
        read_again([&] { return services.reader.definitions(after->value_or(""), count + 1); });
    if (!rows) return to_problem(rows.error());
    Document items = Document::array();
    std::optional<std::string> next;
    for (const store::DefinitionRow& row : *rows) {
        if (items.size() == count) {
            next = items.back()["name"].get<std::string>();
            break;
        }
        items.push_back(definition_item(row));
    }
    return page_reply(request, "/v1/definitions", kList, std::move(items), next);
}

}  // namespace skald::api
