#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/document.h"
#include "api/route.h"

namespace skald::api {

/// One page of a list: {items: […], next_cursor?}, and a Link header to the next (RFC 8288) with
/// the request's other parameters kept. `next`: the position that `cursor` of the next page holds;
/// none: this is the last. `more`: further members of the answer.
Reply page_reply(const Request& request, std::string_view path, std::string_view list,
                 Document items, const std::optional<std::string>& next,
                 const Document& more = Document::object());

}  // namespace skald::api
