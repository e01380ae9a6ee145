#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/document.h"
#include "api/parsed.h"
#include "api/route.h"
#include "sagas/lint.h"
#include "store/store.h"

namespace skald::api {

/// {name, version, created_at, deleted?, definition}
Document definition_document(const store::DefinitionRow& row);
/// The same without `definition`, for lists.
Document definition_item(const store::DefinitionRow& row);
/// [{code, pointer, detail, hint?}]
Document problems_document(const std::vector<sagas::Problem>& problems);

/// The entity tag of a version (RFC 9110, 8.8.3): `"v3"`.
std::string entity_tag(std::uint32_t version);

/// What If-Match or If-None-Match asks for.
struct Precondition {
    enum class Kind : std::uint8_t {
        None,          ///< Nothing.
        MustExist,     ///< If-Match: *
        MustNotExist,  ///< If-None-Match: *
        Version,       ///< If-Match: "v3"; `version` 0: a tag that no version has.
    } kind = Kind::None;
    std::uint32_t version = 0;
};
/// Problems: InvalidRequest when a field is malformed, lists several tags, or both are sent.
Parsed<Precondition> read_precondition(const Request& request);
/// It does not hold of `what` ("definition order"), whose latest version is `latest`; 0: there is
/// none.
Problem version_mismatch(const std::string& what, std::uint32_t latest);
/// Whether it does of something whose latest version is `latest`; 0: there is none.
bool holds_for(const Precondition& precondition, std::uint32_t latest);

/// `[a-z][a-z0-9_-]{0,62}`
bool is_definition_name(std::string_view name);
inline constexpr std::string_view kDefinitionNameRule =
    "must be 1 to 63 lower case letters, digits, \"_\" or \"-\", and start with a letter";

Problem no_such_definition(std::string_view name, std::optional<std::uint32_t> version);

}  // namespace skald::api
