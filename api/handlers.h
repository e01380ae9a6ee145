#pragma once

#include "api/route.h"
#include "api/services.h"

/// One function per operation; the table that binds them to methods and paths is routes.cpp.
namespace skald::api {

// definitions.cpp
Answer put_definition(const Services& services, const Request& request);
Answer delete_definition(const Services& services, const Request& request);
Answer lint_definition(const Request& request);
// definitions_read.cpp
Answer get_definition(const Services& services, const Request& request);
Answer get_definition_version(const Services& services, const Request& request);
Answer list_definitions(const Services& services, const Request& request);
// sagas_start.cpp
Answer start_saga(const Services& services, const Request& request);
// sagas_read.cpp
Answer list_sagas(const Services& services, const Request& request);
Answer get_saga(const Services& services, const Request& request);
Answer get_saga_history(const Services& services, const Request& request);
// sagas_cancel.cpp
Answer cancel_saga(const Services& services, const Request& request);
// ops.cpp
Answer get_health(const Request& request);
Answer get_readiness(const Services& services, const Request& request);
Answer get_metrics(const Services& services, const Request& request);
Answer get_index(const Request& request);

}  // namespace skald::api
