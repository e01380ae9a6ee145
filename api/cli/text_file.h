#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "sagas/result.h"

namespace skald::cli {

/// The whole of a file. Errors: NotFound (it can't be read), InvalidArgument (over `bytes_max`);
/// the message starts with `name`.
sagas::Result<std::string> read_text_file(const std::string& name, std::size_t bytes_max);

/// The rest of a stream. Errors: as above.
sagas::Result<std::string> read_text(std::istream& stream, const std::string& name,
                                     std::size_t bytes_max);

}  // namespace skald::cli
