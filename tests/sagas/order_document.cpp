#include "tests/sagas/order_document.h"

#include <fstream>
#include <sstream>

namespace skald::sagas {

Json order_document() {
    std::ifstream file(SKALD_TESTDATA "/definitions/order.json");
    std::stringstream text;
    text << file.rdbuf();
    return parse_json(text.str()).value();
}

Json order_with(const std::string& patch) { return order_document().patch(Json::parse(patch)); }

}  // namespace skald::sagas
