#include "api/handlers.h"
#include "api/plan_view.h"
#include "api/saga_reading.h"

namespace skald::api {

Answer get_saga_plan(const Services& services, const Request& request) {
    const std::string& id = request.path.at(0);
    if (!is_saga_id(id)) return no_such_saga(id);
    const auto stored = read_saga(services, id);
    if (!stored && stored.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    if (!stored) return to_problem(stored.error());
    return json_reply(200, plan_document(*stored->version, stored->saga,
                                         look_around(services, *stored->version, stored->saga),
                                         services.clock.now()));
}

}  // namespace skald::api
