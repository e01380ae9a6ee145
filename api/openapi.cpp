#include "api/openapi.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "api/handlers.h"
#include "api/problem.h"
#include "api/routes.h"
#include "sagas/ascii.h"

namespace skald::api {
namespace {

constexpr std::string_view kProblemMediaType = "application/problem+json";

/// What the transport answers with before a handler sees the request, or in its stead.
constexpr std::array kTransportProblems{ProblemType::InvalidRequest,
                                        ProblemType::OriginNotAllowed,
                                        ProblemType::RequestTimeout,
                                        ProblemType::LengthRequired,
                                        ProblemType::TargetTooLong,
                                        ProblemType::UnsupportedMediaType,
                                        ProblemType::MisdirectedRequest,
                                        ProblemType::HeadersTooLarge,
                                        ProblemType::Internal,
                                        ProblemType::Busy,
                                        ProblemType::HttpVersionNotSupported};

/// What only a request that has no route is answered with.
constexpr std::array kRoutelessProblems{ProblemType::NotFound, ProblemType::MethodNotAllowed};

using ProblemsByStatus = std::map<int, std::vector<ProblemType>>;

ProblemsByStatus problems_of(const Route& route) {
    std::vector<ProblemType> types = route.problems;
    types.insert(types.end(), kTransportProblems.begin(), kTransportProblems.end());
    if (route.audience == Audience::Clients) types.push_back(ProblemType::Unauthorized);
    if (route.method != "GET") types.push_back(ProblemType::BodyTooLarge);
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    ProblemsByStatus by_status;
    for (const ProblemType type : types) by_status[http_status(type)].push_back(type);
    return by_status;
}

/// "urn:skald:problem:id-taken" is "id-taken".
std::string short_name(ProblemType type) {
    const std::string_view name = urn(type);
    return std::string(name.substr(name.rfind(':') + 1));
}

Document reference(const std::string& place) { return {{"$ref", "#/components/" + place}}; }

Document problem_content(const std::vector<ProblemType>& types) {
    Document examples = Document::object();
    for (const ProblemType type : types) {
        examples[short_name(type)] = reference("examples/" + short_name(type));
    }
    return {{"schema", reference("schemas/Problem")}, {"examples", std::move(examples)}};
}

Document headers_of(ProblemType type) {
    Document headers = {{"Skald-Request-Id", reference("headers/Skald-Request-Id")}};
    const auto add = [&headers](const std::string& name) {
        headers[name] = reference("headers/" + name);
    };
    if (retry_after(type)) add("Retry-After");
    if (type == ProblemType::Unauthorized) add("WWW-Authenticate");
    if (type == ProblemType::MethodNotAllowed) add("Allow");
    return headers;
}

/// Adds the answer with one of `types`, which have one status, to the components unless it is there
/// already. Gives its name.
std::string add_response(Document& components, const std::vector<ProblemType>& types) {
    std::string name;
    std::string description;
    for (const ProblemType type : types) {
        name.append(name.empty() ? "" : ".").append(short_name(type));
        description.append(description.empty() ? "" : "; ").append(title(type));
    }
    Document& responses = components["responses"];
    if (!responses.contains(name)) {
        responses[name] = {{"description", description + "."},
                           {"headers", headers_of(types.front())},
                           {"content", {{kProblemMediaType, problem_content(types)}}}};
    }
    return name;
}

void complete_operation(Document& operation, Document& components, const Route& route) {
    if (route.audience != Audience::Clients) operation["security"] = Document::array();
    Document& responses = operation["responses"];
    for (auto& [status, response] : responses.items()) {
        response["headers"]["Skald-Request-Id"] = reference("headers/Skald-Request-Id");
    }
    for (const auto& [status, types] : problems_of(route)) {
        const std::string key = std::to_string(status);
        if (responses.contains(key)) {
            responses[key]["content"][std::string(kProblemMediaType)] = problem_content(types);
        } else {
            responses[key] = reference("responses/" + add_response(components, types));
        }
    }
}

void complete_problem_types(Document& components) {
    Document types = Document::array();
    for (const ProblemType type : problem_types()) {
        types.push_back(urn(type));
        Document example = to_json(Problem{type, "", {}, nullptr}, "5f3c9a10-12-1");
        Document& value = components["examples"][short_name(type)]["value"];
        if (value.is_object()) example.update(value);
        value = std::move(example);
    }
    components["schemas"]["Problem"]["properties"]["type"] = {{"enum", std::move(types)}};
    for (const ProblemType type : kRoutelessProblems) add_response(components, {type});
}

}  // namespace

Document make_openapi(const std::vector<Route>& routes, std::string_view version) {
    Document document = Document::parse(openapi_resource());
    document["info"]["version"] = version;
    Document& components = document["components"];
    complete_problem_types(components);
    for (const Route& route : routes) {
        const auto path = document["paths"].find(route.path);
        if (path == document["paths"].end()) continue;  // A test tells what is missing.
        const auto operation = path->find(sagas::to_lower(route.method));
        if (operation != path->end()) complete_operation(*operation, components, route);
    }
    return document;
}

Answer get_openapi(const Services& services, const Request&) {
    // What the table says of its routes does not hang on the services that they work with.
    static const std::string kText = to_text(make_openapi(make_routes(services), SKALD_VERSION));
    return Reply{200, {}, "application/json", kText};
}

}  // namespace skald::api
