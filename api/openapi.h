#pragma once

#include <string_view>
#include <vector>

#include "api/document.h"
#include "api/route.h"

namespace skald::api {

/// The text of api/openapi/openapi.json, which is built in (api/embed.cmake). By hand stand
/// there: parameters, bodies, answers that are no problems, and what is particular in the example
/// of each problem type. Examples of problems go by the last part of their URN.
std::string_view openapi_resource();

/// The OpenAPI 3.1 document of a server with these routes: the resource, and what only the code
/// knows: the problems that each route answers with, who may call it, the version.
Document make_openapi(const std::vector<Route>& routes, std::string_view version);

}  // namespace skald::api
