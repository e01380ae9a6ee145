#pragma once

#include "store/store.h"
#include "tests/simulation/history.h"
#include "tests/simulation/process.h"

namespace skald::simulation {

/// A row as the oracle knows it.
JournalRow row_of(const store::JournalRow& row);

/// All journals of the store, as they are now; of those in `known`, only what has come since is
/// read. Errors: as store::Reader.
sagas::Result<Journals> read_journals(const store::Reader& reader, const Journals& known = {});

/// How all sagas stand, what the log holds and what the store counts, into `history`. Errors: as
/// store::Reader.
sagas::Result<void> read_end(Process& process, History& history);

}  // namespace skald::simulation
