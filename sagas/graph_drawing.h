#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sagas/graph.h"

/// What is said in a picture, whatever its language.
namespace skald::sagas {

/// "http://127.0.0.1:9001/reservations", with its expressions.
std::string url_of(const HttpCall& call);

/// The text in a box, line by line, not escaped: control characters are "?", and what is long is
/// cut.
std::vector<std::string> step_lines(const Step& step);
std::vector<std::string> undo_lines(const Step& step);
/// Precondition: there is a lock.
std::vector<std::string> lock_lines(const Definition& definition);

/// Precondition: there are triggers.
std::vector<std::string> trigger_lines(const Definition& definition);

/// The steps that begin a saga, or wait for its lock: those that come after none.
std::vector<StepIndex> first_steps(const Definition& definition);

/// All flows from one place to another. Labels of the saga have no place in a picture.
struct Arrow {
    enum class End : std::uint8_t { StepBox, UndoBox, OutputBox, LockBox };

    std::optional<StepIndex> source;  ///< None: the saga's input.
    std::optional<StepIndex> target;  ///< Of StepBox and UndoBox.
    End end;
    std::string text;  ///< "order_id, items", "$input" for all of it; cut where long.
};
/// A compensation that never runs is left out.
std::vector<Arrow> arrows_of(const DefinitionGraph& graph);

}  // namespace skald::sagas
