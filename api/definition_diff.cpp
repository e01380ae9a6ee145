#include "sagas/definition_diff.h"

#include "api/definition_rows.h"
#include "api/diff_view.h"
#include "api/handlers.h"
#include "api/query_parameters.h"

namespace skald::api {
namespace {

struct Read {
    std::uint32_t number;
    sagas::DefinitionVersion version;
};

/// The version that part `part` of the path names.
Parsed<Read> read_version(const Services& services, const Request& request, std::size_t part) {
    const auto number = to_number(request.path.at(part), 1, kVersionMax);
    if (!number) {
        return refuse(ProblemType::InvalidRequest, "version: must be a number from 1 on");
    }
    const auto row =
        definition_version(services, request.path.at(0), static_cast<std::uint32_t>(*number));
    if (!row) return tl::unexpected(row.error());
    auto source = sagas::parse_json(row->source);
    auto filled = sagas::parse_json(row->filled);
    if (!source || !filled) {
        return tl::unexpected(to_problem(sagas::Error{
            sagas::ErrorCode::Corruption, "definition " + row->name + " version " +
                                              std::to_string(row->version) + " can't be read"}));
    }
    return Read{row->version, {std::move(*source), std::move(*filled)}};
}

}  // namespace

Answer get_definition_diff(const Services& services, const Request& request) {
    const auto older = read_version(services, request, 1);
    if (!older) return older.error();
    const auto newer = read_version(services, request, 2);
    if (!newer) return newer.error();
    const auto diff = sagas::diff_definitions(older->version, newer->version);
    if (!diff) return to_problem(diff.error());
    Document answer;
    answer["name"] = request.path.at(0);
    answer["from"] = older->number;
    answer["to"] = newer->number;
    add_diff(answer, *diff);
    return json_reply(200, answer);
}

}  // namespace skald::api
