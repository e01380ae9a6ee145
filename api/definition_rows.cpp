#include "api/definition_rows.h"

#include "api/definition_view.h"

namespace skald::api {

Parsed<store::DefinitionRow> latest_definition(const Services& services, const std::string& name) {
    const auto row = read_again([&] { return services.reader.definition(name, std::nullopt); });
    if (!row && row.error().code != sagas::ErrorCode::NotFound) {
        return tl::unexpected(to_problem(row.error()));
    }
    if (!row) return tl::unexpected(no_such_definition(name, std::nullopt));
    if (row->state == store::DefinitionRow::State::Deleted) {
        return refuse(ProblemType::DefinitionNotFound,
                      "Definition " + name +
                          " was deleted; its versions are still at /v1/definitions/" + name +
                          "/versions/" + std::to_string(row->version) +
                          " and below, and PUT brings it back.");
    }
    return *row;
}

Parsed<store::DefinitionRow> definition_version(const Services& services, const std::string& name,
                                                std::uint32_t version) {
    const auto row = read_again([&] { return services.reader.definition(name, version); });
    if (row) return *row;
    if (row.error().code != sagas::ErrorCode::NotFound) {
        return tl::unexpected(to_problem(row.error()));
    }
    return tl::unexpected(no_such_definition(name, version));
}

}  // namespace skald::api
