#pragma once

#include <memory>
#include <string>

#include "tests/benchmark/operation.h"

/// What the API's threads do for one POST /v1/sagas?wait, without HTTP and without an engine.
namespace skald::benchmark {

/// `saga_reply`: the body for a saga of three steps that completed. `read_start`: from a request's
/// body to what the engine needs. `reply_head`: of such a reply. `start_saga`: the whole handler,
/// with an engine that is done at once. Null: no such name.
std::unique_ptr<Operation> make_api_operation(const std::string& name,
                                              const std::string& definition_json);

}  // namespace skald::benchmark
