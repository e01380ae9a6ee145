#pragma once

#include <string>
#include <string_view>

#include "api/document.h"
#include "engine/rehearsal/rehearsal.h"

namespace skald::api {

/// "sound", "needs-operator" or "unsound".
std::string_view verdict_word(rehearsal::Verdict verdict);

/// "sound: each of 812 schedules ends completed or compensated, with clean ledgers".
std::string verdict_text(const rehearsal::Report& report);

/// "charge: in_doubt" or "undo of charge: compensation_refused".
std::string stuck_text(const rehearsal::Cast& cast, const rehearsal::Stuck& stuck);

/// "reserve, charge, pay/capture, ship/0"; of many elements of one step "ship/0..9", "ship/9..0",
/// or, where they come in no such order, "200 of ship". Empty: none.
std::string steps_text(const rehearsal::Cast& cast, const rehearsal::Spots& spots);

/// The whole report, but for how long it took.
Document rehearsal_document(const rehearsal::Report& report);

}  // namespace skald::api
