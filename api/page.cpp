#include "api/page.h"

#include <utility>

#include "api/cursor.h"
#include "sagas/expression.h"

namespace skald::api {

Reply page_reply(const Request& request, std::string_view path, std::string_view list,
                 Document items, const std::optional<std::string>& next, const Document& more) {
    Document document;
    document["items"] = std::move(items);
    document.update(more);
    if (!next) return json_reply(200, document);

    const std::string cursor = make_cursor(list, *next);
    document["next_cursor"] = cursor;
    std::string target(path);
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        if (name == "cursor") continue;
        target.append(1, separator)
            .append(name)
            .append(1, '=')
            .append(sagas::percent_encode(value));
        separator = '&';
    }
    target.append(1, separator).append("cursor=").append(cursor);
    Reply reply = json_reply(200, document);
    reply.headers.emplace_back("Link", "<" + target + ">; rel=\"next\"");
    return reply;
}

}  // namespace skald::api
