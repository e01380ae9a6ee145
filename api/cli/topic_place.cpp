#include "api/cli/topic_place.h"

#include <algorithm>

#include "api/cli/list_command.h"
#include "sagas/ascii.h"

namespace skald::cli {

sagas::Result<api::Document> read_topic_place(const std::string& text, sagas::Timestamp now) {
    if (text == "start" || text == "end") return api::Document(text);
    if (!text.empty() && std::all_of(text.begin(), text.end(), sagas::is_digit)) {
        // What is named comes, too.
        const std::uint64_t offset = text.size() > 18 ? 0 : std::stoull(text);
        if (offset > 0) return api::Document(offset - 1);
    } else if (const auto moment = read_moment(text, now)) {
        return api::Document(*moment);
    }
    return sagas::fail(sagas::ErrorCode::InvalidArgument,
                       "\"" + text +
                           "\" must be start, end, an offset from 1 on, a duration ago, such as "
                           "2h, or a time such as 2026-11-21T22:30:00Z");
}

}  // namespace skald::cli
