#pragma once

#include <optional>
#include <string>

#include "api/document.h"
#include "sagas/definition.h"
#include "store/store.h"

/// Events as they are sent (HTML Living Standard, "Server-sent events"): lines of "NAME: VALUE", an
/// empty line at the end.
namespace skald::api {

/// A row of the journal: {saga, definition, version, status, …the members of its history_item}.
/// `saga`: as it is now. Outputs are left out: who wants them reads the history.
Document journal_data(const sagas::Definition& definition, const store::SagaRow& saga,
                      store::JournalRow row);

///     id: POSITION
///     event: TYPE
///     data: what journal_data gives
std::string journal_event(const sagas::Definition& definition, const store::SagaRow& saga,
                          store::JournalRow row);

/// No more will come of this saga: {saga, status}.
std::string end_event(const store::SagaRow& saga);

/// Rows were left out; it goes on behind `position`: {position}.
std::string resync_event(store::Position position);

/// A comment, which tells that the connection is alive; and from which position to resume, where
/// it may have moved without an event.
std::string ping(std::optional<store::Position> position);

/// The step that a row is about, if it is about one.
std::optional<sagas::StepIndex> step_of(const store::JournalRow& row);

}  // namespace skald::api
