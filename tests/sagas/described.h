#pragma once

#include <string>
#include <vector>

#include "sagas/machine.h"

/// The machine's types as people read them; for transcripts and golden tables.
namespace skald::sagas {

/// "charge", "items/2"
std::string place_name(const Definition& definition, StepIndex place);
std::string describe(const StepState& state);
/// "call charge action 2", "wake charge action 2 in 200ms"
std::string describe(const Definition& definition, const Effect& effect, Timestamp now);
/// One line: the cause, then what was decided.
std::string describe(const Definition& definition, const Record& record);
std::string describe(const Definition& definition, const std::vector<Effect>& effects,
                     Timestamp now);
/// "reserve action 1 on stock.commands: stock.reserve"
std::string describe(const Definition& definition, const Publication& publication);
/// "reserve action"
std::string describe(const Definition& definition, const Expectation& expectation);
std::string_view to_text(RefusalCode code);

}  // namespace skald::sagas
