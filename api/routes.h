#pragma once

#include <vector>

#include "api/route.h"
#include "api/services.h"

namespace skald::api {

/// Every operation of this server. Borrows `services`.
std::vector<Route> make_routes(const Services& services);

}  // namespace skald::api
