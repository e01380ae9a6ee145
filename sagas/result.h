#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace skald::sagas {

/// Why an operation could not be done: one code for each *different reaction* of the caller.
/// What a participant answers is never an Error but an event of its saga (machine.h).
enum class ErrorCode : std::uint8_t {
    InvalidArgument,  ///< The request itself is wrong: tell the sender where, change nothing.
    NotFound,         ///< No such saga, definition or version.
    AlreadyExists,    ///< The name or id is taken by something else.
    Conflict,         ///< Right in itself, but not in the present state.
    Unavailable,      ///< Nothing is wrong and nothing was done: try again later.
    Corruption,       ///< The durable state can't be trusted or is unknown: stop the process.
};

/// `message` starts with what failed: "commit 17 rows: disk is full".
struct Error {
    ErrorCode code;
    std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::NotFound, "definition order: no such version")`.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace skald::sagas
