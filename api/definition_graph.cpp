#include "api/definition_rows.h"
#include "api/handlers.h"
#include "api/query_parameters.h"
#include "sagas/graph.h"
#include "sagas/lint.h"

namespace skald::api {
namespace {

const char* media_type(sagas::GraphFormat format) {
    switch (format) {
        case sagas::GraphFormat::JsonObject:
            return "application/json";
        case sagas::GraphFormat::Mermaid:
            return "text/vnd.mermaid; charset=utf-8";
        case sagas::GraphFormat::Dot:
            break;
    }
    return "text/vnd.graphviz; charset=utf-8";
}

Parsed<sagas::GraphFormat> wanted_format(const Request& request) {
    const auto name = read_text(request, "format");
    if (!name) return tl::unexpected(name.error());
    const auto format = sagas::read_graph_format(name->value_or("json"));
    if (format) return *format;
    return refuse(ProblemType::InvalidRequest,
                  "query parameter \"format\": must be json, mermaid or dot");
}

}  // namespace

Answer get_definition_graph(const Services& services, const Request& request) {
    const auto format = wanted_format(request);
    if (!format) return format.error();
    const auto version = read_integer(request, "version", kVersionMax);
    if (!version) return version.error();
    const std::string& name = request.path.at(0);
    const auto row = *version ? definition_version(services, name, **version)
                              : latest_definition(services, name);
    if (!row) return row.error();
    const auto filled = sagas::parse_json(row->filled);
    if (!filled) return to_problem(filled.error());
    const auto definition = sagas::load_definition(*filled);
    if (!definition) return to_problem(definition.error());
    return Reply{
        200, {}, media_type(*format), sagas::write_graph(sagas::graph_of(**definition), *format)};
}

}  // namespace skald::api
