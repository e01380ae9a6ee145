#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What a list showed.
struct Listed {
    Document items = Document::array();
    Document first_page;  ///< For what it says beside its items.
    bool has_more = false;
};

/// What could not be read: an answer with a problem, or an Error.
struct ListFailure {
    sagas::Result<api::ServerReply> reply;
    bool is_temporary() const { return !reply || reply->status >= 500; }
};
std::string failure_text(const ListFailure& failure);

/// Reads pages from `target` until there are `limit` items or no more; an empty page is not the
/// end. `target` ends with "?" or "&".
tl::expected<Listed, ListFailure> read_pages(ServerClient& server, const std::string& target,
                                             std::size_t limit);

/// All of GET /v1/`plural`: as JSON, by `print`, or "no `plural`".
Exit list_all(Console& console, ServerClient& server, const std::string& plural,
              void (*print)(Console& console, const Document& items));

/// One page with one item at most, for what it says beside its items.
tl::expected<Listed, ListFailure> read_first_page(ServerClient& server, const std::string& target);

/// Reports it as any command would. Returns Failed.
Exit report_failure(Console& console, const ListFailure& failure);

}  // namespace skald::cli
