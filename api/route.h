#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/problem.h"
#include "sagas/json.h"
#include "sagas/time.h"

/// The route table: one row per operation. Handlers see our own Request and give an Answer, and
/// know nothing of the transport (api/http/).
namespace skald::api {

struct Request {
    std::string method;             ///< A HEAD that a route for GET answers says "HEAD".
    std::vector<std::string> path;  ///< The values of the template's {…}, decoded, in order.
    /// Decoded ("+" is a blank), in order; a name may come more than once. Only names that the
    /// route takes.
    std::vector<std::pair<std::string, std::string>> query;
    /// Names in lower case; values as they were sent (never percent-decoded), without blanks
    /// around them, bytes from 0x80 on included.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string id;  ///< Skald-Request-Id of the answer.

    /// The header's value (of the first, where there are more), or none.
    std::optional<std::string_view> header(std::string_view lower_case_name) const;
    std::optional<std::string_view> parameter(std::string_view name) const;
};

/// An answer. The transport adds Content-Length, Cache-Control: no-store, Date,
/// X-Content-Type-Options, Skald-Request-Id and, where needed, Connection.
struct Reply {
    int status = 200;  ///< 204 and 304 go without body and type.
    /// Values must not hold control characters (else the answer is a 500).
    std::vector<std::pair<std::string, std::string>> headers;
    std::string content_type = "application/json";
    std::string body;
};

class Later;
class Stream;
/// What a handler gives: an answer, a problem, an answer that comes later, or one without end.
using Answer = std::variant<Reply, Problem, Later, Stream>;

/// An answer that waits for something; that takes no thread.
class Later {
 public:
    /// Short: a commit. Long: counts towards the connections that may wait (`?wait=`, streams).
    enum class Kind : std::uint8_t { Short, Long };

    Kind kind = Kind::Short;
    /// `finish` is called when `ready` was, or this time is over, whichever is first.
    sagas::Milliseconds time{};
    /// Called once; must arrange that `ready` is called at most once, from any thread, at once or
    /// later, also after `finish` (when it does nothing).
    std::function<void(std::function<void()> ready)> arm;
    /// Makes the answer (which may be a Later again); called once, after `arm`, on a thread of the
    /// transport's, when the Request is gone; but never where who asked has hung up during a Long
    /// wait: then the Later is destroyed, a second later at most. Comes before `ready` and the end
    /// of `time` when too many connections wait already, and when the server stops.
    std::function<Answer()> finish;
};

/// An answer (200) whose body is made piece by piece for as long as its reader stays: server-sent
/// events. Sent chunked, or to HTTP/1.0 until the connection ends; the connection closes after it.
/// There may be too many (503), and the server ends it when it stops.
class Stream {
 public:
    /// There is nothing now: `next` is to be called when `ready` was, or this time is over.
    struct Wait {
        sagas::Milliseconds time{};
        /// As Later::arm. Empty: only the time counts.
        std::function<void(std::function<void()> ready)> arm;
    };
    struct Over {};
    /// A piece of the body (an empty one: ask again at once), a wait, or the end.
    using Next = std::variant<std::string, Wait, Over>;

    std::vector<std::pair<std::string, std::string>> headers;  ///< As Reply's.
    std::string content_type;
    /// Called again and again on the transport's thread, each time when the piece before is out of
    /// its hands; so a slow reader is one that asks seldom. May block for a moment only. When it
    /// throws, the stream is cut off. Destroyed when the stream ends, for whatever reason.
    std::function<Next()> next;
};

/// Threads: called on any number at once. May block for a moment only (to wait there is Later).
/// What it throws is logged, and answered with a 500 that does not tell it.
using Handler = std::function<Answer(const Request&)>;

enum class Audience : std::uint8_t {
    Clients,
    Ops,           ///< Also served on --ops-listen; needs no token.
    Participants,  ///< Needs no token: the path holds the authority, and is shown nowhere.
};

/// What a route that changes something takes as its body, by the request's Content-Type.
enum class BodyKind : std::uint8_t {
    Json,         ///< application/json, also without a body.
    CloudEvents,  ///< One of the three ways of CloudEvents (cloud_event_request.h).
};

struct Route {
    std::string method;
    std::string path;          ///< "/v1/sagas/{id}/history"
    std::string operation_id;  ///< "getSagaHistory": of the OpenAPI document, metrics and logs.
    Audience audience = Audience::Clients;
    std::vector<std::string> parameters;  ///< Query parameters it takes; any other is a 400.
    std::vector<ProblemType> problems;    ///< Beyond those that every route can answer with.
    Handler handler;
    std::size_t body_bytes_max = sagas::kBodyBytesMax;
    BodyKind body_kind = BodyKind::Json;
};

/// Finds routes by their raw (undecoded) path.
///
/// Splits on "/" and then decodes each segment, so that "%2F" is a slash inside a segment, and a
/// decoded segment is compared or captured whole. Nothing is normalised: "." and ".." are segments
/// like others, "//" has an empty one, which no {…} takes. Where a fixed segment and a {…} both
/// fit, the path with the fixed one is meant, whatever the method. HEAD finds the route for GET.
/// Immutable; threads: free.
class RouteTable {
 public:
    /// Aborts when two routes have the same method and path, or a path has no leading "/".
    explicit RouteTable(std::vector<Route> routes);

    struct Match {
        const Route* route = nullptr;            ///< Null: none.
        std::vector<std::string> path;           ///< Values of {…}.
        std::vector<std::string> other_methods;  ///< For `Allow`, when only the method was wrong.
        std::string shown_path;                  ///< With those: the path, fit to be shown.
        bool is_malformed = false;               ///< A bad %-escape, or one of NUL or not UTF-8.
    };
    /// `raw_path`: without the query.
    Match find(std::string_view method, std::string_view raw_path) const;
    const std::vector<Route>& routes() const { return routes_; }

 private:
    /// The routes with one path.
    struct Resource {
        std::vector<std::optional<std::string>> segments;  ///< None: a {…}.
        std::vector<std::size_t> routes;                   ///< Indices into routes_.
    };

    const Route* route_for(const Resource& resource, std::string_view method) const;
    std::vector<std::string> methods_of(const Resource& resource) const;
    std::string shown_path(const Resource& resource, std::string_view raw_path) const;

    std::vector<Route> routes_;
    std::vector<Resource> resources_;  ///< The more fixed before the less fixed.
};

}  // namespace skald::api
