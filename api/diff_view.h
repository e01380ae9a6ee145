#pragma once

#include "api/document.h"
#include "sagas/definition_diff.h"

namespace skald::api {

/// Adds {changes: [{step?, field, pointer, old?, new?}], more_changes?, only_text_differs?,
/// verdict, reasons: [problem]} to `document`.
void add_diff(Document& document, const sagas::DefinitionDiff& diff);

}  // namespace skald::api
