#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/http/guards.h"
#include "api/http/head.h"
#include "api/route.h"

namespace skald::api::http {

/// Why a request is not let in.
struct Refusal {
    Problem problem;
    std::vector<std::pair<std::string, std::string>> headers;  ///< Allow, WWW-Authenticate.
    std::string_view operation_id;                             ///< "" when no route matched.
};

/// A request that may be handled, without its body.
struct Admitted {
    const Route& route;
    Request request;
};

/// Decides from a request's head whether it is let in, and to whom.
///
/// Threads: free. Ownership: borrows the table.
class Dispatcher {
 public:
    Dispatcher(const RouteTable& table, GuardOptions guards)
        : table_(table), guards_(std::move(guards)) {}

    /// In this order: Host, Origin, path, token, method, media type, query parameters.
    tl::expected<Admitted, Refusal> admit(const RequestHead& head) const;

 private:
    const RouteTable& table_;
    const Guards guards_;
};

/// The document as a reply; 503s with Retry-After.
Reply to_reply(const Problem& problem, std::string_view request_id);

}  // namespace skald::api::http
