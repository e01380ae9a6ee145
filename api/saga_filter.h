#pragma once

#include <string>

#include "api/parsed.h"
#include "api/route.h"
#include "store/store.h"

namespace skald::api {

/// Which sagas a request means, by the query parameters `status`, `definition`, `version`, `label`,
/// `started_after`, `started_before`, `step`, `error` and `failing`.
struct SagaSelection {
    store::SagaFilter filter;
    std::string text;  ///< The same selection has the same text; cursors are bound to it.
};

/// Parameters that the route does not take are never there. `now`: `failing` counts back from it.
/// Problems: InvalidRequest, which names the parameter and says what is allowed.
Parsed<SagaSelection> read_saga_selection(const Request& request, sagas::Timestamp now);

inline constexpr std::size_t kErrorTextBytesMax = 200;

}  // namespace skald::api
