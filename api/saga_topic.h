#pragma once

#include <string>

#include "api/document.h"
#include "sagas/definition.h"
#include "sagas/record.h"
#include "store/store.h"

/// The topic kSagaTopic: the journal of all sagas as CloudEvents. Nothing is stored for it.
namespace skald::api {

/// "dev.skald.saga." and what came of it: how the saga ended, else "turned", "stuck", "started", or
/// the type of the record.
std::string saga_event_type(const sagas::Record& record);

/// A row of the journal as a CloudEvent, whose data is that of journal_event.
Document saga_event(const sagas::Definition& definition, const store::SagaRow& saga,
                    store::JournalRow row);

}  // namespace skald::api
