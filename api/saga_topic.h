#pragma once

#include <cstdint>
#include <string>

#include "api/document.h"
#include "engine/catalog.h"
#include "sagas/definition.h"
#include "sagas/record.h"
#include "store/store.h"

/// The topic kSagaTopic: the journal of all sagas as CloudEvents. Nothing is stored for it. Its
/// offsets are the journal's positions; those that are left out are of sagas that were deleted.
namespace skald::api {

/// As engine::EventLog::events.
sagas::Result<store::EventPage> saga_events(const store::Reader& reader, engine::Catalog& catalog,
                                            store::Offset after, std::uint32_t limit);
/// 0: there was none ever. Errors: Unavailable, Corruption; so of the next one.
sagas::Result<store::Offset> last_saga_event(const store::Reader& reader);
/// The last one before `at`; 0: there is none.
sagas::Result<store::Offset> saga_event_before(const store::Reader& reader, sagas::Timestamp at);

/// "dev.skald.saga." and what came of it: how the saga ended, else "turned", "stuck", "started", or
/// the type of the record.
std::string saga_event_type(const sagas::Record& record);

/// A row of the journal as a CloudEvent, whose data is that of journal_event.
Document saga_event(const sagas::Definition& definition, const store::SagaRow& saga,
                    store::JournalRow row);

}  // namespace skald::api
