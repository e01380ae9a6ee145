#pragma once

#include <string>

#include "sagas/json.h"

namespace skald::sagas {

/// testdata/definitions/order.json: uses nearly everything, and is without fault.
Json order_document();

/// The same, changed by a JSON Patch (RFC 6902).
Json order_with(const std::string& patch);

/// testdata/definitions/tour.json: what waits, repeats or calls other sagas; without fault too.
Json tour_document();
Json tour_with(const std::string& patch);

/// testdata/definitions/parcel.json: what goes by events; without fault too.
Json parcel_document();
Json parcel_with(const std::string& patch);

}  // namespace skald::sagas
