#include "tests/sagas/order_document.h"

#include <fstream>
#include <sstream>

namespace skald::sagas {

namespace {

Json written_json(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return parse_json(text.str()).value();
}

}  // namespace

Json order_document() { return written_json(SKALD_TESTDATA "/definitions/order.json"); }
Json tour_document() { return written_json(SKALD_TESTDATA "/definitions/tour.json"); }
Json parcel_document() { return written_json(SKALD_TESTDATA "/definitions/parcel.json"); }

Json order_with(const std::string& patch) { return order_document().patch(Json::parse(patch)); }
Json tour_with(const std::string& patch) { return tour_document().patch(Json::parse(patch)); }
Json parcel_with(const std::string& patch) { return parcel_document().patch(Json::parse(patch)); }

}  // namespace skald::sagas
