#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sagas/definition.h"
#include "sagas/lint.h"
#include "sagas/result.h"
#include "sagas/saga.h"

/// What is said of a definition and its children together: what a registration and a start check
/// beyond check_definition, which sees one document.
namespace skald::sagas {

/// Levels of sagas: a parent, its children, and theirs.
inline constexpr std::size_t kChildLevelsMax = 3;

struct KnownDefinition {
    std::shared_ptr<const Definition> definition;
    std::uint32_t version;
};
/// The latest version of the definition of that name. Errors: NotFound, also where it is deleted;
/// any other one is told as it is.
using FindLatest = std::function<Result<KnownDefinition>(std::string_view name)>;

/// What keeps the sagas of `definition` from running with their children as they are now, down to
/// the last level: ordered by pointer, which leads into `definition`; 200 at most. Empty: nothing.
/// Asks `find` for each name once, and never for the name of `definition` itself.
///
/// Codes: "unknown-definition", "child-cycle", "child-depth", "child-lock", "child-pivot",
/// "sensitive-shown"; "internal-error" where `find` fails otherwise.
std::vector<Problem> check_children(const Definition& definition, const FindLatest& find);

/// The versions of all definitions below `definition`.
///
/// Precondition: check_children found nothing, with the same answers of `find`. Errors: those of
/// `find`.
Result<Pins> pin_children(const Definition& definition, const FindLatest& find);

}  // namespace skald::sagas
