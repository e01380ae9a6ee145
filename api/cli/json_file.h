#pragma once

#include <string>

#include "api/cli/console.h"
#include "sagas/json.h"
#include "sagas/result.h"

namespace skald::cli {

/// The JSON in `file`, or on standard input for "-".
/// Errors: NotFound, InvalidArgument; the message starts with the file's name.
sagas::Result<sagas::Json> read_json_file(Console& console, const std::string& file);

/// JSON for a request's body: bytes that are no UTF-8, as a command line may hold, become U+FFFD.
std::string body_text(const sagas::Json& body);

}  // namespace skald::cli
