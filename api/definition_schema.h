#pragma once

#include <string_view>

namespace skald::api {

/// The text of api/schemas/definition.json, which is built in (api/embed.cmake).
std::string_view definition_schema_resource();

}  // namespace skald::api
