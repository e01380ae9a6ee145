#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sagas/definition.h"
#include "sagas/did_you_mean.h"
#include "sagas/json.h"

namespace skald::sagas {

/// One thing that is wrong with, or doubtful about, a document.
struct Problem {
    std::string code;     ///< Stable, kebab-case: "unknown-field", "cycle", "missing-compensation".
    std::string pointer;  ///< JSON Pointer (RFC 6901) into the document; "" is the whole.
    std::string detail;   ///< What is wrong here.
    std::string hint;     ///< What to do; may be empty.
};

/// What registration makes of a document.
struct Checked {
    std::shared_ptr<const Definition> definition;  ///< Null when there are errors.
    Json filled;  ///< The document with its defaults filled in, as it is stored; null on errors.
    std::vector<Problem> errors;    ///< All of them at once (200 at most), ordered by pointer.
    std::vector<Problem> warnings;  ///< The same; reported where there are errors too.
};

/// Checks a definition as it came from outside (parse_json has seen it already), against every rule
/// of docs/definitions.md. Pure; costs some milliseconds, tens for one of 1 MiB. Errors that follow
/// from another one (a reference to a step whose name is broken) may be left out.
///
/// `name`: what the URL says; the document's own `name`, where present, must be equal. None: the
/// document must have one.
Checked check_definition(const Json& document, const std::optional<std::string>& name);

/// Reads a definition that was stored by us (`Checked::filled`). Decides nothing anew: what is
/// filled in is taken as it stands (a default that is missing, or a field that is unknown, is
/// Corruption), and checks and limits that a later version of this code added don't apply.
/// Errors: Corruption, when it isn't one of ours.
Result<std::shared_ptr<const Definition>> load_definition(const Json& filled);

/// The steps' names in order; `StepIndex` counts in it.
std::vector<std::string> step_names(const Definition& definition);

}  // namespace skald::sagas
