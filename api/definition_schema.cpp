#include "api/definition_schema.h"

#include <string>

#include "api/handlers.h"

namespace skald::api {

Answer get_definition_schema(const Request&) {
    return Reply{200, {}, "application/schema+json", std::string(definition_schema_resource())};
}

}  // namespace skald::api
