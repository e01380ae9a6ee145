#include "api/http/dispatcher.h"

#include <algorithm>

#include "api/http/target.h"
#include "sagas/did_you_mean.h"
#include "sagas/utf8.h"

namespace skald::api::http {
namespace {

constexpr std::size_t kParameterCountMax = 50;

tl::unexpected<Refusal> refusal(Problem problem, std::string_view operation_id = {}) {
    return tl::unexpected(Refusal{std::move(problem), {}, operation_id});
}

std::string join(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
    return joined;
}

tl::unexpected<Refusal> refuse_method(const RequestHead& head, const RouteTable::Match& match) {
    const std::string allowed = join(match.other_methods);
    Problem wrong = make_problem(ProblemType::MethodNotAllowed,
                                 sagas::in_quotes(match.shown_path) + " does not take " +
                                     sagas::in_quotes(head.method) + ", but " + allowed);
    return tl::unexpected(Refusal{std::move(wrong), {{"Allow", allowed}}, {}});
}

std::optional<Problem> check_parameters(const Parameters& parameters, const Route& route) {
    if (parameters.size() > kParameterCountMax) {
        return make_problem(
            ProblemType::InvalidRequest,
            "query: more than " + std::to_string(kParameterCountMax) + " parameters");
    }
    for (const auto& [name, value] : parameters) {
        const auto& known = route.parameters;
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        std::string detail = "query parameter " + sagas::in_quotes(name) + ": unknown";
        if (const std::string hint = sagas::did_you_mean_hint(name, known); !hint.empty()) {
            detail += "; " + hint;
        } else if (known.empty()) {
            detail += "; there are none here";
        } else {
            detail += "; there are: " + join(known);
        }
        return make_problem(ProblemType::InvalidRequest, std::move(detail));
    }
    return std::nullopt;
}

Request to_request(const RequestHead& head, std::vector<std::string> path, Parameters query) {
    Request request;
    request.method = head.method;
    request.path = std::move(path);
    request.query = std::move(query);
    request.headers.reserve(head.fields.size());
    for (const Field& field : head.fields) request.headers.emplace_back(field.name, field.value);
    return request;
}

}  // namespace

tl::expected<Admitted, Refusal> Dispatcher::admit(const RequestHead& head) const {
    if (auto wrong = guards_.check_host(head)) return refusal(std::move(*wrong));
    if (auto wrong = guards_.check_origin(head)) return refusal(std::move(*wrong));

    RouteTable::Match match = table_.find(head.method, head.path);
    if (!match.route || match.route->audience == Audience::Clients) {
        if (auto wrong = guards_.check_token(head)) {
            return tl::unexpected(Refusal{std::move(*wrong), {{"WWW-Authenticate", "Bearer"}}, {}});
        }
    }
    if (match.is_malformed) {
        return refusal(make_problem(ProblemType::InvalidRequest,
                                    "path: has a broken %-escape, or one of NUL or not of UTF-8"));
    }
    if (!match.route && !match.other_methods.empty()) {
        return refuse_method(head, match);
    }
    if (!match.route) {
        return refusal(make_problem(ProblemType::NotFound, "there is nothing at this path"));
    }

    const Route& route = *match.route;
    if (auto wrong = check_content_type(head, route.body_kind)) {
        return refusal(std::move(*wrong), route.operation_id);
    }
    std::optional<Parameters> query = parse_query(head.query);
    if (!query) {
        return refusal(make_problem(ProblemType::InvalidRequest,
                                    "query: has a broken %-escape, or one of NUL or not of UTF-8"),
                       route.operation_id);
    }
    if (auto wrong = check_parameters(*query, route)) {
        return refusal(std::move(*wrong), route.operation_id);
    }
    return Admitted{route, to_request(head, std::move(match.path), std::move(*query))};
}

Reply to_reply(const Problem& problem, std::string_view request_id) {
    Reply reply;
    reply.status = http_status(problem.type);
    reply.content_type = "application/problem+json";
    // A detail may quote what the client sent, which need not be UTF-8.
    reply.body =
        to_json(problem, request_id).dump(-1, ' ', false, sagas::Json::error_handler_t::replace);
    if (const auto seconds = retry_after(problem.type)) {
        reply.headers.emplace_back("Retry-After", std::to_string(*seconds));
    }
    return reply;
}

}  // namespace skald::api::http
