#pragma once

#include "engine/event_log.h"
#include "sagas/json.h"
#include "store/store.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// The event log of the store, as it is now; of the topics in `known`, only what has come since is
/// read. Errors: as store::Reader; Corruption: what stands there is no event.
sagas::Result<Log> read_log(const store::Reader& reader, const Log& known = {});

/// The topic "skald.sagas", as it is now. Errors: as read_log.
sagas::Result<std::vector<LogEvent>> read_saga_view(const engine::EventLog& log);

/// As the oracle knows it; its offset is left to the caller. `event` has source, id and type.
LogEvent log_event(std::int64_t at, const sagas::Json& event);

}  // namespace skald::simulation
