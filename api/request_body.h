#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/parsed.h"
#include "api/route.h"
#include "sagas/json.h"

namespace skald::api {

enum class EmptyBody : std::uint8_t { IsRefused, IsEmptyObject };

/// The request's body as one JSON value; of objects, see ObjectReader.
/// Problems: MalformedJson, with the offset or the pointer that sagas::parse_json names.
Parsed<sagas::Json> read_json(const Request& request);

/// The same, and refuses anything but an object. Problems: MalformedJson, InvalidRequest.
Parsed<sagas::Json> read_object(const Request& request, EmptyBody empty);

enum class Presence : std::uint8_t { Required, Optional };

/// Reads the members of a request's object, and gathers everything that is wrong with them, so that
/// the sender hears of all at once.
class ObjectReader {
 public:
    /// Notes each member that is not among `members`, with what was probably meant. Borrows
    /// `object`.
    ObjectReader(const sagas::Json& object, std::initializer_list<std::string_view> members);

    /// Null: absent (noted, where it is required).
    const sagas::Json* member(std::string_view name, Presence presence);
    std::optional<std::string> text(std::string_view name, Presence presence);
    std::optional<std::uint32_t> positive_integer(std::string_view name);

    /// Notes one more thing that is wrong, at the JSON Pointer `pointer`.
    void note(std::string code, std::string pointer, std::string detail, std::string hint);

    /// InvalidRequest with everything that was noted; none: all is well.
    std::optional<Problem> problem() const;

 private:
    void note_unknown(const std::string& name, std::initializer_list<std::string_view> members);

    const sagas::Json& object_;
    std::vector<sagas::Problem> errors_;
};

}  // namespace skald::api
